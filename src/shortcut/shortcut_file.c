/* SPDX-License-Identifier: MIT */
/*
 * shortcut_file.c: shortcuts to a safetensors file and back.
 *
 * Tensors `map.<i>.<j>.weight` [d, d] and `map.<i>.<j>.bias` [d], float32, as the form has
 * them; the same of `part.<block>.<part>`; and `r2`. `format`, `form`, `layers` and `width`
 * in `__metadata__` say what the file is. A file is foreign: each of its tensors must be
 * one that the form has, of the width that it says, and finite. The weights are used where
 * they lie in the mapping.
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

/* `name`: of the map, "map.0.1" or "part.1.attn". */
static jc_status put_link(jc_st_writer *w, const jc_link *link, size_t d, const char *map,
                          bool declare, jc_error *err)
{
    const size_t shape[2] = {d, d};
    char name[64];
    jc_status st = JC_OK;

    snprintf(name, sizeof name, "%s.weight", map);
    if (link->weight)
        st = declare ? jc_st_writer_declare(w, name, JC_F32, shape, 2, err)
                     : jc_st_writer_data(w, link->weight, d * d * sizeof(float), err);
    snprintf(name, sizeof name, "%s.bias", map);
    if (link->bias && st == JC_OK)
        st = declare ? jc_st_writer_declare(w, name, JC_F32, shape, 1, err)
                     : jc_st_writer_data(w, link->bias, d * sizeof(float), err);
    return st;
}

/* Both passes over the tensors in one order: declare them, or give their data. */
static jc_status put_tensors(jc_st_writer *w, const jc_shortcut *s, bool declare,
                             jc_error *err)
{
    const size_t taps = (size_t)s->layers + 1, square[2] = {taps, taps};
    char name[48];
    jc_status st = JC_OK;

    for (uint32_t i = 0; i < s->layers; i++)
        for (uint32_t j = i + 1; j <= s->layers && st == JC_OK; j++) {
            const jc_link *link = jc_shortcut_find(s, i, j);
            snprintf(name, sizeof name, "map.%u.%u", i, j);
            if (link)
                st = put_link(w, link, s->width, name, declare, err);
        }
    for (uint32_t block = 1; block <= s->layers; block++)
        for (jc_part part = 0; part < JC_PARTS && st == JC_OK; part++) {
            const jc_link *link = jc_shortcut_find_part(s, block, part);
            snprintf(name, sizeof name, "part.%u.%s", block, jc_part_name(part));
            if (link)
                st = put_link(w, link, s->width, name, declare, err);
        }
    if (s->r2 && st == JC_OK)
        st = declare ? jc_st_writer_declare(w, "r2", JC_F32, square, 2, err)
                     : jc_st_writer_data(w, s->r2, taps * taps * sizeof *s->r2, err);
    return st;
}

jc_status jc_shortcut_save(const jc_shortcut *shortcut, const char *path, jc_error *err)
{
    jc_st_writer *w = NULL;
    jc_status st = jc_st_writer_new(&w, path, err);

    if (st == JC_OK)
        st = put_meta(w, shortcut, err);
    if (st == JC_OK)
        st = put_tensors(w, shortcut, true, err);
    if (st == JC_OK)
        st = put_tensors(w, shortcut, false, err);
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

/* A layer in decimal digits. */
static bool read_layer(uint32_t *layer, const char *text, size_t n, uint32_t layers)
{
    jc_tap tap;

    if (memchr(text, '.', n) || !jc_tap_read(&tap, text, n, layers))
        return false;
    *layer = tap.block;
    return true;
}

/* "map.<i>.<j>" or "part.<block>.<part>" of name[0..n), written as we would write it; NULL:
 * there is no such map. */
static jc_link *parse_map(const jc_shortcut *s, const char *name, size_t n)
{
    const char *dot = memchr(name, '.', n), *end = name + n;
    const char *rest = dot ? dot + 1 : end;
    uint32_t from, to;
    jc_part part;

    if (n > 5 && memcmp(name, "part.", 5) == 0)
        return jc_part_read(&from, &part, rest, (size_t)(end - rest), s->layers)
                   ? &s->parts[(size_t)(from - 1) * JC_PARTS + part]
                   : NULL;
    if (n < 4 || memcmp(name, "map.", 4) != 0)
        return NULL;
    dot = memchr(rest, '.', (size_t)(end - rest));
    if (!dot || !read_layer(&from, rest, (size_t)(dot - rest), s->layers) ||
        !read_layer(&to, dot + 1, (size_t)(end - dot - 1), s->layers) || from >= to)
        return NULL;
    return &s->links[(size_t)from * ((size_t)s->layers + 1) + to];
}

static jc_status check_shape(const jc_tensor *t, unsigned n_dims, size_t side,
                             const char *what, jc_error *err)
{
    if (t->dtype != JC_F32)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "cannot read tensor '%s' of '%s': it is %s, not F32", t->name,
                       t->file, jc_dtype_name(t->dtype));
    if (t->n_dims != n_dims || t->shape[0] != side || (n_dims > 1 && t->shape[1] != side))
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read tensor '%s' of '%s': its shape is not that of %s %zu",
                       t->name, t->file, what, side);
    return JC_OK;
}

static jc_status take_r2(jc_shortcut *s, const jc_tensor *t, jc_error *err)
{
    const float *data;
    float *own = NULL;
    size_t taps = (size_t)s->layers + 1;
    jc_status st = check_shape(t, 2, taps, "taps", err);

    if (st == JC_OK)
        st = floats(t, &data, &own, err);
    if (st == JC_OK)
        s->r2 = jc_matrix_new(taps, taps, sizeof *s->r2);
    if (st == JC_OK && !s->r2)
        st = jc_fail_nomem(err, "R2");
    if (st == JC_OK)
        memcpy(s->r2, data, taps * taps * sizeof *s->r2);
    jc_free(own);
    return st;
}

static jc_status take_tensor(jc_shortcut *s, const jc_tensor *t, jc_error *err)
{
    const char *dot = strrchr(t->name, '.');
    bool is_bias = dot && strcmp(dot, ".bias") == 0;
    bool is_weight = dot && strcmp(dot, ".weight") == 0;

    if (strcmp(t->name, "r2") == 0)
        return take_r2(s, t, err);
    if (!(is_bias && s->form->bias) && !(is_weight && s->form->weight))
        return jc_fail(
            err, JC_E_FORMAT,
            "cannot read shortcuts of '%s': '%.100s' is no tensor of the form '%s'",
            t->file, t->name, s->form->name);
    jc_link *link = parse_map(s, t->name, (size_t)(dot - t->name));
    if (!link)
        return jc_fail(
            err, JC_E_FORMAT,
            "cannot read tensor '%.100s' of '%s': there is no such map in %u layers",
            t->name, t->file, s->layers);
    jc_status st = check_shape(t, is_bias ? 1 : 2, s->width, "width", err);
    if (st)
        return st;
    link->present = true;
    return is_bias ? floats(t, &link->bias, &link->own_bias, err)
                   : floats(t, &link->weight, &link->own_weight, err);
}

/* Each map has all the tensors of the form. */
static jc_status check_link(const jc_shortcut *s, const jc_link *link, const char *path,
                            const char *map, jc_error *err)
{
    if (!link || (!link->weight == !s->form->weight && !link->bias == !s->form->bias))
        return JC_OK;
    return jc_fail(err, JC_E_FORMAT,
                   "cannot read shortcuts of '%s': tensor '%s.%s' is missing", path, map,
                   link->weight ? "bias" : "weight");
}

static jc_status take_tensors(jc_shortcut *s, const char *path, jc_error *err)
{
    size_t n = jc_safetensors_count(s->file);
    char map[48];
    jc_status st = JC_OK;

    if (n == 0 && s->form->weight)
        return jc_fail(err, JC_E_FORMAT, "cannot read shortcuts of '%s': it has no maps",
                       path);
    for (size_t i = 0; i < n && st == JC_OK; i++)
        st = take_tensor(s, jc_safetensors_at(s->file, i), err);
    for (uint32_t i = 0; i < s->layers; i++)
        for (uint32_t j = i + 1; j <= s->layers && st == JC_OK; j++) {
            snprintf(map, sizeof map, "map.%u.%u", i, j);
            st = check_link(s, jc_shortcut_find(s, i, j), path, map, err);
        }
    for (uint32_t block = 1; block <= s->layers; block++)
        for (jc_part part = 0; part < JC_PARTS && st == JC_OK; part++) {
            snprintf(map, sizeof map, "part.%u.%s", block, jc_part_name(part));
            st = check_link(s, jc_shortcut_find_part(s, block, part), path, map, err);
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
