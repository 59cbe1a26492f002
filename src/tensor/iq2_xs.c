/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* d [2], q [32] of 16 bits: nine of a grid entry, seven of signs; scales [8], of four bits
 * for each 16 numbers. */
static void block(const unsigned char *in, float *out)
{
    const float d = jc_half_at(in);

    for (int i = 0; i < 32; i++, out += 8) {
        unsigned q = jc_u16_at(in + 2 + 2 * i), four = in[66 + i / 4] >> i / 2 % 2 * 4 & 15;
        float scale = d * (0.5f + (float)four) * 0.25f;
        jc_iq2_eight(jc_grid_iq2_xs[q & 511], scale, jc_iq_signs(q >> 9), out);
    }
}

JC_BLOCKS(IQ2_XS, 256, 74, 17, block);
