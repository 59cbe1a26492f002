/* SPDX-License-Identifier: MIT */
/* readable.h: names of files in JSON, which holds UTF-8 only. */
#ifndef JC_READABLE_H
#define JC_READABLE_H

#include "base/base.h"

/* A copy of text[0..n) in which each byte that is no part of UTF-8 is written "\xe9".
 * NULL: out of memory. */
char *jc_readable(const char *text, size_t n);

#endif
