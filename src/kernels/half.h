/* SPDX-License-Identifier: MIT */
/* half.h: float16, in which keys and values may be cached. */
#ifndef JC_HALF_H
#define JC_HALF_H

#include <stddef.h>
#include <stdint.h>

/* To the nearest float16, ties to even; too large ones become infinite. */
void jc_half_from(size_t n, const float *x, uint16_t *out);
void jc_half_to(size_t n, const uint16_t *x, float *out);

#endif
