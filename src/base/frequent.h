/* SPDX-License-Identifier: MIT */
/* frequent.h: which of many things were counted most often. */
#ifndef JC_FREQUENT_H
#define JC_FREQUENT_H

#include "base/base.h"

/* Those of count [n] that are not 0, the largest first, equal ones in their order: ids
 * [*n_ids], at most `most`. */
jc_status jc_most_frequent(const uint64_t *count, size_t n, uint32_t *ids, size_t most,
                           size_t *n_ids, jc_error *err) JC_NODISCARD;

#endif
