/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* Scale of run r < 16, 6 bits: the low four are halves of bytes 0 to 7, the high two lie in
 * bytes 8 to 11. */
static int scale_of(const unsigned char *in, int r)
{
    int low = in[r % 8] >> r / 8 * 4 & 15, high = in[8 + r % 4] >> r / 4 * 2 & 3;

    return (low | high << 4) - 32;
}

/* bits [32], q [64], scales [12], d [2]. Runs of 16, laid out as in Q2_K. Bit k of byte i
 * of `bits` is that of number i of group k of 32: where it is not set, 4 is taken away. */
static void block(const unsigned char *in, float *out)
{
    const float d = jc_half_at(in + 108);

    for (int run = 0; run < 16; run++) {
        const float scale = d * (float)scale_of(in + 96, run);
        const unsigned char *q = in + 32 + run / 8 * 32 + run % 2 * 16;
        const unsigned char *bits = in + run % 2 * 16;
        for (int i = 0; i < 16; i++) {
            int low = q[i] >> run % 8 / 2 * 2 & 3, high = bits[i] >> run / 2 & 1;
            *out++ = scale * (float)(low - (high ? 0 : 4));
        }
    }
}

JC_BLOCKS(Q3_K, 256, 110, 11, block);
