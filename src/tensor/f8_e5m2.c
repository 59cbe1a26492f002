/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* The upper half of a float16. */
static void read(const unsigned char *from, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = jc_from_f16((uint16_t)(from[i] << 8));
}

const jc_codec jc_codec_F8_E5M2 = {.name = "F8_E5M2",
                                   .values = 1,
                                   .bytes = 1,
                                   .gguf = JC_NOT_GGUF,
                                   .safetensors = true,
                                   .read = read};
