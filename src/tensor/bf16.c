/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

enum { PIECE = 64 }; /* a loop of fixed length becomes vector code */

static void piece(const uint16_t *in, float *out)
{
    for (int i = 0; i < PIECE; i++)
        out[i] = jc_from_bits((uint32_t)in[i] << 16);
}

static void read(const unsigned char *from, size_t n, float *out)
{
    uint16_t in[PIECE] = {0};
    float last[PIECE];

    for (; n >= PIECE; n -= PIECE, from += sizeof in, out += PIECE) {
        memcpy(in, from, sizeof in);
        piece(in, out);
    }
    if (n > 0) {
        memcpy(in, from, n * sizeof *in);
        piece(in, last);
        memcpy(out, last, n * sizeof *last);
    }
}

const jc_codec jc_codec_BF16 = {
    .name = "BF16", .values = 1, .bytes = 2, .gguf = 30, .safetensors = true, .read = read};
