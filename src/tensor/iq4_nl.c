/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

const float jc_iq4_levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                 1,    13,   25,  38,  53,  69,  89,  113};

/* d [2], q [16] */
static void block(const unsigned char *in, float *out)
{
    const float d = jc_half_at(in);
    unsigned char q[32];

    jc_nibbles(in + 2, q);
    for (int i = 0; i < 32; i++)
        out[i] = d * jc_iq4_levels[q[i]];
}

JC_BLOCKS(IQ4_NL, 32, 18, 20, block);
