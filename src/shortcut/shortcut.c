/* SPDX-License-Identifier: MIT */
/* shortcut.c: making shortcuts, asking for their maps, and using them. */
#include "shortcut/shortcut.h"

#include <stdio.h>
#include <string.h>

static jc_link *link_at(const jc_shortcut *s, uint32_t from, uint32_t to)
{
    return &s->links[(size_t)from * ((size_t)s->layers + 1) + to];
}

static jc_link *part_at(const jc_shortcut *s, uint32_t block, jc_part part)
{
    return &s->parts[(size_t)(block - 1) * JC_PARTS + part];
}

static jc_status set_meta(jc_shortcut *shortcut, const char *key, const char *value,
                          jc_error *err)
{
    char *copy = jc_strdup(value);

    if (!copy)
        goto short_of_memory;
    for (size_t i = 0; i < shortcut->n_meta; i++) {
        if (strcmp(shortcut->meta[i].key, key) == 0) {
            jc_free(shortcut->meta[i].value);
            shortcut->meta[i].value = copy;
            return JC_OK;
        }
    }
    if (!jc_grow(&shortcut->meta, &shortcut->meta_capacity, shortcut->n_meta + 1,
                 sizeof *shortcut->meta))
        goto short_of_memory;
    jc_meta *meta = &shortcut->meta[shortcut->n_meta];
    meta->key = jc_strdup(key);
    if (!meta->key)
        goto short_of_memory;
    meta->value = copy;
    shortcut->n_meta++;
    return JC_OK;

short_of_memory:
    jc_free(copy);
    return jc_fail_nomem(err, "metadata");
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
        st = set_meta(s, meta[i][0], meta[i][1], err);
    return st;
}

jc_status jc_shortcut_new(jc_shortcut **out, const jc_form *form, uint32_t layers,
                          uint32_t width, jc_error *err)
{
    jc_shortcut *s = jc_alloc_array(1, sizeof *s);
    size_t taps = (size_t)layers + 1;

    if (!s)
        return jc_fail_nomem(err, "shortcuts");
    s->form = form;
    s->layers = layers;
    s->width = width;
    s->links = jc_matrix_new(taps, taps, sizeof *s->links);
    s->parts = jc_matrix_new(layers, JC_PARTS, sizeof *s->parts);
    jc_status st =
        s->links && s->parts ? set_fixed(s, err) : jc_fail_nomem(err, "shortcuts");
    if (st) {
        jc_shortcut_free(s);
        return st;
    }
    if (!form->weight && !form->bias)
        for (uint32_t i = 0; i < layers; i++)
            for (uint32_t j = i + 1; j <= layers; j++)
                link_at(s, i, j)->present = true;
    *out = s;
    return JC_OK;
}

static void free_links(jc_link *links, size_t n)
{
    for (size_t k = 0; links && k < n; k++) {
        jc_free(links[k].own_weight);
        jc_free(links[k].own_bias);
    }
    jc_free(links);
}

void jc_shortcut_free(jc_shortcut *shortcut)
{
    if (!shortcut)
        return;
    size_t taps = (size_t)shortcut->layers + 1;
    free_links(shortcut->links, taps * taps);
    free_links(shortcut->parts, (size_t)shortcut->layers * JC_PARTS);
    for (size_t k = 0; k < shortcut->n_meta; k++) {
        jc_free(shortcut->meta[k].key);
        jc_free(shortcut->meta[k].value);
    }
    jc_free(shortcut->r2);
    jc_free(shortcut->meta);
    jc_safetensors_close(shortcut->file);
    jc_free(shortcut);
}

static jc_status fill_link(const jc_shortcut *shortcut, jc_link *link, float **weight,
                           float **bias, jc_error *err)
{
    size_t d = shortcut->width;

    if (shortcut->form->weight)
        link->own_weight = jc_matrix_new(d, d, sizeof *link->own_weight);
    if (shortcut->form->bias)
        link->own_bias = jc_matrix_new(1, d, sizeof *link->own_bias);
    if ((shortcut->form->weight && !link->own_weight) ||
        (shortcut->form->bias && !link->own_bias)) {
        jc_free(link->own_weight);
        jc_free(link->own_bias);
        link->own_weight = link->own_bias = NULL;
        return jc_fail_nomem(err, "a map");
    }
    link->weight = *weight = link->own_weight;
    link->bias = *bias = link->own_bias;
    link->present = true;
    return JC_OK;
}

jc_status jc_shortcut_add(jc_shortcut *shortcut, uint32_t from, uint32_t to, float **weight,
                          float **bias, jc_error *err)
{
    return fill_link(shortcut, link_at(shortcut, from, to), weight, bias, err);
}

jc_status jc_shortcut_add_part(jc_shortcut *shortcut, uint32_t block, jc_part part,
                               float **weight, float **bias, jc_error *err)
{
    return fill_link(shortcut, part_at(shortcut, block, part), weight, bias, err);
}

jc_status jc_shortcut_set_r2(jc_shortcut *shortcut, uint32_t from, uint32_t to, double r2,
                             jc_error *err)
{
    size_t taps = (size_t)shortcut->layers + 1;

    if (!shortcut->r2)
        shortcut->r2 = jc_matrix_new(taps, taps, sizeof *shortcut->r2);
    if (!shortcut->r2)
        return jc_fail_nomem(err, "R2");
    shortcut->r2[from * taps + to] = (float)r2;
    return JC_OK;
}

const jc_link *jc_shortcut_find_part(const jc_shortcut *shortcut, uint32_t block,
                                     jc_part part)
{
    if (block < 1 || block > shortcut->layers)
        return NULL;
    const jc_link *link = part_at(shortcut, block, part);
    return link->present ? link : NULL;
}

const jc_link *jc_shortcut_find(const jc_shortcut *shortcut, uint32_t from, uint32_t to)
{
    if (from >= to || to > shortcut->layers)
        return NULL;
    const jc_link *link = link_at(shortcut, from, to);
    return link->present ? link : NULL;
}

bool jc_shortcut_has(const jc_shortcut *shortcut, uint32_t from, uint32_t to)
{
    return jc_shortcut_find(shortcut, from, to) != NULL;
}

jc_status jc_shortcut_apply(const jc_shortcut *shortcut, uint32_t from, uint32_t to,
                            const float *x, size_t n, float *y, jc_error *err)
{
    const jc_link *link = jc_shortcut_find(shortcut, from, to);

    if (!link)
        return jc_fail(err, JC_E_ARG, "the shortcut has no map from layer %u to %u", from,
                       to);
    shortcut->form->apply(link, shortcut->width, x, n, y);
    return JC_OK;
}

bool jc_shortcut_has_part(const jc_shortcut *shortcut, uint32_t block, const char *part)
{
    for (jc_part p = 0; p < JC_PARTS; p++)
        if (strcmp(jc_part_name(p), part) == 0)
            return jc_shortcut_find_part(shortcut, block, p) != NULL;
    return false;
}

const char *jc_shortcut_meta(const jc_shortcut *shortcut, const char *key)
{
    for (size_t i = 0; i < shortcut->n_meta; i++)
        if (strcmp(shortcut->meta[i].key, key) == 0)
            return shortcut->meta[i].value;
    return NULL;
}

bool jc_shortcut_meta_fixed(const char *key)
{
    static const char *const keys[] = {"format", "form", "layers", "width"};

    for (size_t i = 0; i < JC_COUNT(keys); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

jc_status jc_shortcut_set_meta(jc_shortcut *shortcut, const char *key, const char *value,
                               jc_error *err)
{
    if (jc_shortcut_meta_fixed(key))
        return jc_fail(err, JC_E_ARG, "metadata '%s' of shortcuts cannot be set", key);
    return set_meta(shortcut, key, value, err);
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
    return jc_shortcut_check_info(shortcut, jc_model_get_info(model), err);
}
