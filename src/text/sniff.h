/* SPDX-License-Identifier: MIT */
/* sniff.h: files that are not UTF-8 text, recognised by their first bytes. */
#ifndef JC_SNIFF_H
#define JC_SNIFF_H

#include "base/base.h"

/* E_FORMAT where a file that begins with data[0..n) is something else: UTF-16, Parquet, an
 * archive. The message says what, and what to do. `path` is for messages. */
jc_status jc_sniff(const char *data, size_t n, const char *path,
                   jc_error *err) JC_NODISCARD;

#endif
