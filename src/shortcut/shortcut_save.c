/* SPDX-License-Identifier: MIT */
/* shortcut_save.c: shortcuts to a safetensors file; shortcut_file.c says what it holds. */
#include "shortcut/shortcut.h"

#include "base/spill.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The taps that share a map, "0,1,2"; all take one. */
static jc_status put_sharing(jc_st_writer *w, const jc_shortcut *s, const jc_map *base,
                             jc_error *err)
{
    char key[JC_PLACE_NAME + 8], tap[JC_TAP_AT_NAME];
    char *text = jc_alloc_array(s->n + 1, JC_TAP_AT_NAME + 1);
    size_t n = 0;

    if (!text)
        return jc_fail_nomem(err, "metadata");
    for (size_t i = 0; i < s->n; i++) {
        if (s->maps[i]->base != base)
            continue;
        jc_tap_at_name(s->maps[i]->place.from[0], tap);
        n += (size_t)snprintf(text + n, sizeof tap + 1, "%s%s", n ? "," : "", tap);
    }
    snprintf(key, sizeof key, "from.%s", base->name);
    jc_status st = jc_st_writer_meta(w, key, text, err);
    jc_free(text);
    return st;
}

static jc_status put_meta(jc_st_writer *w, const jc_shortcut *s, jc_error *err)
{
    char key[JC_PLACE_NAME + 8], value[32];
    jc_status st = JC_OK;

    for (size_t i = 0; i < s->meta.n && st == JC_OK; i++)
        st = jc_st_writer_meta(w, s->meta.list[i].key, s->meta.list[i].value, err);
    for (size_t i = 0; i < s->n && st == JC_OK; i++) {
        snprintf(key, sizeof key, "form.%s", s->maps[i]->name);
        if (s->maps[i]->form != s->form)
            st = jc_st_writer_meta(w, key, s->maps[i]->form->name, err);
    }
    for (size_t i = 0; i < s->n && st == JC_OK; i++)
        if (s->maps[i]->place.kind == JC_PLACE_SHARED)
            st = put_sharing(w, s, s->maps[i], err);
    for (size_t i = 0; i < s->n && st == JC_OK; i++) {
        if (isnan(s->maps[i]->r2) || jc_place_is_pair(&s->maps[i]->place))
            continue;
        snprintf(key, sizeof key, "r2.%s", s->maps[i]->name);
        jc_real_format(s->maps[i]->r2, value);
        st = jc_st_writer_meta(w, key, value, err);
    }
    return st;
}

/* Declare the tensors of a map, or give their data. */
static jc_status put_map(jc_st_writer *w, const jc_map *map, bool declare, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t i = 0; map->form->tensors[i].name && st == JC_OK; i++) {
        const jc_numbers *t = &map->tensor[i];
        const size_t shape[2] = {t->rows, t->cols};
        uint32_t n_dims = map->form->tensors[i].cols == JC_SIDE_ONE ? 1 : 2;
        char name[JC_PLACE_NAME + 32];
        if (!t->data)
            continue;
        snprintf(name, sizeof name, "%s.%s", map->name, map->form->tensors[i].name);
        st = declare ? jc_st_writer_declare(w, name, t->dtype, shape, n_dims, err)
                     : jc_st_writer_data(w, t->data,
                                         t->rows * t->cols * jc_dtype_bytes(t->dtype), err);
        jc_spill_rest(t->own);
        snprintf(name, sizeof name, "%s.%s_scale", map->name, map->form->tensors[i].name);
        if (t->scale && st == JC_OK)
            st = declare ? jc_st_writer_declare(w, name, JC_F32, shape, 1, err)
                         : jc_st_writer_data(w, t->scale, t->rows * sizeof *t->scale, err);
    }
    return st;
}

bool jc_shortcut_r2(const jc_shortcut *shortcut, float *r2)
{
    size_t taps = (size_t)shortcut->layers + 1;
    bool known = false;

    for (size_t i = 0; i < shortcut->n; i++) {
        const jc_map *map = shortcut->maps[i];
        if (!jc_place_is_pair(&map->place) || isnan(map->r2))
            continue;
        r2[map->place.from[0].tap.block * taps + map->place.to.tap.block] = (float)map->r2;
        known = true;
    }
    return known;
}

/* Both passes over the tensors in one order: declare them, or give their data. */
static jc_status put_tensors(jc_st_writer *w, const jc_shortcut *s, const float *r2,
                             bool declare, jc_error *err)
{
    const size_t taps = (size_t)s->layers + 1, square[2] = {taps, taps};
    jc_status st = JC_OK;

    for (size_t i = 0; i < s->n && st == JC_OK; i++)
        st = put_map(w, s->maps[i], declare, err);
    if (r2 && st == JC_OK)
        st = declare ? jc_st_writer_declare(w, "r2", JC_F32, square, 2, err)
                     : jc_st_writer_data(w, r2, taps * taps * sizeof *r2, err);
    return st;
}

jc_status jc_shortcut_save(const jc_shortcut *shortcut, const char *path, jc_error *err)
{
    if (jc_want(shortcut, "shortcut", err))
        return JC_E_ARG;
    if (jc_want(path, "path", err))
        return JC_E_ARG;
    size_t taps = (size_t)shortcut->layers + 1;
    float *table = jc_matrix_new(taps, taps, sizeof *table);
    jc_st_writer *w = NULL;
    jc_status st = table ? JC_OK : jc_fail_nomem(err, "R2");
    const float *r2 = table && jc_shortcut_r2(shortcut, table) ? table : NULL;

    if (st == JC_OK)
        st = jc_st_writer_new(&w, path, err);
    if (st == JC_OK)
        st = put_meta(w, shortcut, err);
    if (st == JC_OK)
        st = put_tensors(w, shortcut, r2, true, err);
    if (st == JC_OK)
        st = put_tensors(w, shortcut, r2, false, err);
    jc_free(table);
    if (st == JC_OK)
        return jc_st_writer_commit(w, err);
    jc_st_writer_discard(w);
    return st;
}
