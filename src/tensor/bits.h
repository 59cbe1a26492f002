/* SPDX-License-Identifier: MIT */
/*
 * bits.h: what the codecs of this room are made of.
 *
 * Files are little-endian and so are the machines we build for. A tensor may start at any
 * byte, so numbers are copied out. No product may be fused with a sum (CMakeLists.txt sees
 * to it), so that each value is that of the format's reference to the last bit.
 */
#ifndef JC_BITS_H
#define JC_BITS_H

#include <string.h>

#include "tensor/tensor.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "jumpcut reads little-endian files as they are"
#endif

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

static inline uint16_t jc_u16_at(const unsigned char *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t jc_u32_at(const unsigned char *p)
{
    return (uint32_t)jc_u16_at(p) | (uint32_t)jc_u16_at(p + 2) << 16;
}

static inline float jc_half_at(const unsigned char *p)
{
    return jc_from_f16(jc_u16_at(p));
}

/* A codec of blocks: `block` reads one of them. */
#define JC_BLOCKS(id, n_values, n_bytes, number, block)                                    \
    static void read_##block(const unsigned char *blocks, size_t n, float *out)            \
    {                                                                                      \
        for (; n > 0; n--, blocks += (n_bytes), out += (n_values))                         \
            block(blocks, out);                                                            \
    }                                                                                      \
    const jc_codec jc_codec_##id = {.name = #id,                                           \
                                    .values = (n_values),                                  \
                                    .bytes = (n_bytes),                                    \
                                    .gguf = (number),                                      \
                                    .read = read_##block}

/* ---- 32 numbers: the low halves of 16 bytes are the first 16, the high halves the rest
 * ---- */

static inline void jc_nibbles(const unsigned char *in, unsigned char *q)
{
    for (int i = 0; i < 16; i++) {
        q[i] = in[i] & 15;
        q[16 + i] = in[i] >> 4;
    }
}

/* Bit i of the 32 at `in` is bit 4 of number i. */
static inline void jc_fifth_bits(const unsigned char *in, unsigned char *q)
{
    for (int i = 0; i < 32; i++)
        q[i] |= (unsigned char)((in[i / 8] >> i % 8 & 1) << 4);
}

static inline void jc_around(float d, int zero, const unsigned char *q, float *out)
{
    for (int i = 0; i < 32; i++)
        out[i] = d * (float)(q[i] - zero);
}

static inline void jc_from_least(float d, float least, const unsigned char *q, float *out)
{
    for (int i = 0; i < 32; i++)
        out[i] = d * (float)q[i] + least;
}

/* ---- shared by some codecs of 256 numbers ---- */

/* k.c: eight groups of 32, of Q4_K and Q5_K; `bits` (NULL: none) has a fifth bit. */
void jc_k_groups(const unsigned char *in, const unsigned char *bits, const unsigned char *q,
                 float *out);

/* grids.c: vectors of small numbers, of which the IQ types store the number of one. */
extern const uint16_t jc_grid_iq1[2048], jc_grid_iq2_xxs[256], jc_grid_iq2_xs[512],
    jc_grid_iq2_s[1024], jc_grid_iq3_xxs[256], jc_grid_iq3_s[512];

/* iq.c. Eight numbers of grid entry `entry`, times `scale`, with the signs of bits. */
void jc_iq2_eight(uint16_t entry, float scale, unsigned signs, float *out);
/* Four numbers, of levels level[8]. */
void jc_iq3_four(uint16_t entry, const float level[8], float scale, unsigned signs,
                 float *out);
/* Seven bits of signs, and an eighth so that an even number of them is set. */
unsigned jc_iq_signs(unsigned seven);

/* f8_e4m3.c, of which f8_s.c has blocks. */
extern const jc_codec jc_codec_F8_E4M3;
/* iq4_nl.c: the sixteen levels of IQ4_NL and IQ4_XS. */
extern const float jc_iq4_levels[16];
/* mxfp4.c: the sixteen numbers of E2M1, doubled. */
extern const float jc_e2m1_doubled[16];

#endif
