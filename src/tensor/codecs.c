/* SPDX-License-Identifier: MIT */
/* codecs.c: the table of stored types. */
#include <string.h>

#include "base/file.h"
#include "tensor/tensor.h"

#define JC_X(name) extern const jc_codec jc_codec_##name;
JC_CODEC_LIST(JC_X)
#undef JC_X

static const jc_codec *const table[] = {
#define JC_X(name) &jc_codec_##name,
    JC_CODEC_LIST(JC_X)
#undef JC_X
};

const jc_codec *jc_codec_of(jc_dtype dtype)
{
    return table[dtype];
}

bool jc_dtype_find(const char *name, jc_dtype *dtype)
{
    for (size_t i = 0; i < JC_COUNT(table); i++)
        if (table[i]->safetensors && strcmp(table[i]->name, name) == 0) {
            *dtype = (jc_dtype)i;
            return true;
        }
    return false;
}

bool jc_dtype_find_gguf(uint32_t number, jc_dtype *dtype)
{
    for (size_t i = 0; i < JC_COUNT(table); i++)
        if (table[i]->gguf >= 0 && (uint32_t)table[i]->gguf == number) {
            *dtype = (jc_dtype)i;
            return true;
        }
    return false;
}

const char *jc_dtype_name(jc_dtype dtype)
{
    return table[dtype]->name;
}

size_t jc_dtype_bytes(jc_dtype dtype)
{
    return table[dtype]->bytes;
}

size_t jc_dtype_block(jc_dtype dtype)
{
    return table[dtype]->values;
}

bool jc_dtype_real(jc_dtype dtype)
{
    return table[dtype]->read != NULL;
}

void jc_tensor_release(const jc_tensor *tensor)
{
    if (!tensor->copied)
        jc_map_release(tensor->data, tensor->bytes);
}

void jc_tensor_release_some(const jc_tensor *tensor, size_t first, size_t n)
{
    size_t values = jc_dtype_block(tensor->dtype), bytes = jc_dtype_bytes(tensor->dtype);

    if (!tensor->copied && !tensor->packing)
        jc_map_release(tensor->data + first / values * bytes, n / values * bytes);
}
