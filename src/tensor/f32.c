/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

static void read(const unsigned char *from, size_t n, float *out)
{
    memcpy(out, from, n * sizeof *out);
}

const jc_codec jc_codec_F32 = {
    .name = "F32", .values = 1, .bytes = 4, .gguf = 0, .safetensors = true, .read = read};
