/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* Half of an E4M3 number without a sign; zero for what is none. */
static float half_of(unsigned char x)
{
    int exponent = x >> 3 & 15;
    float mantissa = (float)(x & 7);

    if (x == 0 || x == 0x7f)
        return 0;
    if (exponent == 0)
        return mantissa * 0x1p-9f * 0.5f;
    return (1 + mantissa / 8) * jc_from_bits((uint32_t)(exponent + 120) << 23) * 0.5f;
}

/* scales [4], q [32]: sixteen numbers a scale, the low halves of eight bytes before the
 * high. */
static void block(const unsigned char *in, float *out)
{
    for (int run = 0; run < 4; run++) {
        const float d = half_of(in[run]);
        for (int i = 0; i < 16; i++)
            *out++ = d * jc_e2m1_doubled[in[4 + run * 8 + i % 8] >> i / 8 * 4 & 15];
    }
}

JC_BLOCKS(NVFP4, 64, 36, 40, block);
