/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* 4 bits of exponent, bias 7, and 3 of mantissa. There is no infinity, so that the exponent
 * goes up to 448; all bits set are NaN. */
static float value(unsigned char x)
{
    uint32_t sign = (uint32_t)(x & 0x80) << 24, exponent = x >> 3 & 15, mantissa = x & 7;

    if ((x & 0x7f) == 0x7f)
        return jc_from_bits(sign | 0x7fc00000u);
    if (exponent == 0)
        return (sign ? -1.0f : 1.0f) * (float)mantissa * 0x1p-9f;
    return jc_from_bits(sign | (exponent + 120) << 23 | mantissa << 20);
}

static void read(const unsigned char *from, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = value(from[i]);
}

const jc_codec jc_codec_F8_E4M3 = {.name = "F8_E4M3",
                                   .values = 1,
                                   .bytes = 1,
                                   .gguf = JC_NOT_GGUF,
                                   .safetensors = true,
                                   .read = read};
