/* SPDX-License-Identifier: MIT */
/*
 * relax.h: JSON as Python's json module writes and reads it, rewritten as JSON that a
 * strict parser takes.
 *
 * What is rewritten: NaN becomes what the caller says; Infinity and numbers beyond the
 * largest double become the largest double; an integer beyond 64 bits becomes a real; half
 * of a surrogate pair becomes U+FFFD, as does a NUL in a name; a byte order mark is left
 * out. All else stays as it is, mistakes too, so that the parser finds them on the same
 * line.
 */
#ifndef JC_RELAX_H
#define JC_RELAX_H

#include "base/base.h"

/* `nan` is JSON for a NaN, such as "null". *out is NULL where nothing had to be rewritten;
 * otherwise [*out_n], jc_free(). False when memory is short. */
bool jc_json_relax(const char *text, size_t n, const char *nan, char **out,
                   size_t *out_n) JC_NODISCARD;

#endif
