/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* d [2], q [32] */
static void block(const unsigned char *in, float *out)
{
    const float d = jc_half_at(in);

    for (int i = 0; i < 32; i++)
        out[i] = d * (float)(signed char)in[2 + i];
}

JC_BLOCKS(Q8_0, 32, 34, 8, block);
