/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

static const float levels[8] = {1, 3, 5, 7, 9, 11, 13, 15};

/* d [2], q [64], high [8], signs [32], scales [4]: a grid entry has eight bits in q and one
 * in `high`; a scale has four bits for each 32 numbers. */
static void block(const unsigned char *in, float *out)
{
    const float d = jc_half_at(in);

    for (int i = 0; i < 64; i++, out += 4) {
        unsigned q = in[2 + i] | (unsigned)(in[66 + i / 8] >> i % 8 & 1) << 8;
        unsigned four = in[106 + i / 16] >> i / 8 % 2 * 4 & 15;
        float scale = d * (float)(1 + 2 * four);
        unsigned signs = (unsigned)(in[74 + i / 2] >> i % 2 * 4);
        jc_iq3_four(jc_grid_iq3_s[q], levels, scale, signs, out);
    }
}

JC_BLOCKS(IQ3_S, 256, 110, 21, block);
