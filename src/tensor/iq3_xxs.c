/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

static const float levels[8] = {4, 12, 20, 28, 36, 44, 52, 62};

/* d [2], q [64], then for each 32 numbers 32 bits as in IQ2_XXS. */
static void block(const unsigned char *in, float *out)
{
    const float d = jc_half_at(in);

    for (int group = 0; group < 8; group++) {
        uint32_t rest = jc_u32_at(in + 66 + 4 * group);
        float scale = d * (0.5f + (float)(rest >> 28)) * 0.5f;
        for (int i = 0; i < 8; i++, out += 4) {
            unsigned signs = jc_iq_signs(rest >> i / 2 * 7 & 127) >> i % 2 * 4;
            jc_iq3_four(jc_grid_iq3_xxs[in[2 + group * 8 + i]], levels, scale, signs, out);
        }
    }
}

JC_BLOCKS(IQ3_XXS, 256, 98, 18, block);
