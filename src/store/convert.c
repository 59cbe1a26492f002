/* SPDX-License-Identifier: MIT */
/*
 * convert.c: stored numbers to float32, exact wherever float32 can hold them.
 *
 * Files are little-endian and so are the machines we build for. A tensor may start at any
 * byte, so elements are copied out; blocks of a fixed length let the compiler use vectors.
 */
#include "store/blocks.h"

#include <assert.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "jumpcut reads little-endian files as they are"
#endif

#define BLOCK 64

static void f16_block(const uint16_t *in, float *out)
{
    for (int i = 0; i < BLOCK; i++)
        out[i] = jc_from_f16(in[i]);
}

static void bf16_block(const uint16_t *in, float *out)
{
    for (int i = 0; i < BLOCK; i++)
        out[i] = jc_from_bits((uint32_t)in[i] << 16);
}

static void f64_block(const double *in, float *out)
{
    for (int i = 0; i < BLOCK; i++)
        out[i] = (float)in[i];
}

/* n numbers of 16 bits at `from`, which need not be aligned */
static void read_16(const unsigned char *from, size_t n, float *out,
                    void (*block)(const uint16_t *in, float *out))
{
    uint16_t in[BLOCK] = {0};
    float last[BLOCK];

    for (; n >= BLOCK; n -= BLOCK, from += sizeof in, out += BLOCK) {
        memcpy(in, from, sizeof in);
        block(in, out);
    }
    if (n > 0) {
        memcpy(in, from, n * sizeof *in);
        block(in, last);
        memcpy(out, last, n * sizeof *last);
    }
}

static void read_f64(const unsigned char *from, size_t n, float *out)
{
    double in[BLOCK] = {0};
    float last[BLOCK];

    for (; n >= BLOCK; n -= BLOCK, from += sizeof in, out += BLOCK) {
        memcpy(in, from, sizeof in);
        f64_block(in, out);
    }
    if (n > 0) {
        memcpy(in, from, n * sizeof *in);
        f64_block(in, last);
        memcpy(out, last, n * sizeof *last);
    }
}

void jc_tensor_read(const jc_tensor *tensor, size_t first, size_t n, float *out)
{
    assert(jc_dtype_real(tensor->dtype));
    assert(first <= tensor->count && n <= tensor->count - first);
    if (jc_dtype_block(tensor->dtype) > 1) {
        jc_blocks_read(tensor->dtype, tensor->data, first, n, out);
        return;
    }
    const unsigned char *from = tensor->data + first * jc_dtype_bytes(tensor->dtype);

    if (tensor->dtype == JC_F16)
        read_16(from, n, out, f16_block);
    else if (tensor->dtype == JC_BF16)
        read_16(from, n, out, bf16_block);
    else if (tensor->dtype == JC_F64)
        read_f64(from, n, out);
    else if (n > 0)
        memcpy(out, from, n * sizeof *out);
}
