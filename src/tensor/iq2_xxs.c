/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* d [2], then for each 32 numbers: four numbers of grid entries [4], and 32 bits: four
 * times seven of signs, and a scale of four. */
static void block(const unsigned char *in, float *out)
{
    const float d = jc_half_at(in);

    in += 2;
    for (int group = 0; group < 8; group++, in += 8) {
        uint32_t rest = jc_u32_at(in + 4);
        float scale = d * (0.5f + (float)(rest >> 28)) * 0.25f;
        for (int i = 0; i < 4; i++, out += 8)
            jc_iq2_eight(jc_grid_iq2_xxs[in[i]], scale, jc_iq_signs(rest >> 7 * i & 127),
                         out);
    }
}

JC_BLOCKS(IQ2_XXS, 256, 66, 16, block);
