/* SPDX-License-Identifier: MIT */
/* k.c: what Q4_K and Q5_K share. */
#include "tensor/bits.h"

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
void jc_k_groups(const unsigned char *in, const unsigned char *bits, const unsigned char *q,
                 float *out)
{
    const float d = jc_half_at(in), m = jc_half_at(in + 2);

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
