/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* scales [16], q [64], d [2], m [2]. Runs of 16: run r has its scale in the low half of
 * byte r, its least value in the high half. Of each half of the block, run pair k is bits 2
 * k of 32 bytes of q. */
static void block(const unsigned char *in, float *out)
{
    const float d = jc_half_at(in + 80), m = jc_half_at(in + 82);

    for (int run = 0; run < 16; run++) {
        const float scale = d * (float)(in[run] & 15), least = m * (float)(in[run] >> 4);
        const unsigned char *q = in + 16 + run / 8 * 32 + run % 2 * 16;
        for (int i = 0; i < 16; i++)
            *out++ = scale * (float)(q[i] >> run % 8 / 2 * 2 & 3) - least;
    }
}

JC_BLOCKS(Q2_K, 256, 84, 10, block);
