/* SPDX-License-Identifier: MIT */
#include "shortcut/packed.h"

#include <stdio.h>
#include <string.h>

#include "shortcut/shortcut.h"

bool jc_packed_has(const jc_packed *method, uint32_t from, uint32_t to)
{
    return from == to || !method->shortcut || jc_shortcut_find(method->shortcut, from, to);
}

bool jc_packed_complete(const jc_shortcut *shortcut, uint32_t last)
{
    for (uint32_t i = 0; i < last; i++)
        if (!jc_shortcut_find(shortcut, i, last))
            return false;
    return true;
}

static jc_status prepare_parts(jc_packed *method, const jc_model_info *info, jc_error *err)
{
    const jc_linear *linear;
    jc_status st = JC_OK;

    for (uint32_t block = 1; block <= info->layers; block++)
        for (jc_part part = 0; part < JC_PARTS && st == JC_OK; part++)
            if (jc_shortcut_find_part(method->shortcut, block, part)) {
                method->parts = true;
                st = jc_packed_part(method, block, part, &linear, err);
            }
    return st;
}

/* Maps whose packed copies would take more than this are run from their files. */
enum { PACKED_BYTES = 96 << 20 };

static bool are_large(const jc_shortcut *const *shortcuts, size_t n)
{
    const jc_map *map;
    uint64_t bytes = 0;

    for (size_t m = 0; m < n; m++)
        for (size_t i = 0; (map = jc_shortcut_map(shortcuts[m], i)); i++)
            bytes += jc_map_costs(map).parameters * sizeof(float);
    return bytes > PACKED_BYTES;
}

static jc_status prepare_maps(jc_packed *method, const jc_model_info *info,
                              jc_packed_pairs pairs, bool lean, jc_error *err)
{
    uint32_t taps = method->taps, last = taps - 1;
    jc_status st = JC_OK;

    for (uint32_t i = 0; i < last; i++)
        if (!jc_shortcut_find(method->shortcut, i, last))
            return jc_fail(err, JC_E_ARG,
                           "the shortcut '%s' has no map from layer %u to the last, %u, "
                           "which is needed",
                           method->name, i, last);
    method->maps = jc_alloc_array((size_t)taps * taps, sizeof(jc_ready *));
    if (!method->maps)
        return jc_fail_nomem(err, "the maps");
    st = jc_prepared_new(&method->pool, jc_backend_find(info->backend), method->shortcut->n,
                         err);
    if (st == JC_OK && lean)
        jc_prepared_lean(method->pool);
    for (uint32_t i = 0; i < taps; i++)
        for (uint32_t j = pairs == JC_PACK_ALL ? i + 1 : last; j < taps && st == JC_OK;
             j++) {
            const jc_map *map = jc_shortcut_find(method->shortcut, i, j);
            if (map && map != method->shortcut->implied)
                st = jc_prepared_get(method->pool, map, &method->maps[i * taps + j], err);
        }
    return st || pairs != JC_PACK_ALL ? st : prepare_parts(method, info, err);
}

/* names[n]: one that none before it has. */
static void choose_name(char (*names)[sizeof((jc_packed *)0)->name], size_t n,
                        const jc_shortcut *shortcut)
{
    const char *base = jc_shortcut_meta(shortcut, "method");
    size_t same = 1;

    snprintf(names[n], sizeof names[n], "%.30s", base ? base : "unnamed");
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], names[n]) == 0) {
            same++;
            snprintf(names[n], sizeof names[n], "%.30s-%zu", base ? base : "unnamed", same);
            i = (size_t)-1; /* the new name may be taken as well */
        }
}

void jc_packed_name(char (*names)[sizeof((jc_packed *)0)->name],
                    const jc_shortcut *const *shortcuts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        choose_name(names, i, shortcuts[i]);
}

/* Whether it holds maps between taps, but not one from every layer to the last. */
static bool stands_alone(const jc_shortcut *shortcut, uint32_t last)
{
    const jc_map *map;
    bool any = false;

    for (size_t i = 0; (map = jc_shortcut_map(shortcut, i)); i++)
        any |= map->place.kind == JC_PLACE_TAPS;
    return any && !jc_packed_complete(shortcut, last);
}

jc_status jc_packed_new(jc_packed **methods, size_t *n, const jc_model *model,
                        const jc_shortcut *const *shortcuts, size_t n_shortcuts,
                        jc_packed_pairs pairs, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(model);
    jc_packed *all = jc_alloc_array(n_shortcuts + 1, sizeof *all);
    jc_status st = JC_OK;
    size_t had = 1;

    *methods = NULL;
    *n = 0;
    char(*names)[sizeof all->name] = jc_alloc_array(n_shortcuts + 1, sizeof *names);
    if (!all || !names) {
        jc_free(all);
        jc_free(names);
        return jc_fail_nomem(err, "the methods");
    }
    bool lean = pairs == JC_PACK_ALL && are_large(shortcuts, n_shortcuts);
    jc_packed_name(names, shortcuts, n_shortcuts);
    snprintf(all[0].name, sizeof all[0].name, "id");
    all[0].taps = info->layers + 1;
    for (size_t i = 0; i < n_shortcuts && st == JC_OK; i++) {
        const char *kind = jc_shortcut_meta(shortcuts[i], "method");
        st = jc_shortcut_check(shortcuts[i], model, err);
        if (st || (kind && strcmp(kind, "id") == 0))
            continue; /* the identity is there already */
        if (pairs == JC_PACK_ALL && stands_alone(shortcuts[i], info->layers))
            continue;
        jc_packed *method = &all[had];
        method->shortcut = shortcuts[i];
        method->taps = info->layers + 1;
        snprintf(method->name, sizeof method->name, "%s", names[i]);
        had++;
        st = prepare_maps(method, info, pairs, lean, err);
    }
    jc_free(names);
    if (st) {
        jc_packed_free(all, had);
        return st;
    }
    *methods = all;
    *n = had;
    return JC_OK;
}

void jc_packed_free(jc_packed *methods, size_t n)
{
    for (size_t m = 0; methods && m < n; m++) {
        jc_prepared_free(methods[m].pool);
        jc_free(methods[m].maps);
    }
    jc_free(methods);
}

static jc_status linear_of(const jc_packed *method, const jc_map *map,
                           const jc_linear **linear, jc_error *err)
{
    *linear = NULL;
    return map && map->form != &jc_form_identity
               ? jc_prepared_linear(method->pool, map, linear, err)
               : JC_OK;
}

jc_status jc_packed_linear(const jc_packed *method, uint32_t from, uint32_t to,
                           const jc_linear **linear, jc_error *err)
{
    return linear_of(method,
                     method->shortcut ? jc_shortcut_find(method->shortcut, from, to) : NULL,
                     linear, err);
}

jc_status jc_packed_part(const jc_packed *method, uint32_t block, jc_part part,
                         const jc_linear **linear, jc_error *err)
{
    return linear_of(method,
                     method->shortcut ? jc_shortcut_find_part(method->shortcut, block, part)
                                      : NULL,
                     linear, err);
}

jc_status jc_packed_map(const jc_packed *method, uint32_t from, uint32_t to, const float *x,
                        size_t rows, float *buffer, const float **y, jc_error *err)
{
    const jc_ready *map = method->maps ? method->maps[from * method->taps + to] : NULL;

    *y = from == to || !map ? x : buffer;
    return *y == x ? JC_OK : jc_ready_run(map, x, rows, buffer, err);
}
