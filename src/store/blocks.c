/* SPDX-License-Identifier: MIT */
/*
 * blocks.c: GGUF's block types to float32: a block holds 32 or 256 small whole numbers, and
 * scales that they are multiplied by, float16 or 6 to 8 bits times a float16.
 *
 * Each value is computed with the roundings of the format's reference, so that it is the
 * same to the last bit: no product may be fused with a sum (CMakeLists.txt sees to it).
 */
#include "store/blocks.h"

enum { LONGEST = 256 }; /* numbers in a block */

static float half_at(const unsigned char *p)
{
    return jc_from_f16((uint16_t)(p[0] | p[1] << 8));
}

/* ---- 32 numbers: d, perhaps m, perhaps a fifth bit of each, then the numbers ---- */

/* d [2], q [32] */
static void q8_0(const unsigned char *in, float *out)
{
    const float d = half_at(in);

    for (int i = 0; i < 32; i++)
        out[i] = d * (float)(signed char)in[2 + i];
}

/* The low halves of 16 bytes are the first 16 numbers, the high halves the others. */
static void nibbles(const unsigned char *in, unsigned char *q)
{
    for (int i = 0; i < 16; i++) {
        q[i] = in[i] & 15;
        q[16 + i] = in[i] >> 4;
    }
}

/* Bit i of the 32 at `in` is bit 4 of number i. */
static void fifth_bits(const unsigned char *in, unsigned char *q)
{
    for (int i = 0; i < 32; i++)
        q[i] |= (unsigned char)((in[i / 8] >> i % 8 & 1) << 4);
}

static void around(float d, int zero, const unsigned char *q, float *out)
{
    for (int i = 0; i < 32; i++)
        out[i] = d * (float)(q[i] - zero);
}

static void from_least(float d, float least, const unsigned char *q, float *out)
{
    for (int i = 0; i < 32; i++)
        out[i] = d * (float)q[i] + least;
}

/* d [2], q [16] */
static void q4_0(const unsigned char *in, float *out)
{
    unsigned char q[32];

    nibbles(in + 2, q);
    around(half_at(in), 8, q, out);
}

/* d [2], m [2], q [16] */
static void q4_1(const unsigned char *in, float *out)
{
    unsigned char q[32];

    nibbles(in + 4, q);
    from_least(half_at(in), half_at(in + 2), q, out);
}

/* d [2], bits [4], q [16] */
static void q5_0(const unsigned char *in, float *out)
{
    unsigned char q[32];

    nibbles(in + 6, q);
    fifth_bits(in + 2, q);
    around(half_at(in), 16, q, out);
}

/* d [2], m [2], bits [4], q [16] */
static void q5_1(const unsigned char *in, float *out)
{
    unsigned char q[32];

    nibbles(in + 8, q);
    fifth_bits(in + 4, q);
    from_least(half_at(in), half_at(in + 2), q, out);
}

/* ---- 256 numbers: groups of 32 or 16, each with a scale of its own ---- */

/* Scale and least value of group g < 8, 6 bits each, in 12 bytes: the first four groups'
 * lie in bytes 0 to 3 and 4 to 7, the others' low halves in bytes 8 to 11 and their two
 * high bits above those of the first. */
static void scale_6(const unsigned char *in, int g, float *scale, float *least)
{
    if (g < 4) {
        *scale = (float)(in[g] & 63);
        *least = (float)(in[4 + g] & 63);
    } else {
        *scale = (float)((in[4 + g] & 15) | (in[g - 4] >> 6) << 4);
        *least = (float)(in[4 + g] >> 4 | (in[g] >> 6) << 4);
    }
}

/* Groups 2k and 2k + 1 are the low and the high halves of 32 bytes at q + 32 k. `bits`
 * (NULL: none) has a fifth bit: bit g of byte i is that of number i of group g. */
static void k_groups(const unsigned char *in, const unsigned char *bits,
                     const unsigned char *q, float *out)
{
    const float d = half_at(in), m = half_at(in + 2);

    for (int g = 0; g < 8; g++, out += 32) {
        float scale, least;
        int values[32];
        const unsigned char *from = q + g / 2 * 32;
        scale_6(in + 4, g, &scale, &least);
        scale *= d;
        least *= m;
        for (int i = 0; i < 32; i++)
            values[i] = from[i] >> g % 2 * 4 & 15;
        for (int i = 0; bits && i < 32; i++)
            values[i] |= (bits[i] >> g & 1) << 4;
        for (int i = 0; i < 32; i++)
            out[i] = scale * (float)values[i] - least;
    }
}

/* d [2], m [2], scales [12], q [128] */
static void q4_k(const unsigned char *in, float *out)
{
    k_groups(in, NULL, in + 16, out);
}

/* d [2], m [2], scales [12], bits [32], q [128] */
static void q5_k(const unsigned char *in, float *out)
{
    k_groups(in, in + 16, in + 48, out);
}

/* q [128], bits [64], scales [16] (signed), d [2]. Of each half of the block, runs of 32:
 * 0 and 1 are the low halves of 64 bytes of q, 2 and 3 their high halves, and two further
 * bits of number i of run r are at 2 r of byte i of `bits`. */
static void q6_k(const unsigned char *in, float *out)
{
    const float d = half_at(in + 208);

    for (int run = 0; run < 8; run++, out += 32) {
        int half = run / 4, r = run % 4;
        const unsigned char *low = in + half * 64 + r % 2 * 32;
        const unsigned char *high = in + 128 + half * 32;
        const unsigned char *scale = in + 192 + run * 2;
        for (int i = 0; i < 32; i++) {
            int value = (low[i] >> r / 2 * 4 & 15) | (high[i] >> 2 * r & 3) << 4;
            out[i] = d * (float)(signed char)scale[i / 16] * (float)(value - 32);
        }
    }
}

static const struct {
    jc_dtype dtype;
    void (*read)(const unsigned char *in, float *out); /* one block */
} rows[] = {
    {JC_Q8_0, q8_0}, {JC_Q4_0, q4_0}, {JC_Q4_1, q4_1}, {JC_Q5_0, q5_0},
    {JC_Q5_1, q5_1}, {JC_Q4_K, q4_k}, {JC_Q5_K, q5_k}, {JC_Q6_K, q6_k},
};

void jc_blocks_read(jc_dtype dtype, const unsigned char *data, size_t first, size_t n,
                    float *out)
{
    size_t bytes = jc_dtype_bytes(dtype), block = jc_dtype_block(dtype), row = 0;
    float part[LONGEST];

    while (row + 1 < JC_COUNT(rows) && rows[row].dtype != dtype)
        row++;
    for (const unsigned char *in = data + first / block * bytes; n > 0; in += bytes) {
        size_t skip = first % block, count = block - skip < n ? block - skip : n;
        if (count == block) {
            rows[row].read(in, out);
        } else { /* the first or the last */
            rows[row].read(in, part);
            memcpy(out, part + skip, count * sizeof *out);
        }
        first += count;
        out += count;
        n -= count;
    }
}
