/* SPDX-License-Identifier: MIT */
/* near_gather.h: rows of a batch for the sums of maps from several taps. */
#ifndef JC_NEAR_GATHER_H
#define JC_NEAR_GATHER_H

#include "stats/batch.h"
#include "stats/near.h"

typedef struct jc_near_pass jc_near_pass;

/* For the groups of stats, which are borrowed. Tells the batch what it must keep; `had`
 * taps inside blocks are wanted of it already, `inner`, and those that these maps take
 * follow them. */
jc_status jc_near_pass_new(jc_near_pass **out, jc_stats *stats, jc_batch *batch,
                           const jc_backend *backend, const jc_tap *inner, size_t had,
                           jc_error *err) JC_NODISCARD;
void jc_near_pass_free(jc_near_pass *pass); /* takes NULL */
/* Rows first .. first + n of the batch. */
jc_status jc_near_pass_add(jc_near_pass *pass, size_t first, size_t n,
                           jc_error *err) JC_NODISCARD;
/* jc_gram_cut(), and jc_gram_only_frame() for what follows. */
jc_status jc_near_pass_cut(jc_near_pass *pass, bool only_frame, jc_error *err) JC_NODISCARD;

#endif
