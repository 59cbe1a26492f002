/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* d [4], a float, q [32] in E4M3. No file has it: weights in E4M3 whose scales are a tensor
 * of their own are put into it (store/pack_fp8.c). */
static void block(const unsigned char *in, float *out)
{
    const float d = jc_from_bits(jc_u32_at(in));

    jc_codec_F8_E4M3.read(in + 4, 32, out);
    for (int i = 0; i < 32; i++)
        out[i] *= d;
}

JC_BLOCKS(F8_S, 32, 36, JC_NOT_GGUF, block);
