/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* Eight numbers -1, 0, 1 of a grid entry, moved by an eighth. */
static void eight(unsigned entry, float scale, bool down, float *out)
{
    const float by = down ? -0.125f : 0.125f;

    for (int i = 0; i < 8; i++)
        out[i] = scale * ((float)(jc_grid_iq1[entry] >> 2 * i & 3) - 1 + by);
}

/* q [32], high [16], scales [8]. Of each four bits of `high`, three belong to a grid entry
 * and the fourth says which way it is moved. The scales are four times 16 bits: four times
 * three of a scale for 16 numbers, and four of a float16 that all are multiplied by. */
static void block(const unsigned char *in, float *out)
{
    uint16_t half = 0;

    for (int i = 0; i < 4; i++)
        half = (uint16_t)(half | (jc_u16_at(in + 48 + 2 * i) >> 12) << 4 * i);
    const float d = jc_from_f16(half);
    for (int i = 0; i < 32; i++, out += 8) {
        unsigned four = in[32 + i / 2] >> i % 2 * 4 & 15, run = (unsigned)i / 2;
        unsigned three = jc_u16_at(in + 48 + run / 4 * 2) >> run % 4 * 3 & 7;
        eight(in[i] | (four & 7) << 8, d * (float)(2 * three + 1), four >> 3, out);
    }
}

JC_BLOCKS(IQ1_M, 256, 56, 29, block);
