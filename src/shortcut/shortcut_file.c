/* SPDX-License-Identifier: MIT */
/*
 * shortcut_file.c: opening a file of shortcuts; shortcut_save.c writes one.
 *
 * Tensors are `<map>.<tensor>`: the map's name (place.c) and the tensor's as its form has
 * it. `format`, `form`, `layers` and `width` in `__metadata__` say what the file is;
 * `form.<map>` is the form of a map that differs from `form`, `r2.<map>` the share of
 * variance explained by one that is not in the tensor `r2`. Numbers are F32, F16, BF16, or
 * I8 with `<map>.<tensor>_scale`, F32, by which each row is multiplied. A file is foreign:
 * each of its tensors must be one that the form has, of the width that it says, and finite.
 * The numbers are used where they lie in the mapping.
 */
#include "shortcut/shortcut.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum { MOST_OTHERS = 4096 }; /* maps that are neither of a pair nor of a part */

static jc_status structure(const jc_safetensors *file, const char *path, const char *key,
                           const char **value, jc_error *err)
{
    *value = jc_safetensors_meta(file, key);
    if (*value)
        return JC_OK;
    return jc_fail(err, JC_E_FORMAT,
                   "'%s' is not a shortcut file: metadata '%s' is missing", path, key);
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
                       "'%s' is not a shortcut file: format '%.40s', not '%s'", path,
                       format, JC_SHORTCUT_FORMAT);
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

/* ---- one tensor ---- */

static jc_status check_finite(const jc_tensor *t, const jc_numbers *numbers, jc_error *err)
{
    float some[256];

    for (size_t first = 0; first < t->count && t->dtype != JC_I8; first += JC_COUNT(some)) {
        size_t left = t->count - first, n = left < JC_COUNT(some) ? left : JC_COUNT(some);
        jc_numbers_read(numbers, first, n, some);
        for (size_t i = 0; i < n; i++)
            if (!isfinite(some[i]))
                return jc_fail(err, JC_E_NUMERIC,
                               "cannot read tensor '%s' of '%s': element %zu is not finite",
                               t->name, t->file, first + i);
    }
    jc_map_release(t->data, t->bytes);
    return JC_OK;
}

/* Where they lie if they are aligned, or a copy. */
static jc_status take_numbers(const jc_tensor *t, size_t rows, size_t cols,
                              jc_numbers *numbers, jc_error *err)
{
    numbers->dtype = t->dtype;
    numbers->rows = rows;
    numbers->cols = cols;
    numbers->data = t->data;
    if ((uintptr_t)t->data % jc_dtype_bytes(t->dtype) != 0) {
        numbers->own = jc_alloc(t->bytes);
        if (!numbers->own)
            return jc_fail_nomem(err, "a map");
        memcpy(numbers->own, t->data, t->bytes);
        numbers->data = numbers->own;
    }
    return check_finite(t, numbers, err);
}

static jc_status check_shape(const jc_tensor *t, uint32_t n_dims, size_t rows, size_t cols,
                             jc_error *err)
{
    char want[64];

    if (t->n_dims == n_dims && t->shape[0] == rows && (n_dims == 1 || t->shape[1] == cols))
        return JC_OK;
    if (n_dims == 1)
        snprintf(want, sizeof want, "[%zu]", rows);
    else
        snprintf(want, sizeof want, "[%zu, %zu]", rows, cols);
    if (t->n_dims == 1)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read tensor '%.200s' of '%s': its shape is [%zu], not %s",
                       t->name, t->file, t->shape[0], want);
    if (t->n_dims == 2)
        return jc_fail(
            err, JC_E_FORMAT,
            "cannot read tensor '%.200s' of '%s': its shape is [%zu, %zu], not %s", t->name,
            t->file, t->shape[0], t->shape[1], want);
    return jc_fail(err, JC_E_FORMAT,
                   "cannot read tensor '%.200s' of '%s': it has %u dimensions, not %u",
                   t->name, t->file, t->n_dims, n_dims);
}

/* The rank that a tensor says, if it has such a side; the first one decides. */
static jc_status take_rank(jc_map *map, const jc_form_tensor *form, const jc_tensor *t,
                           jc_error *err)
{
    size_t side = form->rows == JC_SIDE_RANK ? t->shape[0] : t->shape[1];
    size_t most = map->d_in < map->d_out ? map->d_in : map->d_out;

    if (map->rank || (form->rows != JC_SIDE_RANK && form->cols != JC_SIDE_RANK))
        return JC_OK;
    if (side < 1 || side > most)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read tensor '%.200s' of '%s': its rank is %zu, not from 1 "
                       "to %zu",
                       t->name, t->file, side, most);
    map->rank = side;
    return JC_OK;
}

static jc_status take_r2(jc_shortcut *s, const jc_tensor *t, jc_error *err)
{
    size_t taps = (size_t)s->layers + 1;
    jc_numbers numbers = {0};
    jc_status st = check_shape(t, 2, taps, taps, err);

    if (st == JC_OK && t->dtype != JC_F32)
        st = jc_fail(err, JC_E_UNSUPPORTED,
                     "cannot read tensor 'r2' of '%s': it is %s, not F32", t->file,
                     jc_tensor_type(t));
    if (st == JC_OK)
        st = take_numbers(t, taps, taps, &numbers, err);
    for (size_t i = 0; i < s->n && st == JC_OK; i++) {
        jc_map *map = s->maps[i];
        float r2;
        if (!jc_place_is_pair(&map->place) || map == s->implied)
            continue;
        jc_numbers_read(&numbers,
                        map->place.from[0].tap.block * taps + map->place.to.tap.block, 1,
                        &r2);
        map->r2 = (double)r2;
    }
    jc_free(numbers.own);
    return st;
}

/* ---- maps ---- */

static jc_status form_of(const jc_shortcut *s, const jc_tensor *t, const char *name,
                         const jc_form **form, jc_error *err)
{
    char key[JC_PLACE_NAME + 8];

    snprintf(key, sizeof key, "form.%s", name);
    const char *own = jc_safetensors_meta(s->file, key);
    *form = own ? jc_form_find(own) : s->form;
    return *form ? JC_OK
                 : jc_fail(err, JC_E_UNSUPPORTED,
                           "cannot read shortcuts of '%s': no form is called '%.40s'",
                           t->file, own);
}

/* The map of that place, added when it is the first tensor of it. */
static jc_status map_of(jc_shortcut *s, const jc_tensor *t, const jc_place *place,
                        size_t *others, jc_map **map, jc_error *err)
{
    const jc_form *form;
    char name[JC_PLACE_NAME];
    bool pair = jc_place_is_pair(place);

    if (place->kind == JC_PLACE_PART)
        *map = s->parts[(size_t)(place->block - 1) * JC_PARTS + place->part];
    else if (pair)
        *map = s->pairs[(size_t)place->from[0].tap.block * ((size_t)s->layers + 1) +
                        place->to.tap.block];
    else
        *map = jc_shortcut_find_place(s, place);
    if (*map)
        return JC_OK;
    if (!pair && place->kind != JC_PLACE_PART && ++*others > MOST_OTHERS)
        return jc_fail(
            err, JC_E_UNSUPPORTED,
            "cannot read shortcuts of '%s': more than %d maps of other taps than "
            "pairs of layers",
            t->file, MOST_OTHERS);
    jc_place_name(place, name);
    jc_status st = form_of(s, t, name, &form, err);
    return st ? st : jc_shortcut_add_empty(s, form, place, map, err);
}

/* Which tensor of the form `word` is; *scale: "weight_scale". */
static size_t tensor_of(const jc_form *form, const char *word, bool *scale)
{
    for (size_t i = 0; form->tensors[i].name; i++) {
        size_t n = strlen(form->tensors[i].name);
        if (strncmp(word, form->tensors[i].name, n) != 0)
            continue;
        *scale = strcmp(word + n, "_scale") == 0;
        if (!word[n] || *scale)
            return i;
    }
    return JC_FORM_TENSORS;
}

static jc_status take_scale(const jc_tensor *t, jc_numbers *numbers, size_t rows,
                            jc_error *err)
{
    jc_numbers scale = {0};
    jc_status st = check_shape(t, 1, rows, 1, err);

    if (st == JC_OK && t->dtype != JC_F32)
        st = jc_fail(err, JC_E_UNSUPPORTED,
                     "cannot read tensor '%.200s' of '%s': it is %s, not F32", t->name,
                     t->file, jc_tensor_type(t));
    if (st == JC_OK)
        st = take_numbers(t, rows, 1, &scale, err);
    if (st == JC_OK) {
        numbers->scale = jc_matrix_new(1, rows, sizeof *numbers->scale);
        if (numbers->scale)
            jc_numbers_read(&scale, 0, rows, numbers->scale);
        else
            st = jc_fail_nomem(err, "a map");
    }
    jc_free(scale.own);
    return st;
}

static jc_status take_into(jc_map *map, const jc_tensor *t, const char *word, jc_error *err)
{
    bool scale = false;
    size_t i = tensor_of(map->form, word, &scale);

    if (i == JC_FORM_TENSORS)
        return jc_fail(
            err, JC_E_FORMAT,
            "cannot read shortcuts of '%s': '%.100s' is not a tensor of the form '%s'",
            t->file, t->name, map->form->name);
    const jc_form_tensor *form = &map->form->tensors[i];
    jc_status st = scale ? JC_OK : take_rank(map, form, t, err);
    size_t rows = jc_map_side(map, form->rows), cols = jc_map_side(map, form->cols);
    if (st)
        return st;
    if (scale) /* its rows are compared with the weight's when all have been read */
        return take_scale(t, &map->tensor[i], t->shape[0], err);
    if (t->dtype != JC_F32 && t->dtype != JC_F16 && t->dtype != JC_BF16 &&
        t->dtype != JC_I8)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "cannot read tensor '%.200s' of '%s': it is %s, not F32, F16, BF16 "
                       "or I8",
                       t->name, t->file, jc_tensor_type(t));
    st = check_shape(t, form->cols == JC_SIDE_ONE ? 1 : 2, rows, cols, err);
    return st ? st : take_numbers(t, rows, cols, &map->tensor[i], err);
}

static jc_status take_tensor(jc_shortcut *s, const jc_tensor *t, size_t *others,
                             jc_error *err)
{
    const char *dot = strrchr(t->name, '.');
    jc_place place;
    jc_map *map;

    if (strcmp(t->name, "r2") == 0)
        return JC_OK; /* when the maps are known */
    if (!dot || !jc_place_read(&place, t->name, (size_t)(dot - t->name), s->layers))
        return jc_fail(
            err, JC_E_FORMAT,
            "cannot read tensor '%.100s' of '%s': there is no such map in %u layers",
            t->name, t->file, s->layers);
    jc_status st = map_of(s, t, &place, others, &map, err);
    return st ? st : take_into(map, t, dot + 1, err);
}

/* ---- maps that share one ---- */

/* The map from one of the taps that share `base`, of the form "shared". */
static jc_status share_one(jc_shortcut *s, const jc_map *base, const char *tap, size_t n,
                           const char *path, jc_error *err)
{
    jc_place place = {.kind = JC_PLACE_TAPS, .n_from = 1, .to = base->place.to};
    jc_map *map;

    if (!jc_tap_at_read(&place.from[0], tap, n, s->layers) ||
        jc_tap_at_same(place.from[0], place.to))
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read shortcuts of '%s': '%.*s' in metadata 'from.%s' is no "
                       "tap",
                       path, (int)(n < 40 ? n : 40), tap, base->name);
    map = jc_place_is_pair(&place)
              ? s->pairs[(size_t)place.from[0].tap.block * ((size_t)s->layers + 1) +
                         place.to.tap.block]
              : jc_shortcut_find_place(s, &place);
    if (!map) {
        jc_status st = jc_shortcut_add_empty(s, &jc_form_shared, &place, &map, err);
        if (st)
            return st;
    }
    if (map->form == &jc_form_shared)
        map->base = base;
    return JC_OK;
}

static jc_status take_sharing(jc_shortcut *s, const jc_map *base, const char *path,
                              jc_error *err)
{
    char key[JC_PLACE_NAME + 8];
    jc_status st = JC_OK;

    snprintf(key, sizeof key, "from.%s", base->name);
    const char *taps = jc_safetensors_meta(s->file, key);
    if (base->form == &jc_form_shared)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read shortcuts of '%s': '%s' shares itself", path,
                       base->name);
    for (size_t left = MOST_OTHERS; taps && *taps && left > 0 && st == JC_OK; left--) {
        size_t n = strcspn(taps, ",");
        st = share_one(s, base, taps, n, path, err);
        taps += n + (taps[n] == ',');
    }
    return st;
}

/* ---- the whole ---- */

/* Each map has all the tensors of its form. */
static jc_status check_map(const jc_map *map, const char *path, jc_error *err)
{
    if (map->form == &jc_form_shared && !map->base)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read shortcuts of '%s': what '%s' shares with others is "
                       "missing",
                       path, map->name);
    for (size_t i = 0; map->form->tensors[i].name; i++) {
        const jc_numbers *t = &map->tensor[i];
        const char *name = map->form->tensors[i].name;
        if (!t->data && (!map->form->tensors[i].optional || t->scale))
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read shortcuts of '%s': tensor '%s.%s' is missing", path,
                           map->name, name);
        if (t->data && (t->dtype == JC_I8) != (t->scale != NULL))
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read shortcuts of '%s': tensor '%s.%s_scale' %s", path,
                           map->name, name,
                           t->scale ? "belongs to numbers of type I8 only" : "is missing");
    }
    return JC_OK;
}

static void take_r2_meta(jc_shortcut *s)
{
    char key[JC_PLACE_NAME + 8];

    for (size_t i = 0; i < s->n; i++) {
        snprintf(key, sizeof key, "r2.%s", s->maps[i]->name);
        const char *value = jc_safetensors_meta(s->file, key);
        if (value)
            s->maps[i]->r2 = jc_real_parse(value, NULL);
    }
}

static jc_status take_tensors(jc_shortcut *s, const char *path, jc_error *err)
{
    size_t n = jc_safetensors_count(s->file), others = 0;
    const jc_tensor *r2 = jc_safetensors_find(s->file, "r2");
    jc_status st = JC_OK;

    for (size_t i = 0; i < n && st == JC_OK; i++)
        st = take_tensor(s, jc_safetensors_at(s->file, i), &others, err);
    for (size_t i = 0, had = s->n; i < had && st == JC_OK; i++)
        if (s->maps[i]->place.kind == JC_PLACE_SHARED)
            st = take_sharing(s, s->maps[i], path, err);
    if (st == JC_OK && r2)
        st = take_r2(s, r2, err);
    if (st == JC_OK && s->n == 0)
        return jc_fail(err, JC_E_FORMAT, "cannot read shortcuts of '%s': it has no maps",
                       path);
    for (size_t i = 0; i < s->n && st == JC_OK; i++)
        st = check_map(s->maps[i], path, err);
    if (st == JC_OK)
        take_r2_meta(s);
    return st;
}

jc_status jc_shortcut_open(jc_shortcut **out, const char *path, jc_error *err)
{
    jc_safetensors *file = NULL;
    jc_shortcut *s = NULL;
    jc_status st = jc_want_out(out, err);

    if (st == JC_OK)
        st = jc_safetensors_open(&file, path, err);
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
