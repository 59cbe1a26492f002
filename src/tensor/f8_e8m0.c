/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* A power of two, 2^(x - 127), for scales; 255 is NaN. */
static void read(const unsigned char *from, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = from[i] == 255 ? jc_from_bits(0x7fc00000u)
                 : from[i] == 0 ? 0x1p-127f
                                : jc_from_bits((uint32_t)from[i] << 23);
}

const jc_codec jc_codec_F8_E8M0 = {.name = "F8_E8M0",
                                   .values = 1,
                                   .bytes = 1,
                                   .gguf = JC_NOT_GGUF,
                                   .safetensors = true,
                                   .read = read};
