/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* d [2], high [2], low [4], q [128]: groups of 32, each with a scale of six bits, of which
 * four are in `low` and two in `high`. */
static void block(const unsigned char *in, float *out)
{
    const float d = jc_half_at(in);
    unsigned char q[32];

    for (int g = 0; g < 8; g++, out += 32) {
        int low = in[4 + g / 2] >> g % 2 * 4 & 15, high = jc_u16_at(in + 2) >> 2 * g & 3;
        float scale = d * (float)((low | high << 4) - 32);
        jc_nibbles(in + 8 + 16 * g, q);
        for (int i = 0; i < 32; i++)
            out[i] = scale * jc_iq4_levels[q[i]];
    }
}

JC_BLOCKS(IQ4_XS, 256, 136, 23, block);
