/* SPDX-License-Identifier: MIT */
/*
 * spill.h: large arrays that need not all be in memory at once. Above a limit they lie in
 * files without a name, in TMPDIR or /tmp, which are mapped: when an array's pages are
 * given back, the file keeps what they hold. Where no such file can be made, as when the
 * disk is full, an array is ordinary memory.
 */
#ifndef JC_SPILL_H
#define JC_SPILL_H

#include "base/base.h"

/* How many bytes of these arrays the process keeps in ordinary memory, at first all; those
 * of less than `least` bytes are left alone, there and in the count. */
void jc_spill_limit(size_t bytes, size_t least);

/* Zeroed, 64-byte aligned; NULL when memory is short. */
void *jc_spill_new(size_t bytes) JC_NODISCARD;
void jc_spill_free(void *p); /* takes NULL, and what jc_alloc() and its kin gave */

/* p will not be touched soon: where it lies in a file its pages are given back. */
void jc_spill_rest(const void *p);
/* Whether some arrays lie in files now; a signal handler may ask. */
bool jc_spill_any(void);

#endif
