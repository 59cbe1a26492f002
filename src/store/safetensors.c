/* SPDX-License-Identifier: MIT */
/*
 * safetensors.c: reading one safetensors file: a 64-bit little-endian length, a JSON header
 * of that length, then the tensors' bytes.
 *
 * The header is untrusted. After open every tensor lies inside the file, its bytes match
 * dtype and shape, and the tensors cover the data without a hole or an overlap, as the
 * format demands. The parsed header lives as long as the file: names are its keys.
 */
#include "store/store_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/sign.h"

#define METADATA   "__metadata__"
#define HEADER_MAX 100000000 /* bytes; the limit of the safetensors package */

struct jc_safetensors {
    jc_mapped map; /* zeroed when the bytes are borrowed */
    char *path;
    json_t *header;
    const unsigned char *data; /* [size], after the header */
    size_t size;
    jc_tensor *tensors;        /* [count] in order of data */
    const jc_tensor **by_name; /* [count] */
    size_t count;
};

static jc_status bad(const jc_tensor *t, jc_error *err, const char *why)
{
    return jc_fail(err, JC_E_FORMAT, "cannot read tensor '%s' of '%s': %s", t->name,
                   t->file, why);
}

static bool whole(const json_t *json, size_t *out)
{
    json_int_t value = json_is_integer(json) ? json_integer_value(json) : -1;

    *out = value < 0 ? 0 : (size_t)value;
    return value >= 0;
}

static jc_status read_dtype(jc_tensor *t, const json_t *entry, jc_error *err)
{
    const char *name = json_string_value(json_object_get(entry, "dtype"));

    if (!name)
        return bad(t, err, "it has no dtype");
    if (!jc_dtype_find(name, &t->dtype)) {
        t->dtype = JC_OTHER;
        t->type = name;
    }
    return JC_OK;
}

static jc_status read_shape(jc_tensor *t, const json_t *entry, jc_error *err)
{
    const json_t *shape = json_object_get(entry, "shape");
    size_t n_dims = json_array_size(shape);

    if (!json_is_array(shape))
        return bad(t, err, "it has no shape");
    t->n_dims = n_dims < JC_TENSOR_DIMS ? (uint32_t)n_dims : JC_TENSOR_DIMS;
    t->count = 1;
    for (size_t i = 0; i < JC_TENSOR_DIMS; i++)
        t->shape[i] = 1;
    for (size_t i = 0; i < n_dims; i++) {
        size_t size, *dim = &t->shape[i < JC_TENSOR_DIMS ? i : JC_TENSOR_DIMS - 1];
        if (!whole(json_array_get(shape, i), &size))
            return bad(t, err, "its shape is not made of whole numbers");
        if (!jc_mul(t->count, size, &t->count))
            return bad(t, err, "its shape is too large");
        *dim *= size; /* at most count, but where another one is 0 */
    }
    if (!jc_mul(t->count, jc_dtype_bytes(t->dtype), &t->bytes))
        return bad(t, err, "its shape is too large");
    return JC_OK;
}

static jc_status read_offsets(jc_tensor *t, const json_t *entry, const jc_safetensors *file,
                              jc_error *err)
{
    const json_t *pair = json_object_get(entry, "data_offsets");
    size_t begin, end;

    if (json_array_size(pair) != 2 || !whole(json_array_get(pair, 0), &begin) ||
        !whole(json_array_get(pair, 1), &end))
        return bad(t, err, "its data_offsets are not two whole numbers");
    if (begin > end)
        return bad(t, err, "its data_offsets run backwards");
    if (end > file->size)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': it is cut short: tensor '%s' ends at byte %zu of "
                       "the data, of which there are %zu; download it again",
                       t->file, t->name, end, file->size);
    if (t->dtype == JC_OTHER) /* whose size is not known */
        t->bytes = end - begin;
    if (end - begin != t->bytes)
        return jc_fail(
            err, JC_E_FORMAT,
            "cannot read tensor '%s' of '%s': it has %zu bytes where its dtype and "
            "shape need %zu",
            t->name, t->file, end - begin, t->bytes);
    t->data = file->data + begin;
    return JC_OK;
}

static jc_status read_tensor(jc_tensor *t, const char *name, const json_t *entry,
                             const jc_safetensors *file, jc_error *err)
{
    *t = (jc_tensor){.name = name, .file = file->path};
    if (!json_is_object(entry))
        return bad(t, err, "its entry is not an object");
    jc_status st = read_dtype(t, entry, err);
    if (st == JC_OK)
        st = read_shape(t, entry, err);
    if (st == JC_OK)
        st = read_offsets(t, entry, file, err);
    return st;
}

static jc_status check_metadata(const jc_safetensors *file, json_t *meta, jc_error *err)
{
    const char *key;
    json_t *value;

    if (json_is_null(meta)) /* as the safetensors package takes it */
        return JC_OK;
    if (!json_is_object(meta))
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': '" METADATA "' is not an object", file->path);
    json_object_foreach(meta, key, value) if (!json_is_string(value)) return jc_fail(
        err, JC_E_FORMAT, "cannot read '%s': value '%s' of '" METADATA "' is not text",
        file->path, key);
    return JC_OK;
}

static int by_data(const void *a, const void *b)
{
    const jc_tensor *x = a, *y = b;

    if (x->data != y->data)
        return x->data < y->data ? -1 : 1;
    if (x->bytes != y->bytes) /* the empty ones come before what follows them */
        return x->bytes < y->bytes ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* The tensors in order of data must be neighbours, from the first byte to the last. */
static jc_status check_cover(const jc_safetensors *file, jc_error *err)
{
    size_t at = 0;

    for (size_t i = 0; i < file->count; i++) {
        const jc_tensor *t = &file->tensors[i];
        size_t begin = (size_t)(t->data - file->data);
        if (begin < at)
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read tensor '%s' of '%s': it overlaps tensor '%s'",
                           t->name, t->file, file->tensors[i - 1].name);
        if (begin > at)
            return jc_fail(
                err, JC_E_FORMAT,
                "cannot read '%s': bytes %zu to %zu of its data belong to no tensor",
                file->path, at, begin);
        at = begin + t->bytes;
    }
    if (at < file->size)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': bytes %zu to %zu of its data belong to no tensor",
                       file->path, at, file->size);
    return JC_OK;
}

static jc_status read_tensors(jc_safetensors *file, jc_error *err)
{
    size_t entries = json_object_size(file->header);
    const char *name;
    json_t *entry;

    file->tensors = jc_alloc_array(entries, sizeof *file->tensors);
    file->by_name = jc_alloc_array(entries, sizeof(const jc_tensor *));
    if (!file->tensors || !file->by_name)
        return jc_fail_nomem(err, file->path);
    json_object_foreach(file->header, name, entry)
    {
        jc_status st;
        if (strcmp(name, METADATA) == 0)
            st = check_metadata(file, entry, err);
        else
            st = read_tensor(&file->tensors[file->count++], name, entry, file, err);
        if (st)
            return st;
    }
    qsort(file->tensors, file->count, sizeof *file->tensors, by_data);
    for (size_t i = 0; i < file->count; i++)
        file->by_name[i] = &file->tensors[i];
    jc_tensors_sort(file->by_name, file->count);
    return check_cover(file, err);
}

/* What the file is if it is no safetensors file; otherwise `why`. */
static jc_status no_header(const jc_safetensors *file, const unsigned char *bytes,
                           size_t size, const char *why, jc_error *err)
{
    const char *sign = jc_sign_of(bytes, size);

    return jc_fail(err, JC_E_FORMAT, "cannot read '%s': %s", file->path, sign ? sign : why);
}

/* Find and parse the header of bytes[size]; file->data and file->size are set. */
static jc_status read_header(jc_safetensors *file, const unsigned char *bytes, size_t size,
                             jc_error *err)
{
    jc_cursor c = {.data = bytes, .size = size};
    const unsigned char *text;
    uint64_t length;
    char why[200];

    if (!jc_cursor_u64(&c, &length))
        return no_header(file, bytes, size, "it is not a safetensors file: it is too short",
                         err);
    snprintf(why, sizeof why,
             "it is not a safetensors file, or it is cut short: its header would have "
             "%" PRIu64 " bytes, and the file has %zu",
             length, size);
    if (!jc_cursor_bytes(&c, length, &text))
        return no_header(file, bytes, size, why, err);
    if (length > HEADER_MAX)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': its header of %" PRIu64
                       " bytes is longer than %d",
                       file->path, length, HEADER_MAX);
    file->data = bytes + c.at;
    file->size = size - c.at;
    jc_status st = jc_json_parse(&file->header, (const char *)text, (size_t)length, 0,
                                 file->path, "its header", err);
    if (st == JC_E_FORMAT && jc_sign_of(bytes, size))
        return no_header(file, bytes, size, "", err);
    return st;
}

static jc_status parse(jc_safetensors *file, const unsigned char *bytes, size_t size,
                       const char *path, jc_error *err)
{
    file->path = jc_strdup(path);
    if (!file->path)
        return jc_fail_nomem(err, path);
    jc_status st = read_header(file, bytes, size, err);
    return st ? st : read_tensors(file, err);
}

static jc_status give(jc_safetensors **out, jc_safetensors *file, jc_status st)
{
    if (st)
        jc_safetensors_close(file);
    else
        *out = file;
    return st;
}

jc_status jc_safetensors_parse(jc_safetensors **out, const unsigned char *data, size_t size,
                               const char *path, jc_error *err)
{
    jc_safetensors *file = jc_alloc_array(1, sizeof *file);

    *out = NULL;
    if (!file)
        return jc_fail_nomem(err, path);
    return give(out, file, parse(file, data, size, path, err));
}

jc_status jc_safetensors_open(jc_safetensors **out, const char *path, jc_error *err)
{
    jc_safetensors *file = jc_alloc_array(1, sizeof *file);

    *out = NULL;
    if (!file)
        return jc_fail_nomem(err, path);
    jc_status st = jc_map_open(&file->map, path, err);
    if (st == JC_OK)
        st = parse(file, file->map.data, file->map.size, path, err);
    return give(out, file, st);
}

void jc_safetensors_close(jc_safetensors *file)
{
    if (!file)
        return;
    json_decref(file->header);
    jc_free(file->tensors);
    jc_free(file->by_name);
    jc_free(file->path);
    jc_map_close(&file->map);
    jc_free(file);
}

size_t jc_safetensors_count(const jc_safetensors *file)
{
    return file->count;
}

const jc_tensor *jc_safetensors_at(const jc_safetensors *file, size_t i)
{
    return i < file->count ? &file->tensors[i] : NULL;
}

const jc_tensor *jc_safetensors_find(const jc_safetensors *file, const char *name)
{
    return jc_tensors_find(file->by_name, file->count, name);
}

const char *jc_safetensors_meta(const jc_safetensors *file, const char *key)
{
    return json_string_value(json_object_get(json_object_get(file->header, METADATA), key));
}

const char *jc_safetensors_meta_key(const jc_safetensors *file, size_t i)
{
    json_t *meta = json_object_get(file->header, METADATA);
    void *at = json_object_iter(meta);

    for (; at && i > 0; i--)
        at = json_object_iter_next(meta, at);
    return at ? json_object_iter_key(at) : NULL;
}
