/* SPDX-License-Identifier: MIT */
/* read.c: any part of a tensor to float32. */
#include <assert.h>
#include <string.h>

#include "tensor/tensor.h"

const char *jc_tensor_type(const jc_tensor *tensor)
{
    return tensor->type ? tensor->type : jc_dtype_name(tensor->dtype);
}

/* Numbers [skip, skip + n) of the block at `in`. */
static void read_part(const jc_codec *codec, const unsigned char *in, size_t skip, size_t n,
                      float *out)
{
    float block[JC_CODEC_LONGEST];

    codec->read(in, 1, block);
    memcpy(out, block + skip, n * sizeof *out);
}

/* Rectangles of a row that elements [first, first + n) are in. */
static void scale(const jc_scales *s, size_t first, size_t n, float *out)
{
    size_t across = (s->width + s->columns - 1) / s->columns;

    for (size_t i = 0; i < n;) {
        size_t row = (first + i) / s->width, column = (first + i) % s->width;
        size_t end = (column / s->columns + 1) * s->columns;
        size_t count = (end < s->width ? end : s->width) - column;
        float x = s->x[row / s->rows * across + column / s->columns];
        count = count < n - i ? count : n - i;
        for (size_t k = 0; k < count; k++)
            out[i + k] *= x;
        i += count;
    }
}

static void read_blocks(const jc_tensor *tensor, size_t first, size_t n, float *out)
{
    const jc_codec *codec = jc_codec_of(tensor->dtype);
    const unsigned char *in = tensor->data + first / codec->values * codec->bytes;
    size_t skip = first % codec->values;

    if (skip > 0) {
        size_t count = codec->values - skip < n ? codec->values - skip : n;
        read_part(codec, in, skip, count, out);
        in += codec->bytes;
        out += count;
        n -= count;
    }
    size_t whole = n / codec->values;
    if (whole > 0)
        codec->read(in, whole, out);
    if (n % codec->values > 0)
        read_part(codec, in + whole * codec->bytes, 0, n % codec->values,
                  out + whole * codec->values);
}

void jc_tensor_read(const jc_tensor *tensor, size_t first, size_t n, float *out)
{
    assert(jc_dtype_real(tensor->dtype));
    assert(first <= tensor->count && n <= tensor->count - first);
    if (n == 0)
        return;
    read_blocks(tensor, first, n, out);
    if (tensor->scales)
        scale(tensor->scales, first, n, out);
}
