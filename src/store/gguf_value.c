/* SPDX-License-Identifier: MIT */
/* gguf_value.c: what a key of a GGUF file holds. */
#include "store/gguf.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    size_t bytes;
} types[] = {
#define JC_X(id, name, bytes) {name, bytes},
    JC_GGUF_TYPE_LIST(JC_X)
#undef JC_X
};

const char *jc_gguf_type_name(jc_gguf_type type)
{
    return types[type].name;
}

size_t jc_gguf_type_bytes(jc_gguf_type type)
{
    return types[type].bytes;
}

static uint64_t whole(const unsigned char *at, size_t bytes)
{
    uint64_t x = 0;

    for (size_t i = bytes; i-- > 0;)
        x = x << 8 | at[i];
    return x;
}

double jc_gguf_number(const jc_gguf_value *value, size_t i)
{
    const size_t bytes = jc_gguf_type_bytes(value->type);
    const unsigned char *at = value->data + i * bytes;
    uint64_t x = whole(at, bytes);
    float f32;
    double f64;

    assert(i < value->n);
    switch (value->type) {
    case JC_GGUF_I8:
        return (double)(int8_t)x;
    case JC_GGUF_I16:
        return (double)(int16_t)x;
    case JC_GGUF_I32:
        return (double)(int32_t)x;
    case JC_GGUF_I64:
        return (double)(int64_t)x;
    case JC_GGUF_F32:
        memcpy(&f32, at, sizeof f32);
        return (double)f32;
    case JC_GGUF_F64:
        memcpy(&f64, at, sizeof f64);
        return f64;
    case JC_GGUF_U8:
    case JC_GGUF_U16:
    case JC_GGUF_U32:
    case JC_GGUF_U64:
    case JC_GGUF_BOOL:
    case JC_GGUF_TEXT:
    case JC_GGUF_ARRAY:
        break;
    }
    return (double)x;
}

jc_gguf_text jc_gguf_next(const jc_gguf_value *value, size_t *at)
{
    jc_gguf_text text = {(const char *)value->data + *at + 8,
                         (size_t)whole(value->data + *at, 8)};

    *at += 8 + text.n;
    return text;
}

static jc_status not_a(const jc_gguf *file, const char *key, const char *what,
                       jc_error *err)
{
    bool has = jc_gguf_get(file, key) != NULL;

    return jc_fail(err, JC_E_FORMAT, "cannot read '%s' of '%s': it is %s%s", key,
                   jc_gguf_path(file), has ? "not " : "missing", has ? what : "");
}

static const jc_gguf_value *single(const jc_gguf *file, const char *key)
{
    const jc_gguf_value *value = jc_gguf_get(file, key);

    return value && !value->array ? value : NULL;
}

jc_status jc_gguf_u32(const jc_gguf *file, const char *key, uint32_t *out, jc_error *err)
{
    const jc_gguf_value *value = single(file, key);
    bool number = value && value->type != JC_GGUF_TEXT && value->type != JC_GGUF_BOOL;
    double x = number ? jc_gguf_number(value, 0) : -1;

    if (!(x >= 0 && x <= UINT32_MAX && x == floor(x)))
        return not_a(file, key, "a whole number from 0 to 4294967295", err);
    *out = (uint32_t)x;
    return JC_OK;
}

jc_status jc_gguf_bool(const jc_gguf *file, const char *key, bool *out, jc_error *err)
{
    const jc_gguf_value *value = single(file, key);

    if (!value || value->type != JC_GGUF_BOOL)
        return not_a(file, key, "a boolean", err);
    *out = value->data[0] != 0;
    return JC_OK;
}

jc_status jc_gguf_text_of(const jc_gguf *file, const char *key, jc_gguf_text *out,
                          jc_error *err)
{
    const jc_gguf_value *value = single(file, key);
    size_t at = 0;

    if (!value || value->type != JC_GGUF_TEXT)
        return not_a(file, key, "text", err);
    *out = jc_gguf_next(value, &at);
    return JC_OK;
}

jc_status jc_gguf_list(const jc_gguf *file, const char *key, bool texts,
                       const jc_gguf_value **out, jc_error *err)
{
    const jc_gguf_value *value = jc_gguf_get(file, key);

    if (!value || !value->array || (value->type == JC_GGUF_TEXT) != texts)
        return not_a(file, key, texts ? "a list of texts" : "a list of numbers", err);
    *out = value;
    return JC_OK;
}
