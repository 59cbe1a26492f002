/* SPDX-License-Identifier: MIT */
/*
 * safetensors_write.c: writing a safetensors file, data streamed.
 *
 * Declarations build the header; the first piece of data (or commit) writes it, padded with
 * spaces, and from then on bytes go straight to the file. Equal calls give equal bytes.
 */
#include "store/store_impl.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "store/json.h"

#define METADATA "__metadata__"
#define ALIGN    64 /* bytes, of the first tensor in the file */

struct jc_st_writer {
    jc_outfile out;
    json_t *header, *meta;  /* meta is borrowed from header, NULL until there is some */
    size_t declared, given; /* bytes of tensor data */
    bool started;           /* the header is written */
};

jc_status jc_st_writer_new(jc_st_writer **out, const char *path, jc_error *err)
{
    jc_st_writer *w = jc_alloc_array(1, sizeof *w);

    *out = NULL;
    if (!w)
        return jc_fail_nomem(err, path);
    jc_status st = JC_OK;
    w->header = json_object();
    if (!w->header)
        st = jc_fail_nomem(err, path);
    if (st == JC_OK)
        st = jc_outfile_open(&w->out, path, err);
    if (st)
        jc_st_writer_discard(w);
    else
        *out = w;
    return st;
}

static jc_status started(const jc_st_writer *w, const char *what, jc_error *err)
{
    return jc_fail(err, JC_E_ARG, "cannot add '%s' to '%s': its data has begun", what,
                   w->out.path);
}

/* A name must be UTF-8. */
static jc_status check_name(const jc_st_writer *w, const char *key, jc_error *err)
{
    return jc_utf8_span(key, strlen(key)) == strlen(key)
               ? JC_OK
               : jc_fail(err, JC_E_ARG, "cannot add '%s' to '%s': the name is not UTF-8",
                         key, w->out.path);
}

/* Put value (stolen; NULL: out of memory) into object. */
static jc_status put(const jc_st_writer *w, json_t *object, const char *key, json_t *value,
                     jc_error *err)
{
    jc_status st = check_name(w, key, err);

    if (st == JC_OK && (!value || json_object_set(object, key, value) != 0))
        st = jc_fail_nomem(err, w->out.path);
    json_decref(value);
    return st;
}

jc_status jc_st_writer_meta(jc_st_writer *w, const char *key, const char *value,
                            jc_error *err)
{
    if (w->started)
        return started(w, key, err);
    char *text = jc_utf8_name(value); /* it may be the name of a file */
    jc_status st = text ? JC_OK : jc_fail_nomem(err, w->out.path);
    if (st == JC_OK && !w->meta) {
        st = put(w, w->header, METADATA, json_object(), err);
        w->meta = json_object_get(w->header, METADATA);
    }
    if (st == JC_OK)
        st = put(w, w->meta, key, json_string(text), err);
    jc_free(text);
    return st;
}

/* {"dtype":..,"shape":[..],"data_offsets":[begin,end]}, or NULL: out of memory */
static json_t *entry_new(jc_dtype dtype, const size_t *shape, uint32_t n_dims, size_t begin,
                         size_t end)
{
    json_t *dims = json_array();
    bool ok = dims != NULL;

    for (uint32_t i = 0; ok && i < n_dims; i++)
        ok = json_array_append_new(dims, json_integer((json_int_t)shape[i])) == 0;
    if (!ok) {
        json_decref(dims);
        return NULL;
    }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", jc_dtype_name(dtype), "shape", dims,
                     "data_offsets", (json_int_t)begin, (json_int_t)end);
}

jc_status jc_st_writer_declare(jc_st_writer *w, const char *name, jc_dtype dtype,
                               const size_t *shape, uint32_t n_dims, jc_error *err)
{
    size_t bytes = jc_dtype_bytes(dtype), end = 0;
    bool fits = n_dims <= JC_TENSOR_DIMS;

    if (w->started)
        return started(w, name, err);
    if (strcmp(name, METADATA) == 0 || json_object_get(w->header, name))
        return jc_fail(err, JC_E_ARG, "cannot add '%s' to '%s': the name is taken", name,
                       w->out.path);
    for (uint32_t i = 0; fits && i < n_dims; i++)
        fits = shape[i] <= INT64_MAX && jc_mul(bytes, shape[i], &bytes);
    if (!fits || !jc_add(w->declared, bytes, &end) || end > INT64_MAX)
        return jc_fail(err, JC_E_ARG, "cannot add '%s' to '%s': its shape is too large",
                       name, w->out.path);
    json_t *entry = entry_new(dtype, shape, n_dims, w->declared, end);
    jc_status st = put(w, w->header, name, entry, err);
    if (st == JC_OK)
        w->declared = end;
    return st;
}

static jc_status write_bytes(jc_st_writer *w, const void *data, size_t bytes, jc_error *err)
{
    if (bytes > 0 && fwrite(data, 1, bytes, w->out.f) != bytes)
        return jc_fail(err, JC_E_IO, "cannot write '%s': %s", w->out.path, strerror(errno));
    return JC_OK;
}

static jc_status start(jc_st_writer *w, jc_error *err)
{
    char *text = jc_json_dump(w->header, JSON_COMPACT);
    unsigned char length[8];

    if (!text)
        return jc_fail_nomem(err, w->out.path);
    size_t n_text = strlen(text);
    size_t pad = (ALIGN - (sizeof length + n_text) % ALIGN) % ALIGN;
    for (size_t i = 0; i < sizeof length; i++)
        length[i] = (unsigned char)((uint64_t)(n_text + pad) >> 8 * i);
    w->started = true;
    jc_status st = write_bytes(w, length, sizeof length, err);
    if (st == JC_OK)
        st = write_bytes(w, text, n_text, err);
    if (st == JC_OK)
        fprintf(w->out.f, "%*s", (int)pad, "");
    jc_free(text);
    return st;
}

jc_status jc_st_writer_data(jc_st_writer *w, const void *data, size_t bytes, jc_error *err)
{
    if (bytes > w->declared - w->given)
        return jc_fail(err, JC_E_ARG,
                       "cannot write '%s': more data than the %zu bytes declared",
                       w->out.path, w->declared);
    jc_status st = w->started ? JC_OK : start(w, err);
    if (st == JC_OK)
        st = write_bytes(w, data, bytes, err);
    if (st == JC_OK)
        w->given += bytes;
    return st;
}

jc_status jc_st_writer_commit(jc_st_writer *w, jc_error *err)
{
    jc_status st = JC_OK;

    if (w->given != w->declared)
        st = jc_fail(err, JC_E_ARG,
                     "cannot write '%s': %zu of the %zu bytes declared were given",
                     w->out.path, w->given, w->declared);
    if (st == JC_OK && !w->started)
        st = start(w, err);
    if (st == JC_OK)
        st = jc_outfile_commit(&w->out, err);
    jc_st_writer_discard(w);
    return st;
}

void jc_st_writer_discard(jc_st_writer *w)
{
    if (!w)
        return;
    jc_outfile_discard(&w->out);
    json_decref(w->header);
    jc_free(w);
}
