/* SPDX-License-Identifier: MIT */
/*
 * lanes.h: vectors of the instruction set that the including file is compiled for: a vf
 * holds LANES floats; a wf holds 16 floats and a wi 16 int32, in one register or in
 * several.
 */
#ifndef JC_FEW_LANES_H
#define JC_FEW_LANES_H

#include <stdint.h>
#include <string.h>

#define INLINE       static inline __attribute__((always_inline))
#define NOINLINE     __attribute__((noinline))
#define PRAGMA(text) _Pragma(#text)
#if (defined(__AVX2__) || defined(__aarch64__)) && !defined(__SANITIZE_ADDRESS__)
#define UNROLL(n) PRAGMA(GCC unroll n) /* so that arrays of vectors become registers */
#else
#define UNROLL(n)
#endif

enum { TOUCH = 1 << 16 }; /* how far ahead the addresses of pages are looked up */

/* 16 rows of bytes, `stride` apart, of which each fourth has its address here. */
typedef struct rows16 {
    const unsigned char *fourth[4];
    size_t stride;
} rows16;

INLINE const unsigned char *row_at(rows16 row, int i)
{
    return row.fourth[i / 4] + row.stride * (size_t)(i % 4);
}

INLINE float float_of_bits(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

#if defined(__AVX512VNNI__)
#include "kernels/few/lanes_v4.h"
#elif defined(__AVX2__)
#include "kernels/few/lanes_v3.h"
#elif defined(__aarch64__)
#include "kernels/few/lanes_neon.h"
#else
#include "kernels/few/lanes_base.h"
#endif

#if !defined(__AVX512VNNI__)
/* Bits 4 g to 4 g + 3 of each lane become bit 4 of the four bytes of w. */
INLINE wi wi_fifth(wi w, wi bits, int g)
{
    wi fifth = wi_mul(wi_and(wi_right(bits, 4 * (unsigned)g), 15), 0x00204081);

    return wi_or(w, wi_left(wi_and(fifth, 0x01010101), 4));
}
INLINE void columns_32(rows16 row, size_t at, wi out[8])
{
    columns(row, at, out);
    columns(row, at + 16, out + 4);
}
#endif

INLINE uint32_t bits_at(const unsigned char *p)
{
    uint32_t x;

    memcpy(&x, p, sizeof x);
    return x;
}

INLINE void prefetch(const void *p)
{
    __builtin_prefetch(p, 0, 3);
}

#endif
