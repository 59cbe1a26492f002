/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* q [64], d [2]: of each 32 bytes, first all lowest bits, two at a time, less one. */
static void block(const unsigned char *in, float *out)
{
    const float d = jc_half_at(in + 64);

    for (int run = 0; run < 8; run++)
        for (int i = 0; i < 32; i++)
            *out++ = d * (float)((in[run / 4 * 32 + i] >> run % 4 * 2 & 3) - 1);
}

JC_BLOCKS(TQ2_0, 256, 66, 35, block);
