/* SPDX-License-Identifier: MIT */
/* blocks.h: bits to float32, for the files of this room that convert. */
#ifndef JC_BLOCKS_H
#define JC_BLOCKS_H

#include <string.h>

#include "store/store.h"

static inline float jc_from_bits(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* IEEE binary16 has 5 exponent bits of bias 15; float32 has 8 of bias 127. Masks, not
 * branches, so that the loop over it becomes vector code. */
static inline float jc_from_f16(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    int32_t rest = half & 0x7fff;
    uint32_t subnormal = 0u - (uint32_t)(rest < 0x0400);
    uint32_t special = 0u - (uint32_t)(rest >= 0x7c00); /* infinity and NaN */
    uint32_t shifted = (uint32_t)rest << 13;
    float tiny = (float)rest * 0x1p-24f; /* exact for a subnormal */
    uint32_t tiny_bits;

    memcpy(&tiny_bits, &tiny, sizeof tiny_bits);
    uint32_t normal = shifted + ((127u - 15u) << 23);
    uint32_t bits = (tiny_bits & subnormal) | (normal & ~subnormal);
    return jc_from_bits(bits | (special & 0x7f800000u) | sign);
}

/* Numbers [first, first + n) of a tensor in blocks at `data`. */
void jc_blocks_read(jc_dtype dtype, const unsigned char *data, size_t first, size_t n,
                    float *out);

#endif
