/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* Digit `k` of base 3 of a byte that holds five as a fraction of 256, less one. */
static float digit(unsigned char byte, int k)
{
    static const unsigned char powers[5] = {1, 3, 9, 27, 81};
    unsigned char shifted = (unsigned char)(byte * powers[k]);

    return (float)((shifted * 3 >> 8) - 1);
}

/* q [48], last [4], d [2]: first all first digits of 32 bytes, then all second ones, ...;
 * then the same of 16 bytes, and four digits of each of the last 4. */
static void block(const unsigned char *in, float *out)
{
    static const struct {
        int first, bytes, digits;
    } parts[] = {{0, 32, 5}, {32, 16, 5}, {48, 4, 4}};
    const float d = jc_half_at(in + 52);

    for (size_t p = 0; p < JC_COUNT(parts); p++)
        for (int k = 0; k < parts[p].digits; k++)
            for (int i = 0; i < parts[p].bytes; i++)
                *out++ = d * digit(in[parts[p].first + i], k);
}

JC_BLOCKS(TQ1_0, 256, 54, 34, block);
