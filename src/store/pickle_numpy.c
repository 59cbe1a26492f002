/* SPDX-License-Identifier: MIT */
/*
 * pickle_numpy.c: arrays of numpy in pickles. An array is made without numbers and then
 * given its state: shape, type, order of its axes, and bytes. Protocol 5 makes it of a
 * buffer at once. Before protocol 3 a pickle had no bytes: each is a character of a text.
 */
#include "store/pickle_impl.h"

#include <string.h>

static bool says(const jc_pickle_value *v, const char *text)
{
    return v && v->kind == JC_PICKLE_TEXT && v->size == strlen(text) &&
           memcmp(v->text, text, v->size) == 0;
}

/* ---- types ---- */

/* dtype('f4', ...) */
jc_status jc_pickle_numpy_type(jc_pickle *p, const jc_pickle_value *args, jc_error *err)
{
    static const struct {
        const char *name;
        jc_dtype dtype;
    } types[] = {{"f2", JC_F16}, {"f4", JC_F32}, {"f8", JC_F64},
                 {"i1", JC_I8},  {"i2", JC_I16}, {"i4", JC_I32},
                 {"i8", JC_I64}, {"u1", JC_U8},  {"b1", JC_BOOL}};
    const jc_pickle_value *name = jc_pickle_member(p, args, 0);

    for (size_t i = 0; i < JC_COUNT(types); i++)
        if (says(name, types[i].name))
            return jc_pickle_push(
                p, (jc_pickle_value){.kind = JC_PICKLE_TYPE, .dtype = types[i].dtype}, err);
    bool text = name && name->kind == JC_PICKLE_TEXT;
    return jc_fail(err, JC_E_UNSUPPORTED,
                   "cannot read '%s': an array of numpy has the type '%.*s', which is not "
                   "read; save it as float32",
                   p->path, text ? (int)(name->size < 20 ? name->size : 20) : 1,
                   text ? (const char *)name->text : "?");
}

/* (version, '<', ...) */
static jc_status build_type(jc_pickle *p, const jc_pickle_value *state, jc_error *err)
{
    const jc_pickle_value *order = jc_pickle_member(p, state, 1);

    if (says(order, "<") || says(order, "|") || says(order, "="))
        return JC_OK;
    return jc_fail(err, JC_E_UNSUPPORTED,
                   "cannot read '%s': the numbers of an array of numpy have their largest "
                   "byte first; save it as '<f4'",
                   p->path);
}

/* ---- bytes ---- */

/* encode(text, 'latin1'): a byte for each character of the text. */
jc_status jc_pickle_numpy_bytes(jc_pickle *p, const jc_pickle_value *args, jc_error *err)
{
    const jc_pickle_value *text = jc_pickle_member(p, args, 0);
    size_t n = 0;

    if (!text || text->kind != JC_PICKLE_TEXT ||
        !says(jc_pickle_member(p, args, 1), "latin1"))
        return jc_pickle_broken(p, "encodes something else than bytes", err);
    if (text->size > p->room) /* a text that is there once is encoded once */
        return jc_pickle_broken(p, "encodes more text than it has", err);
    p->room -= text->size;
    if (!jc_grow(&p->own, &p->own_capacity, p->n_own + 1, sizeof(unsigned char *)))
        return jc_fail_nomem(err, "a pickle");
    unsigned char *out = jc_alloc_array(text->size + 1, 1);
    if (!out)
        return jc_fail_nomem(err, "a pickle");
    p->own[p->n_own++] = out;
    for (size_t i = 0; i < text->size; i++) {
        unsigned char c = text->text[i];
        bool two = (c == 0xc2 || c == 0xc3) && i + 1 < text->size;
        if (c >= 0x80 && (!two || (text->text[i + 1] & 0xc0) != 0x80))
            return jc_pickle_broken(p, "encodes characters that are no bytes", err);
        if (two)
            c = (unsigned char)(c << 6 | (text->text[++i] & 0x3f));
        out[n++] = c;
    }
    return jc_pickle_push(
        p, (jc_pickle_value){.kind = JC_PICKLE_TEXT, .text = out, .size = n}, err);
}

/* ---- arrays ---- */

/* _reconstruct(ndarray, (0,), b'b') */
jc_status jc_pickle_numpy_empty(jc_pickle *p, const jc_pickle_value *args, jc_error *err)
{
    (void)args;
    return jc_pickle_push(p, (jc_pickle_value){.kind = JC_PICKLE_ARRAY}, err);
}

/* A tensor without its storage, and the storage. */
static jc_status describe(const jc_pickle *p, const jc_pickle_value *shape,
                          const jc_pickle_value *type, const jc_pickle_value *bytes,
                          bool columns, jc_pickle_value *tensor, jc_pickle_value *storage,
                          jc_error *err)
{
    uint64_t count = 1;

    if (!shape || shape->kind != JC_PICKLE_LIST || shape->n > JC_TENSOR_DIMS || !type ||
        type->kind != JC_PICKLE_TYPE || !bytes || bytes->kind != JC_PICKLE_TEXT)
        return jc_pickle_broken(p, "describes no array of at most 4 dimensions", err);
    *tensor =
        (jc_pickle_value){.kind = JC_PICKLE_TENSOR, .dtype = type->dtype, .dims = shape->n};
    for (uint32_t i = 0; i < shape->n; i++) {
        uint32_t k = columns ? i : shape->n - 1 - i; /* the nearest neighbours first */
        const jc_pickle_value *n = jc_pickle_member(p, shape, k);
        if (n->kind != JC_PICKLE_INT || n->number < 0 ||
            (n->number && count > bytes->size / (uint64_t)n->number))
            return jc_pickle_broken(p, "describes an array larger than its bytes", err);
        tensor->shape[k] = (uint64_t)n->number;
        tensor->stride[k] = count;
        count *= (uint64_t)n->number;
    }
    *storage = (jc_pickle_value){.kind = JC_PICKLE_STORAGE,
                                 .dtype = type->dtype,
                                 .data = bytes->text,
                                 .count = count};
    return count * jc_dtype_bytes(type->dtype) == bytes->size
               ? JC_OK
               : jc_pickle_broken(p, "has an array whose bytes do not fill its shape", err);
}

/* A value that is no longer on the stack, by its number. */
static jc_status keep(jc_pickle *p, jc_pickle_value value, uint32_t *at, jc_error *err)
{
    jc_status st = jc_pickle_push(p, value, err);

    if (st == JC_OK)
        *at = p->stack[--p->depth];
    return st;
}

/* _frombuffer(bytes, type, shape, 'C') */
jc_status jc_pickle_numpy_whole(jc_pickle *p, const jc_pickle_value *args, jc_error *err)
{
    const jc_pickle_value *order = jc_pickle_member(p, args, 3);
    jc_pickle_value tensor = {.kind = JC_PICKLE_NONE}, storage = {.kind = JC_PICKLE_NONE};

    if (!says(order, "C") && !says(order, "F"))
        return jc_pickle_broken(p, "has an array of another order than C or F", err);
    jc_status st =
        describe(p, jc_pickle_member(p, args, 2), jc_pickle_member(p, args, 1),
                 jc_pickle_member(p, args, 0), says(order, "F"), &tensor, &storage, err);
    if (st == JC_OK)
        st = keep(p, storage, &tensor.storage, err);
    return st ? st : jc_pickle_push(p, tensor, err);
}

/* (version, shape, type, whether by columns, bytes) */
static jc_status build_array(jc_pickle *p, uint32_t array, const jc_pickle_value *state,
                             jc_error *err)
{
    const jc_pickle_value *columns = jc_pickle_member(p, state, 3);
    jc_pickle_value tensor = {.kind = JC_PICKLE_NONE}, storage = {.kind = JC_PICKLE_NONE};

    if (!columns || columns->kind != JC_PICKLE_INT)
        return jc_pickle_broken(p, "has an array of an unknown order", err);
    jc_status st = describe(p, jc_pickle_member(p, state, 1), jc_pickle_member(p, state, 2),
                            jc_pickle_member(p, state, 4), columns->number != 0, &tensor,
                            &storage, err);
    if (st == JC_OK)
        st = keep(p, storage, &tensor.storage, err);
    if (st == JC_OK)
        p->value[array] = tensor;
    return st;
}

jc_status jc_pickle_numpy_build(jc_pickle *p, uint32_t value, uint32_t state, jc_error *err)
{
    if (p->value[state].kind != JC_PICKLE_LIST)
        return jc_pickle_broken(p, "gives numpy no state", err);
    return p->value[value].kind == JC_PICKLE_TYPE
               ? build_type(p, &p->value[state], err)
               : build_array(p, value, &p->value[state], err);
}
