/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* Eight numbers -1, 0, 1 of a grid entry, moved by an eighth. */
static void eight(unsigned entry, float scale, bool down, float *out)
{
    const float by = down ? -0.125f : 0.125f;

    for (int i = 0; i < 8; i++)
        out[i] = scale * ((float)(jc_grid_iq1[entry] >> 2 * i & 3) - 1 + by);
}

/* d [2], q [32], then 16 bits for each 32 numbers: four times three further bits of a grid
 * entry, a scale of three, and which way all are moved. */
static void block(const unsigned char *in, float *out)
{
    const float d = jc_half_at(in);

    for (int i = 0; i < 32; i++, out += 8) {
        unsigned high = jc_u16_at(in + 34 + i / 4 * 2);
        unsigned entry = in[2 + i] | (high >> i % 4 * 3 & 7) << 8;
        eight(entry, d * (float)(2 * (high >> 12 & 7) + 1), high >> 15, out);
    }
}

JC_BLOCKS(IQ1_S, 256, 50, 19, block);
