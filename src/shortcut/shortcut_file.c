/* SPDX-License-Identifier: MIT */
/*
 * shortcut_file.c: shortcuts to a safetensors file and back.
 *
 * Tensors `map.<i>.<j>.weight` [d, d] and `map.<i>.<j>.bias` [d], float32, as the form has
 * them. `format`, `form`, `layers` and `width` in `__metadata__` say what the file is. A
 * file is foreign: each of its tensors must be one that the form has, of the width that it
 * says, and finite. The weights are used where they lie in the mapping.
 */
#include "shortcut/shortcut.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* ---- saving ---- */

static jc_status put_meta(jc_st_writer *w, const jc_shortcut *s, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t i = 0; i < s->n_meta && st == JC_OK; i++)
        st = jc_st_writer_meta(w, s->meta[i].key, s->meta[i].value, err);
    return st;
}

static jc_status put_link(jc_st_writer *w, const jc_link *link, size_t d, uint32_t from,
                          uint32_t to, bool declare, jc_error *err)
{
    const size_t shape[2] = {d, d};
    char name[64];
    jc_status st = JC_OK;

    snprintf(name, sizeof name, "map.%u.%u.weight", from, to);
    if (link->weight)
        st = declare ? jc_st_writer_declare(w, name, JC_F32, shape, 2, err)
                     : jc_st_writer_data(w, link->weight, d * d * sizeof(float), err);
    snprintf(name, sizeof name, "map.%u.%u.bias", from, to);
    if (link->bias && st == JC_OK)
        st = declare ? jc_st_writer_declare(w, name, JC_F32, shape, 1, err)
                     : jc_st_writer_data(w, link->bias, d * sizeof(float), err);
    return st;
}

/* Both passes over the tensors in one order: declare them, or give their data. */
static jc_status put_links(jc_st_writer *w, const jc_shortcut *s, bool declare,
                           jc_error *err)
{
    jc_status st = JC_OK;

    for (uint32_t i = 0; i < s->layers; i++) {
        for (uint32_t j = i + 1; j <= s->layers && st == JC_OK; j++) {
            const jc_link *link = jc_shortcut_find(s, i, j);

            if (link)
                st = put_link(w, link, s->width, i, j, declare, err);
        }
    }
    return st;
}

jc_status jc_shortcut_save(const jc_shortcut *shortcut, const char *path, jc_error *err)
{
    jc_st_writer *w = NULL;
    jc_status st = jc_st_writer_new(&w, path, err);

    if (st == JC_OK)
        st = put_meta(w, shortcut, err);
    if (st == JC_OK)
        st = put_links(w, shortcut, true, err);
    if (st == JC_OK)
        st = put_links(w, shortcut, false, err);
    if (st == JC_OK)
        return jc_st_writer_commit(w, err);
    jc_st_writer_discard(w);
    return st;
}

/* ---- opening ---- */

static jc_status structure(const jc_safetensors *file, const char *path, const char *key,
                           const char **value, jc_error *err)
{
    *value = jc_safetensors_meta(file, key);
    if (*value)
        return JC_OK;
    return jc_fail(err, JC_E_FORMAT, "'%s' is no shortcut file: metadata '%s' is missing",
                   path, key);
}

/* A whole number from 1 to limit, in decimal digits only. */
static bool whole(const char *text, uint32_t limit, uint32_t *out)
{
    size_t n = strspn(text, "0123456789");

    if (n < 1 || n > 9 || text[n])
        return false;
    *out = (uint32_t)strtoul(text, NULL, 10);
    return *out >= 1 && *out <= limit;
}

static jc_status make(jc_shortcut **out, const jc_safetensors *file, const char *path,
                      jc_error *err)
{
    const char *format, *form, *layers, *width;
    uint32_t n_layers, d;
    jc_status st = structure(file, path, "format", &format, err);

    if (st == JC_OK && strcmp(format, JC_SHORTCUT_FORMAT) != 0)
        return jc_fail(err, JC_E_FORMAT,
                       "'%s' is no shortcut file: format '%.40s', not '%s'", path, format,
                       JC_SHORTCUT_FORMAT);
    if (st == JC_OK)
        st = structure(file, path, "form", &form, err);
    if (st == JC_OK)
        st = structure(file, path, "layers", &layers, err);
    if (st == JC_OK)
        st = structure(file, path, "width", &width, err);
    if (st)
        return st;
    if (!jc_form_find(form))
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "cannot read shortcuts of '%s': no form is called '%.40s'", path,
                       form);
    if (!whole(layers, 1024, &n_layers))
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read shortcuts of '%s': metadata 'layers' must be from 1 to "
                       "1024, not '%.40s'",
                       path, layers);
    if (!whole(width, 1 << 20, &d))
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read shortcuts of '%s': metadata 'width' must be from 1 to "
                       "1048576, not '%.40s'",
                       path, width);
    return jc_shortcut_new(out, jc_form_find(form), n_layers, d, err);
}

static jc_status copy_meta(jc_shortcut *s, jc_error *err)
{
    const char *key = jc_safetensors_meta_key(s->file, 0);
    jc_status st = JC_OK;

    for (size_t i = 1; key && st == JC_OK; i++) {
        if (!jc_shortcut_meta_fixed(key))
            st = jc_shortcut_set_meta(s, key, jc_safetensors_meta(s->file, key), err);
        key = jc_safetensors_meta_key(s->file, i);
    }
    return st;
}

/* The floats of a tensor: where they lie if they are aligned, or a copy in *own. */
static jc_status floats(const jc_tensor *t, const float **data, float **own, jc_error *err)
{
    const void *bytes = t->data;

    *data = bytes;
    if ((uintptr_t)bytes % sizeof(float) != 0) {
        *own = jc_matrix_new(1, t->count, sizeof **own);
        if (!*own)
            return jc_fail_nomem(err, "a map");
        jc_tensor_read(t, 0, t->count, *own);
        *data = *own;
    }
    for (size_t i = 0; i < t->count; i++)
        if (!isfinite((*data)[i]))
            return jc_fail(err, JC_E_NUMERIC,
                           "cannot read tensor '%s' of '%s': element %zu is not finite",
                           t->name, t->file, i);
    jc_map_release(bytes, t->bytes);
    return JC_OK;
}

/* "map.<i>.<j>.weight" or ".bias", written as we would write it. */
static bool parse_name(const char *name, uint32_t *from, uint32_t *to, bool *is_bias)
{
    char again[64];

    if (sscanf(name, "map.%9u.%9u", from, to) != 2)
        return false;
    snprintf(again, sizeof again, "map.%u.%u.weight", *from, *to);
    if (strcmp(name, again) == 0) {
        *is_bias = false;
        return true;
    }
    snprintf(again, sizeof again, "map.%u.%u.bias", *from, *to);
    *is_bias = true;
    return strcmp(name, again) == 0;
}

static jc_status take_tensor(jc_shortcut *s, const jc_tensor *t, jc_error *err)
{
    uint32_t from, to;
    bool is_bias;

    if (!parse_name(t->name, &from, &to, &is_bias) ||
        !(is_bias ? s->form->bias : s->form->weight))
        return jc_fail(
            err, JC_E_FORMAT,
            "cannot read shortcuts of '%s': '%.100s' is no tensor of the form '%s'",
            t->file, t->name, s->form->name);
    if (from >= to || to > s->layers)
        return jc_fail(
            err, JC_E_FORMAT,
            "cannot read tensor '%s' of '%s': there is no pair %u, %u in %u layers",
            t->name, t->file, from, to, s->layers);
    if (t->dtype != JC_F32)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "cannot read tensor '%s' of '%s': it is %s, not F32", t->name,
                       t->file, jc_dtype_name(t->dtype));
    if (t->n_dims != (is_bias ? 1 : 2) || t->shape[0] != s->width ||
        (!is_bias && t->shape[1] != s->width))
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read tensor '%s' of '%s': its shape is not that of width %u",
                       t->name, t->file, s->width);
    jc_link *link = &s->links[(size_t)from * ((size_t)s->layers + 1) + to];
    link->present = true;
    return is_bias ? floats(t, &link->bias, &link->own_bias, err)
                   : floats(t, &link->weight, &link->own_weight, err);
}

static jc_status take_tensors(jc_shortcut *s, const char *path, jc_error *err)
{
    size_t n = jc_safetensors_count(s->file);
    jc_status st = JC_OK;

    if (n == 0 && s->form->weight)
        return jc_fail(err, JC_E_FORMAT, "cannot read shortcuts of '%s': it has no maps",
                       path);
    for (size_t i = 0; i < n && st == JC_OK; i++)
        st = take_tensor(s, jc_safetensors_at(s->file, i), err);
    for (uint32_t i = 0; i < s->layers; i++) {
        for (uint32_t j = i + 1; j <= s->layers && st == JC_OK; j++) {
            const jc_link *link = jc_shortcut_find(s, i, j);

            if (link &&
                (!link->weight != !s->form->weight || !link->bias != !s->form->bias))
                st = jc_fail(
                    err, JC_E_FORMAT,
                    "cannot read shortcuts of '%s': tensor 'map.%u.%u.%s' is missing", path,
                    i, j, link->weight ? "bias" : "weight");
        }
    }
    return st;
}

jc_status jc_shortcut_open(jc_shortcut **out, const char *path, jc_error *err)
{
    jc_safetensors *file = NULL;
    jc_shortcut *s = NULL;
    jc_status st = jc_safetensors_open(&file, path, err);

    if (st)
        return st;
    st = make(&s, file, path, err);
    if (st) {
        jc_safetensors_close(file);
        return st;
    }
    s->file = file;
    st = copy_meta(s, err);
    if (st == JC_OK)
        st = take_tensors(s, path, err);
    if (st) {
        jc_shortcut_free(s);
        return st;
    }
    *out = s;
    return JC_OK;
}
