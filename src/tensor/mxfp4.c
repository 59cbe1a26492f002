/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

const float jc_e2m1_doubled[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

/* Half of 2^(e - 127), which is subnormal where e is below 2. */
static float half_of(unsigned char e)
{
    return jc_from_bits(e < 2 ? 0x00200000u << e : (uint32_t)(e - 1) << 23);
}

/* e [1], q [16] */
static void block(const unsigned char *in, float *out)
{
    const float d = half_of(in[0]);
    unsigned char q[32];

    jc_nibbles(in + 1, q);
    for (int i = 0; i < 32; i++)
        out[i] = d * jc_e2m1_doubled[q[i]];
}

JC_BLOCKS(MXFP4, 32, 17, 39, block);
