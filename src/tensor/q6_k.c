/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* q [128], bits [64], scales [16] (signed), d [2]. Of each half of the block, runs of 32:
 * 0 and 1 are the low halves of 64 bytes of q, 2 and 3 their high halves, and two further
 * bits of number i of run r are at 2 r of byte i of `bits`. */
static void block(const unsigned char *in, float *out)
{
    const float d = jc_half_at(in + 208);

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

JC_BLOCKS(Q6_K, 256, 210, 14, block);
