/* SPDX-License-Identifier: MIT */
/* read.c: any part of a tensor to float32. */
#include <assert.h>
#include <string.h>

#include "tensor/tensor.h"

const char *jc_tensor_type(const jc_tensor *tensor)
{
    return tensor->type ? tensor->type : jc_dtype_name(tensor->dtype);
}

bool jc_tensor_real(const jc_tensor *tensor)
{
    return tensor->packing || jc_dtype_real(tensor->dtype);
}

/* Numbers [skip, skip + n) of the block at `in`. */
static void read_part(const jc_codec *codec, const unsigned char *in, size_t skip, size_t n,
                      float *out)
{
    float block[JC_CODEC_LONGEST];

    codec->read(in, 1, block);
    memcpy(out, block + skip, n * sizeof *out);
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

/* Numbers of rows whose columns lie in another order: all blocks of a row are read. */
static void read_ordered(const jc_tensor *tensor, size_t first, size_t n, float *out)
{
    const jc_codec *codec = jc_codec_of(tensor->dtype);
    const size_t width = tensor->shape[1], blocks = width / codec->values;
    float block[JC_CODEC_LONGEST];

    while (n > 0) {
        size_t row = first / width, column = first % width;
        size_t count = width - column < n ? width - column : n;
        const unsigned char *in = tensor->data + row * blocks * codec->bytes;
        for (size_t k = 0; k < width; k++) {
            size_t to = tensor->order[k] - column; /* of others it is large */
            if (k % codec->values == 0)
                codec->read(in + k / codec->values * codec->bytes, 1, block);
            if (to < count)
                out[to] = block[k % codec->values];
        }
        first += count;
        out += count;
        n -= count;
    }
}

void jc_tensor_read(const jc_tensor *tensor, size_t first, size_t n, float *out)
{
    assert(jc_tensor_real(tensor));
    assert(first <= tensor->count && n <= tensor->count - first);
    if (n == 0)
        return;
    if (tensor->packing)
        tensor->packing->read(tensor->packing, tensor->first + first, n, out);
    else if (tensor->order)
        read_ordered(tensor, first, n, out);
    else
        read_blocks(tensor, first, n, out);
}
