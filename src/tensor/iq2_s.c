/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* d [2], q [32], signs [32], high [8], scales [8]: a grid entry has eight bits in q and two
 * in `high`; scales as in IQ2_XS. */
static void block(const unsigned char *in, float *out)
{
    const float d = jc_half_at(in);

    for (int i = 0; i < 32; i++, out += 8) {
        unsigned q = in[2 + i] | (unsigned)(in[66 + i / 4] >> i % 4 * 2 & 3) << 8;
        unsigned four = in[74 + i / 4] >> i / 2 % 2 * 4 & 15;
        float scale = d * (0.5f + (float)four) * 0.25f;
        jc_iq2_eight(jc_grid_iq2_s[q], scale, in[34 + i], out);
    }
}

JC_BLOCKS(IQ2_S, 256, 82, 22, block);
