/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

static void read(const unsigned char *from, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) {
        double x;
        memcpy(&x, from + i * sizeof x, sizeof x);
        out[i] = (float)x;
    }
}

const jc_codec jc_codec_F64 = {
    .name = "F64", .values = 1, .bytes = 8, .gguf = 28, .safetensors = true, .read = read};
