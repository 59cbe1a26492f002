/* SPDX-License-Identifier: MIT */
/* shortcut.c: making shortcuts, asking for their maps, and using them. */
#include "shortcut/shortcut.h"

#include "base/spill.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static jc_map **pair_at(const jc_shortcut *s, uint32_t from, uint32_t to)
{
    return &s->pairs[(size_t)from * ((size_t)s->layers + 1) + to];
}

static jc_map **part_at(const jc_shortcut *s, uint32_t block, jc_part part)
{
    return &s->parts[(size_t)(block - 1) * JC_PARTS + part];
}

jc_status jc_shortcut_put_meta(jc_shortcut *shortcut, const char *key, const char *value,
                               jc_error *err)
{
    return jc_metas_set(&shortcut->meta, key, value, err);
}

static jc_status set_fixed(jc_shortcut *s, jc_error *err)
{
    char layers[16], width[16];
    const char *meta[][2] = {
        {"format", JC_SHORTCUT_FORMAT},
        {"form", s->form->name},
        {"layers", layers},
        {"width", width},
    };
    jc_status st = JC_OK;

    snprintf(layers, sizeof layers, "%u", s->layers);
    snprintf(width, sizeof width, "%u", s->width);
    for (size_t i = 0; i < JC_COUNT(meta) && st == JC_OK; i++)
        st = jc_shortcut_put_meta(s, meta[i][0], meta[i][1], err);
    return st;
}

jc_status jc_shortcut_new(jc_shortcut **out, const jc_form *form, uint32_t layers,
                          uint32_t width, jc_error *err)
{
    jc_shortcut *s = jc_alloc_array(1, sizeof *s);
    size_t taps = (size_t)layers + 1;
    const jc_place first = jc_place_layers(0, layers);
    jc_status st = JC_OK;

    if (!s)
        return jc_fail_nomem(err, "shortcuts");
    s->form = form;
    s->layers = layers;
    s->width = width;
    s->pairs = jc_matrix_new(taps, taps, sizeof(jc_map *));
    s->parts = jc_matrix_new(layers, JC_PARTS, sizeof(jc_map *));
    s->lock_ready = pthread_mutex_init(&s->lock, NULL) == 0;
    if (!s->pairs || !s->parts || !s->lock_ready)
        st = jc_fail_nomem(err, "shortcuts");
    if (st == JC_OK)
        st = set_fixed(s, err);
    if (st == JC_OK && form == &jc_form_identity) {
        st = jc_shortcut_add_empty(s, form, &first, &s->implied, err);
        if (st == JC_OK)
            *pair_at(s, 0, layers) = NULL;
    }
    if (st) {
        jc_shortcut_free(s);
        return st;
    }
    *out = s;
    return JC_OK;
}

static void free_map(jc_map *map)
{
    for (size_t i = 0; map && i < JC_FORM_TENSORS; i++) {
        if (map->tensor[i].lent)
            continue;
        jc_spill_free(map->tensor[i].own);
        jc_free(map->tensor[i].scale);
    }
    if (map)
        jc_free(map->name);
    jc_free(map);
}

void jc_shortcut_free(jc_shortcut *shortcut)
{
    if (!shortcut)
        return;
    for (size_t i = 0; i < shortcut->n; i++)
        free_map(shortcut->maps[i]);
    jc_prepared_free(shortcut->prepared);
    jc_free(shortcut->maps);
    jc_free(shortcut->pairs);
    jc_free(shortcut->parts);
    jc_metas_free(&shortcut->meta);
    jc_safetensors_close(shortcut->file);
    if (shortcut->lock_ready)
        pthread_mutex_destroy(&shortcut->lock);
    jc_free(shortcut);
}

jc_status jc_shortcut_add_empty(jc_shortcut *shortcut, const jc_form *form,
                                const jc_place *place, jc_map **out, jc_error *err)
{
    char name[JC_PLACE_NAME];

    *out = NULL;
    jc_place_name(place, name);
    if (!jc_grow(&shortcut->maps, &shortcut->capacity, shortcut->n + 1, sizeof(jc_map *)))
        return jc_fail_nomem(err, "a map");
    jc_map *map = jc_alloc_array(1, sizeof *map);
    if (!map)
        return jc_fail_nomem(err, "a map");
    map->form = form;
    map->place = *place;
    map->owner = shortcut;
    map->index = shortcut->n;
    map->d_in = (place->n_from ? place->n_from : 1) * (size_t)shortcut->width;
    map->d_out = shortcut->width;
    map->r2 = (double)NAN;
    map->name = jc_strdup(name);
    if (!map->name) {
        free_map(map);
        return jc_fail_nomem(err, "a map");
    }
    shortcut->maps[shortcut->n++] = map;
    jc_prepared_free(shortcut->prepared); /* it has no room for one more */
    shortcut->prepared = NULL;
    if (place->kind == JC_PLACE_PART)
        *part_at(shortcut, place->block, place->part) = map;
    else if (jc_place_is_pair(place))
        *pair_at(shortcut, place->from[0].tap.block, place->to.tap.block) = map;
    *out = map;
    return JC_OK;
}

/* The last map that was added goes again. */
static void drop_last(jc_shortcut *s)
{
    jc_map *map = s->maps[--s->n];

    if (map->place.kind == JC_PLACE_PART)
        *part_at(s, map->place.block, map->place.part) = NULL;
    else if (jc_place_is_pair(&map->place))
        *pair_at(s, map->place.from[0].tap.block, map->place.to.tap.block) = NULL;
    free_map(map);
}

jc_status jc_shortcut_add(jc_shortcut *shortcut, const jc_map_spec *spec, jc_map **out,
                          jc_error *err)
{
    const jc_form_tensor *tensors = spec->form->tensors;
    jc_status st = jc_shortcut_add_empty(shortcut, spec->form, &spec->place, out, err);

    if (st)
        return st;
    jc_map *map = *out;
    for (size_t i = 0; tensors[i].name; i++) {
        jc_numbers *t = &map->tensor[i];
        if (tensors[i].rows == JC_SIDE_RANK || tensors[i].cols == JC_SIDE_RANK)
            map->rank = spec->rank;
        if (tensors[i].optional && !spec->optional)
            continue;
        t->dtype = JC_F32;
        t->rows = jc_map_side(map, tensors[i].rows);
        t->cols = jc_map_side(map, tensors[i].cols);
        size_t bytes;
        t->own =
            jc_mul(t->rows * t->cols, sizeof(float), &bytes) ? jc_spill_new(bytes) : NULL;
        t->data = t->own;
        if (!t->own) {
            drop_last(shortcut);
            *out = NULL;
            return jc_fail_nomem(err, "a map");
        }
    }
    return JC_OK;
}

jc_status jc_shortcut_add_pair(jc_shortcut *shortcut, uint32_t from, uint32_t to,
                               jc_map **map, jc_error *err)
{
    const jc_map_spec spec = {.form = shortcut->form, .place = jc_place_layers(from, to)};

    return jc_shortcut_add(shortcut, &spec, map, err);
}

static jc_status copy_numbers(jc_numbers *to, const jc_numbers *from, jc_error *err)
{
    size_t bytes = from->rows * from->cols * jc_dtype_bytes(from->dtype);

    if (!from->data)
        return JC_OK;
    *to = (jc_numbers){.dtype = from->dtype, .rows = from->rows, .cols = from->cols};
    to->own = jc_spill_new(bytes);
    to->data = to->own;
    if (from->scale)
        to->scale = jc_matrix_new(1, from->rows, sizeof *to->scale);
    if (!to->own || (from->scale && !to->scale))
        return jc_fail_nomem(err, "a map");
    memcpy(to->own, from->data, bytes);
    if (from->scale)
        memcpy(to->scale, from->scale, from->rows * sizeof *to->scale);
    return JC_OK;
}

/* Add a map with the numbers of another, copied or lent. */
static jc_status add_same(jc_shortcut *shortcut, const jc_map *from, bool lent,
                          jc_error *err)
{
    jc_map *map = NULL;
    jc_status st = JC_OK;

    if (from->base && !jc_shortcut_find_place(shortcut, &from->base->place))
        st = add_same(shortcut, from->base, lent, err);
    if (st == JC_OK)
        st = jc_shortcut_add_empty(shortcut, from->form, &from->place, &map, err);
    for (size_t i = 0; i < JC_FORM_TENSORS && st == JC_OK; i++) {
        if (lent)
            map->tensor[i] = from->tensor[i];
        else
            st = copy_numbers(&map->tensor[i], &from->tensor[i], err);
        map->tensor[i].lent = lent;
    }
    if (st)
        return st;
    map->rank = from->rank;
    map->r2 = from->r2;
    if (from->base)
        map->base = jc_shortcut_find_place(shortcut, &from->base->place);
    return JC_OK;
}

jc_status jc_shortcut_copy_map(jc_shortcut *shortcut, const jc_map *from, jc_error *err)
{
    return add_same(shortcut, from, false, err);
}

jc_status jc_shortcut_lend_map(jc_shortcut *shortcut, const jc_map *from, jc_error *err)
{
    return add_same(shortcut, from, true, err);
}

jc_status jc_shortcut_join(jc_shortcut *into, const jc_shortcut *from, jc_error *err)
{
    jc_status st = jc_want(into, "into", err);
    const jc_map *map;

    if (st == JC_OK)
        st = jc_want(from, "from", err);
    if (st)
        return st;
    if (into->layers != from->layers || into->width != from->width)
        return jc_fail(
            err, JC_E_MISMATCH,
            "cannot join shortcuts of %u layers %u wide and of %u layers %u wide",
            into->layers, into->width, from->layers, from->width);
    for (size_t i = 0; (map = jc_shortcut_map(from, i)) && st == JC_OK; i++)
        st = jc_shortcut_find_place(into, &map->place)
                 ? jc_fail(err, JC_E_ARG, "both shortcuts have '%s'", jc_map_name(map))
                 : jc_shortcut_copy_map(into, map, err);
    return st;
}

const jc_map *jc_shortcut_find_part(const jc_shortcut *shortcut, uint32_t block,
                                    jc_part part)
{
    return block < 1 || block > shortcut->layers ? NULL : *part_at(shortcut, block, part);
}

const jc_map *jc_shortcut_find(const jc_shortcut *shortcut, uint32_t from, uint32_t to)
{
    if (from >= to || to > shortcut->layers)
        return NULL;
    const jc_map *map = *pair_at(shortcut, from, to);
    return map ? map : shortcut->implied;
}

jc_map *jc_shortcut_find_place(const jc_shortcut *shortcut, const jc_place *place)
{
    for (size_t i = 0; i < shortcut->n; i++)
        if (shortcut->maps[i] != shortcut->implied &&
            jc_place_same(&shortcut->maps[i]->place, place))
            return shortcut->maps[i];
    return NULL;
}

const jc_map *jc_shortcut_map(const jc_shortcut *shortcut, size_t i)
{
    if (!shortcut)
        return NULL;
    size_t skip = shortcut->implied != NULL; /* the first one, which stands for all pairs */

    return i < shortcut->n - skip ? shortcut->maps[i + skip] : NULL;
}

uint32_t jc_shortcut_layers(const jc_shortcut *shortcut)
{
    if (!shortcut)
        return 0;
    return shortcut->layers;
}

uint32_t jc_shortcut_width(const jc_shortcut *shortcut)
{
    if (!shortcut)
        return 0;
    return shortcut->width;
}

bool jc_shortcut_has(const jc_shortcut *shortcut, uint32_t from, uint32_t to)
{
    if (!shortcut)
        return false;
    return jc_shortcut_find(shortcut, from, to) != NULL;
}

/* The map prepared for the default backend. */
static jc_status prepare(jc_shortcut *s, const jc_map *map, const jc_ready **ready,
                         jc_error *err)
{
    jc_status st = JC_OK;

    pthread_mutex_lock(&s->lock);
    if (!s->prepared)
        st = jc_prepared_new(&s->prepared, jc_backend_find(jc_backend_names()[0]), s->n,
                             err);
    if (st == JC_OK)
        st = jc_prepared_get(s->prepared, map, ready, err);
    pthread_mutex_unlock(&s->lock);
    return st;
}

jc_status jc_map_run(const jc_map *map, const float *x, size_t n, float *y, jc_error *err)
{
    if (jc_want(map, "map", err))
        return JC_E_ARG;
    if (jc_want(x, "x", err))
        return JC_E_ARG;
    if (jc_want(y, "y", err))
        return JC_E_ARG;
    const jc_ready *ready;
    jc_status st = prepare(map->owner, map, &ready, err);

    return st ? st : jc_ready_run(ready, x, n, y, err);
}

jc_status jc_shortcut_apply(const jc_shortcut *shortcut, uint32_t from, uint32_t to,
                            const float *x, size_t n, float *y, jc_error *err)
{
    jc_status st = jc_want(shortcut, "shortcut", err);

    if (st == JC_OK && n > 0)
        st = jc_want(x && y ? shortcut : NULL, "x or y", err);
    if (st)
        return st;
    const jc_map *map = jc_shortcut_find(shortcut, from, to);
    if (!map)
        return jc_fail(err, JC_E_ARG, "the shortcut has no map from layer %u to %u", from,
                       to);
    return jc_map_run(map, x, n, y, err);
}

bool jc_shortcut_has_part(const jc_shortcut *shortcut, uint32_t block, const char *part)
{
    if (!shortcut)
        return false;
    for (jc_part p = 0; p < JC_PARTS; p++)
        if (strcmp(jc_part_name(p), part) == 0)
            return jc_shortcut_find_part(shortcut, block, p) != NULL;
    return false;
}

const char *jc_shortcut_meta(const jc_shortcut *shortcut, const char *key)
{
    return shortcut && key ? jc_metas_get(&shortcut->meta, key) : NULL;
}

bool jc_shortcut_meta_fixed(const char *key)
{
    static const char *const keys[] = {"format", "form", "layers", "width"};

    for (size_t i = 0; i < JC_COUNT(keys); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return strncmp(key, "form.", 5) == 0 || strncmp(key, "r2.", 3) == 0 ||
           strncmp(key, "from.", 5) == 0;
}

jc_status jc_shortcut_set_meta(jc_shortcut *shortcut, const char *key, const char *value,
                               jc_error *err)
{
    if (jc_want(shortcut, "shortcut", err))
        return JC_E_ARG;
    if (jc_want(key, "key", err))
        return JC_E_ARG;
    if (jc_want(value, "value", err))
        return JC_E_ARG;
    if (jc_shortcut_meta_fixed(key))
        return jc_fail(err, JC_E_ARG, "metadata '%s' of shortcuts cannot be set", key);
    return jc_shortcut_put_meta(shortcut, key, value, err);
}

jc_status jc_shortcut_check_info(const jc_shortcut *shortcut, const jc_model_info *model,
                                 jc_error *err)
{
    const char *fingerprint = jc_shortcut_meta(shortcut, "model.fingerprint");
    const char *name = jc_shortcut_meta(shortcut, "model");

    if (!fingerprint || strcmp(fingerprint, model->fingerprint) != 0)
        return jc_fail(
            err, JC_E_MISMATCH,
            "the shortcuts were fitted on model '%.150s' (%.32s), not on '%.150s' "
            "(%s)",
            name ? name : "", fingerprint ? fingerprint : "no fingerprint", model->path,
            model->fingerprint);
    if (shortcut->layers != model->layers || shortcut->width != model->width)
        return jc_fail(
            err, JC_E_MISMATCH,
            "the shortcuts are for %u layers of width %u, model '%.150s' has %u of "
            "width %u",
            shortcut->layers, shortcut->width, model->path, model->layers, model->width);
    return JC_OK;
}

jc_status jc_shortcut_check(const jc_shortcut *shortcut, const jc_model *model,
                            jc_error *err)
{
    if (jc_want(shortcut, "shortcut", err))
        return JC_E_ARG;
    if (jc_want(model, "model", err))
        return JC_E_ARG;
    return jc_shortcut_check_info(shortcut, jc_model_get_info(model), err);
}
