/* SPDX-License-Identifier: MIT */
/*
 * gguf.c: reading one GGUF file: "GGUF", a version, two counts, metadata, descriptions of
 * tensors, and then, aligned, their bytes. All numbers are little-endian.
 *
 * Every count and length is checked against the bytes that are left before memory is taken
 * for it, so what a file can make us allocate is bounded by its size.
 */
#include "store/gguf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "store/store_impl.h"

#define MAGIC "GGUF"
#define SHORT "the file is cut short, or damaged"

enum {
    ALIGNMENT = 32,      /* of tensors, where no key says otherwise */
    SMALLEST_VALUE = 13, /* bytes of an entry: the length of its key, its type, a value */
    SMALLEST_TENSOR = 24 /* the same of a tensor without dimensions */
};

struct jc_gguf {
    jc_mapped map; /* zeroed when the bytes are borrowed */
    char *path;
    uint32_t version;
    jc_gguf_value *values;     /* [n_values] in order of key; keys are owned */
    jc_tensor *tensors;        /* [count]; names are owned */
    const jc_tensor **by_name; /* [count] */
    size_t n_values, count;
};

static jc_status cut_short(const jc_gguf *file, const char *what, jc_error *err)
{
    return jc_fail(err, JC_E_FORMAT, "cannot read '%s': it ends within %s", file->path,
                   what);
}

/* A name: a length and bytes that can be shown in a line. *out is owned. */
static jc_status read_name(const jc_gguf *file, jc_cursor *c, const char *what, char **out,
                           jc_error *err)
{
    const unsigned char *bytes;
    uint64_t n;

    *out = NULL;
    if (!jc_cursor_u64(c, &n))
        return cut_short(file, what, err);
    if (!jc_cursor_bytes(c, n, &bytes))
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': %s has a name of %" PRIu64
                       " bytes, and %zu are left: " SHORT,
                       file->path, what, n, c->size - c->at);
    if (n == 0)
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': %s has an empty name",
                       file->path, what);
    for (size_t i = 0; i < (size_t)n; i++)
        if (bytes[i] < ' ' || bytes[i] == 127)
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read '%s': %s has a control character in its name",
                           file->path, what);
    *out = jc_alloc((size_t)n + 1);
    if (!*out)
        return jc_fail_nomem(err, file->path);
    memcpy(*out, bytes, (size_t)n);
    (*out)[n] = 0;
    return JC_OK;
}

/* ---- metadata ---- */

static jc_status bad_value(const jc_gguf *file, const char *key, const char *why,
                           jc_error *err)
{
    return jc_fail(err, JC_E_FORMAT, "cannot read '%s' of '%s': %s", key, file->path, why);
}

/* Step over n elements and keep where they begin. */
static jc_status skip_elements(const jc_gguf *file, jc_cursor *c, jc_gguf_value *v,
                               uint64_t n, jc_error *err)
{
    const unsigned char *bytes;
    uint64_t left = c->size - c->at, size = jc_gguf_type_bytes(v->type), length;

    v->data = c->data + c->at;
    v->n = (size_t)n;
    if (n > left / (size ? size : 8)) /* a text has a length at least */
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s' of '%s': %" PRIu64
                       " elements do not fit in the %" PRIu64 " bytes left: " SHORT,
                       v->key, file->path, n, left);
    if (size)
        return jc_cursor_bytes(c, n * size, &bytes) ? JC_OK
                                                    : cut_short(file, "metadata", err);
    for (uint64_t i = 0; i < n; i++) {
        if (!jc_cursor_u64(c, &length))
            return bad_value(file, v->key, "the file ends within it", err);
        if (!jc_cursor_bytes(c, length, &bytes))
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read '%s' of '%s': a text of %" PRIu64
                           " bytes does not fit in the %zu bytes left: " SHORT,
                           v->key, file->path, length, c->size - c->at);
    }
    return JC_OK;
}

static jc_status check_bools(const jc_gguf *file, const jc_gguf_value *v, jc_error *err)
{
    for (size_t i = 0; v->type == JC_GGUF_BOOL && i < v->n; i++)
        if (v->data[i] > 1)
            return bad_value(file, v->key, "a boolean is neither 0 nor 1", err);
    return JC_OK;
}

static jc_status read_type(const jc_gguf *file, jc_cursor *c, jc_gguf_value *v,
                           jc_error *err)
{
    uint32_t type;

    if (!jc_cursor_u32(c, &type))
        return bad_value(file, v->key, "the file ends within it", err);
    if (type > JC_GGUF_F64)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "cannot read '%s' of '%s': a value of type %" PRIu32 " is not known",
                       v->key, file->path, type);
    v->type = (jc_gguf_type)type;
    return JC_OK;
}

static jc_status read_value(const jc_gguf *file, jc_cursor *c, jc_gguf_value *v,
                            jc_error *err)
{
    uint64_t n = 1;
    char *key;
    jc_status st = read_name(file, c, "a key", &key, err);

    v->key = key;
    if (st == JC_OK)
        st = read_type(file, c, v, err);
    if (st)
        return st;
    if (v->type == JC_GGUF_ARRAY) {
        v->array = true;
        st = read_type(file, c, v, err);
        if (st)
            return st;
        if (v->type == JC_GGUF_ARRAY)
            return jc_fail(err, JC_E_UNSUPPORTED,
                           "cannot read '%s' of '%s': arrays of arrays are not supported",
                           v->key, file->path);
        if (!jc_cursor_u64(c, &n))
            return bad_value(file, v->key, "the file ends within it", err);
    }
    st = skip_elements(file, c, v, n, err);
    return st ? st : check_bools(file, v, err);
}

static int by_key(const void *a, const void *b)
{
    const jc_gguf_value *x = a, *y = b;

    return strcmp(x->key, y->key);
}

static jc_status read_values(jc_gguf *file, jc_cursor *c, uint64_t n, jc_error *err)
{
    if (n > (c->size - c->at) / SMALLEST_VALUE)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': %" PRIu64
                       " keys do not fit in the %zu bytes left: " SHORT,
                       file->path, n, c->size - c->at);
    file->values = jc_alloc_array((size_t)n, sizeof *file->values);
    if (!file->values)
        return jc_fail_nomem(err, file->path);
    for (uint64_t i = 0; i < n; i++) {
        jc_status st = read_value(file, c, &file->values[file->n_values++], err);
        if (st)
            return st;
    }
    qsort(file->values, file->n_values, sizeof *file->values, by_key);
    for (size_t i = 1; i < file->n_values; i++)
        if (strcmp(file->values[i - 1].key, file->values[i].key) == 0)
            return bad_value(file, file->values[i].key, "the key is there twice", err);
    return JC_OK;
}

/* ---- tensors ---- */

static jc_status bad(const jc_tensor *t, const char *why, jc_error *err)
{
    return jc_fail(err, JC_E_FORMAT, "cannot read tensor '%s' of '%s': %s", t->name,
                   t->file, why);
}

/* The file has the innermost dimension first. */
static jc_status read_shape(jc_tensor *t, jc_cursor *c, jc_error *err)
{
    uint32_t n;

    if (!jc_cursor_u32(c, &n))
        return bad(t, "the file ends within its shape", err);
    if (n > JC_TENSOR_DIMS)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "cannot read tensor '%s' of '%s': it has %" PRIu32
                       " dimensions, at most %d are supported",
                       t->name, t->file, n, JC_TENSOR_DIMS);
    t->n_dims = n;
    t->count = 1;
    for (size_t i = 0; i < JC_TENSOR_DIMS; i++)
        t->shape[i] = 1;
    for (uint32_t i = n; i-- > 0;) {
        uint64_t size;
        if (!jc_cursor_u64(c, &size))
            return bad(t, "the file ends within its shape", err);
        t->shape[i] = (size_t)size;
        if (size == 0)
            return bad(t, "its shape has a zero", err);
        if (!jc_mul(t->count, t->shape[i], &t->count))
            return bad(t, "its shape is too large", err);
    }
    return JC_OK;
}

/* A type that is not read: the size of its data is not known, and no one may need it. */
static jc_status other_type(jc_tensor *t, uint32_t number, jc_error *err)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRIu32 " of GGUF", number);
    t->dtype = JC_OTHER;
    t->type = jc_strdup(text);
    return t->type ? JC_OK : jc_fail_nomem(err, t->file);
}

static jc_status read_dtype(jc_tensor *t, jc_cursor *c, jc_error *err)
{
    uint32_t number;

    if (!jc_cursor_u32(c, &number))
        return bad(t, "the file ends within its description", err);
    if (!jc_dtype_find_gguf(number, &t->dtype))
        return other_type(t, number, err);
    size_t block = jc_dtype_block(t->dtype), row = t->n_dims ? t->shape[t->n_dims - 1] : 1;
    if (row % block)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read tensor '%s' of '%s': a row of %zu is not made of %s "
                       "blocks of %zu",
                       t->name, t->file, row, jc_dtype_name(t->dtype), block);
    if (!jc_mul(t->count / block, jc_dtype_bytes(t->dtype), &t->bytes))
        return bad(t, "its shape is too large", err);
    return JC_OK;
}

/* Offsets count from where the data begins, which is known after the last description:
 * until then they are kept in offsets[]. */
static jc_status read_tensor(const jc_gguf *file, jc_cursor *c, jc_tensor *t,
                             uint64_t *offset, jc_error *err)
{
    char *name;
    jc_status st = read_name(file, c, "a tensor", &name, err);

    t->name = name;
    t->file = file->path;
    if (st == JC_OK)
        st = read_shape(t, c, err);
    if (st == JC_OK)
        st = read_dtype(t, c, err);
    if (st == JC_OK && !jc_cursor_u64(c, offset))
        st = bad(t, "the file ends within its description", err);
    return st;
}

static jc_status place_tensor(jc_tensor *t, const jc_cursor *c, size_t start,
                              uint64_t offset, uint32_t alignment, jc_error *err)
{
    uint64_t room = c->size > start ? c->size - start : 0;

    if (offset % alignment)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read tensor '%s' of '%s': its offset %" PRIu64
                       " is not a multiple of %" PRIu32,
                       t->name, t->file, offset, alignment);
    if (offset > room || t->bytes > room - offset)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': it is cut short: tensor '%s' has %zu bytes from "
                       "offset %" PRIu64 " on, and the data %" PRIu64 "; download it again",
                       t->file, t->name, t->bytes, offset, room);
    t->data = t->bytes ? c->data + start + (size_t)offset : c->data;
    return JC_OK;
}

static jc_status read_alignment(const jc_gguf *file, uint32_t *alignment, jc_error *err)
{
    static const char key[] = "general.alignment";

    *alignment = ALIGNMENT;
    if (!jc_gguf_get(file, key))
        return JC_OK;
    jc_status st = jc_gguf_u32(file, key, alignment, err);
    if (st == JC_OK && (*alignment == 0 || *alignment & (*alignment - 1)))
        st = bad_value(file, key, "it is not a power of two", err);
    return st;
}

static jc_status index_tensors(jc_gguf *file, jc_error *err)
{
    for (size_t i = 0; i < file->count; i++)
        file->by_name[i] = &file->tensors[i];
    jc_tensors_sort(file->by_name, file->count);
    for (size_t i = 1; i < file->count; i++)
        if (strcmp(file->by_name[i - 1]->name, file->by_name[i]->name) == 0)
            return bad(file->by_name[i], "it is there twice", err);
    return JC_OK;
}

static jc_status read_tensors(jc_gguf *file, jc_cursor *c, uint64_t n, jc_error *err)
{
    uint32_t alignment;
    jc_status st = read_alignment(file, &alignment, err);

    if (st)
        return st;
    if (n > (c->size - c->at) / SMALLEST_TENSOR)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': %" PRIu64
                       " tensors do not fit in the %zu bytes left: " SHORT,
                       file->path, n, c->size - c->at);
    uint64_t *offsets = jc_alloc_array((size_t)n, sizeof *offsets);
    file->tensors = jc_alloc_array((size_t)n, sizeof *file->tensors);
    file->by_name = jc_alloc_array((size_t)n, sizeof(const jc_tensor *));
    if (!offsets || !file->tensors || !file->by_name)
        st = jc_fail_nomem(err, file->path);
    for (uint64_t i = 0; i < n && st == JC_OK; i++) {
        st = read_tensor(file, c, &file->tensors[i], &offsets[i], err);
        file->count++;
    }
    size_t past = c->at % alignment, start = c->at + (past ? alignment - past : 0);
    for (size_t i = 0; i < file->count && st == JC_OK; i++)
        st = place_tensor(&file->tensors[i], c, start, offsets[i], alignment, err);
    jc_free(offsets);
    return st ? st : index_tensors(file, err);
}

/* ---- the file ---- */

static jc_status parse(jc_gguf *file, const unsigned char *data, size_t size,
                       const char *path, jc_error *err)
{
    jc_cursor c = {.data = data, .size = size};
    const unsigned char *magic;
    uint64_t n_tensors, n_values;

    file->path = jc_strdup(path);
    if (!file->path)
        return jc_fail_nomem(err, path);
    if (!jc_cursor_bytes(&c, 4, &magic) || memcmp(magic, MAGIC, 4) != 0)
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': it is not a GGUF file", path);
    if (!jc_cursor_u32(&c, &file->version))
        return cut_short(file, "its header", err);
    if (file->version != 2 && file->version != 3)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "cannot read '%s': version %" PRIu32
                       " of GGUF is not supported, only 2 and 3%s",
                       path, file->version,
                       file->version & 0xffff ? "" : " (it may be of big-endian order)");
    if (!jc_cursor_u64(&c, &n_tensors) || !jc_cursor_u64(&c, &n_values))
        return cut_short(file, "its header", err);
    jc_status st = read_values(file, &c, n_values, err);
    return st ? st : read_tensors(file, &c, n_tensors, err);
}

static jc_status give(jc_gguf **out, jc_gguf *file, jc_status st)
{
    if (st)
        jc_gguf_close(file);
    else
        *out = file;
    return st;
}

jc_status jc_gguf_parse(jc_gguf **out, const unsigned char *data, size_t size,
                        const char *path, jc_error *err)
{
    jc_gguf *file = jc_alloc_array(1, sizeof *file);

    *out = NULL;
    if (!file)
        return jc_fail_nomem(err, path);
    return give(out, file, parse(file, data, size, path, err));
}

jc_status jc_gguf_open(jc_gguf **out, const char *path, jc_error *err)
{
    jc_gguf *file = jc_alloc_array(1, sizeof *file);

    *out = NULL;
    if (!file)
        return jc_fail_nomem(err, path);
    jc_status st = jc_map_open(&file->map, path, err);
    if (st == JC_OK)
        st = parse(file, file->map.data, file->map.size, path, err);
    return give(out, file, st);
}

/* Free a name, or NULL, that was given away as const. */
static void free_name(const char *name)
{
    char *own;

    memcpy(&own, &name, sizeof own);
    jc_free(own);
}

void jc_gguf_close(jc_gguf *file)
{
    if (!file)
        return;
    for (size_t i = 0; i < file->n_values; i++)
        free_name(file->values[i].key);
    for (size_t i = 0; i < file->count; i++) {
        free_name(file->tensors[i].name);
        free_name(file->tensors[i].type);
    }
    jc_free(file->values);
    jc_free(file->tensors);
    jc_free(file->by_name);
    jc_free(file->path);
    jc_map_close(&file->map);
    jc_free(file);
}

bool jc_gguf_is(const char *path)
{
    char magic[4];
    FILE *f = jc_file_exists(path) ? fopen(path, "rb") : NULL;
    bool is = f && fread(magic, 1, 4, f) == 4 && memcmp(magic, MAGIC, 4) == 0;

    if (f)
        fclose(f);
    return is;
}

const char *jc_gguf_path(const jc_gguf *file)
{
    return file->path;
}

uint32_t jc_gguf_version(const jc_gguf *file)
{
    return file->version;
}

size_t jc_gguf_count(const jc_gguf *file)
{
    return file->count;
}

const jc_tensor *jc_gguf_at(const jc_gguf *file, size_t i)
{
    return i < file->count ? file->by_name[i] : NULL;
}

const jc_tensor *jc_gguf_find(const jc_gguf *file, const char *name)
{
    return jc_tensors_find(file->by_name, file->count, name);
}

size_t jc_gguf_value_count(const jc_gguf *file)
{
    return file->n_values;
}

const jc_gguf_value *jc_gguf_value_at(const jc_gguf *file, size_t i)
{
    return i < file->n_values ? &file->values[i] : NULL;
}

const jc_gguf_value *jc_gguf_get(const jc_gguf *file, const char *key)
{
    const jc_gguf_value wanted = {.key = key};

    return bsearch(&wanted, file->values, file->n_values, sizeof wanted, by_key);
}
