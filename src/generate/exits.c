/* SPDX-License-Identifier: MIT */
/* exits.c: exits made ready: the table entries by name, points, maps and costs. */
#include "generate/exits.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/notes.h"
#include "shortcut/shortcut.h"

void jc_exits_free(jc_exits *e)
{
    if (!e)
        return;
    jc_prepared_free(e->pool);
    jc_free(e->between);
    jc_free(e->fills);
    jc_free(e->block);
    jc_free(e);
}

/* ---- entries by name ---- */

static jc_status no_entry(const char *what, const char *name, const char *(*list)(size_t),
                          jc_error *err)
{
    char names[256] = "";

    for (size_t i = 0; list(i); i++) {
        strncat(names, i ? ", " : "", sizeof names - strlen(names) - 1);
        strncat(names, list(i), sizeof names - strlen(names) - 1);
    }
    return jc_fail(err, JC_E_ARG, "there is no %s '%.80s': choose one of %s", what, name,
                   names);
}

static jc_status find_entries(jc_exits *e, const jc_exit_spec *spec, jc_error *err)
{
    e->gate = jc_gate_find(spec->gate);
    e->fill = jc_fill_find(spec->fill);
    if (!e->gate)
        return no_entry("gate", spec->gate, jc_gate_name, err);
    if (!e->fill)
        return no_entry("way to fill keys and values", spec->fill, jc_fill_name, err);
    e->lambda = spec->lambda != 0 ? spec->lambda : e->gate->lambda;
    if (!isfinite(e->lambda))
        return jc_fail(err, JC_E_ARG, "an exit threshold of %g is not a number", e->lambda);
    return JC_OK;
}

/* ---- maps ---- */

static jc_status find_map(const jc_exits *e, const jc_exit_spec *spec, uint32_t from,
                          uint32_t to, const char *who, const jc_map **map, jc_error *err)
{
    *map = jc_shortcut_find(spec->shortcut, from, to);
    if (*map)
        return JC_OK;
    const char *method = jc_shortcut_meta(spec->shortcut, "method");
    return jc_fail(
        err, JC_E_ARG,
        "the shortcuts%s%.40s%s have no map 'map.%u.%u', which %s needs: fit them %s",
        method ? " of method '" : "", method ? method : "", method ? "'" : "", from, to,
        who,
        to == e->layers ? "with '--pairs final'"
                        : "by mat, ridge or narrow with '--pairs all', or fill "
                          "with 'defer' or 'copy', which need none");
}

/* Keys and values of blocks from + 1 .. L, and the maps before them. */
static jc_status ready_fill(jc_exits *e, const jc_exit_spec *spec, size_t p, jc_error *err)
{
    jc_status st = JC_OK;

    for (uint32_t j = e->at[p]; j < e->layers && st == JC_OK; j++) {
        jc_cost *cost = &e->fills[p * e->layers + j];
        const jc_map *map;
        *cost = jc_cost_keys(e->model, j + 1);
        if (!e->fill->maps || j == e->at[p])
            continue;
        st = find_map(e, spec, e->at[p], j, "the fill 'mat'", &map, err);
        if (st == JC_OK)
            st = jc_prepared_layers(e->pool, map, &e->between[p * e->layers + j], err);
        if (st == JC_OK)
            *cost = jc_cost_sum(*cost, jc_map_layers_cost(map));
    }
    return st;
}

static jc_status ready_maps(jc_exits *e, const jc_exit_spec *spec, jc_error *err)
{
    char who[80];
    jc_status st = JC_OK;

    snprintf(who, sizeof who, "the gate '%s'", e->gate->name);
    e->between = jc_alloc_array(e->n * e->layers, sizeof *e->between);
    e->fills = jc_alloc_array(e->n * e->layers, sizeof *e->fills);
    if (!e->between || !e->fills)
        return jc_fail_nomem(err, "exits");
    for (size_t p = 0; p < e->n && st == JC_OK; p++) {
        const jc_map *map;
        st = find_map(e, spec, e->at[p], e->layers, who, &map, err);
        if (st == JC_OK)
            st = jc_prepared_layers(e->pool, map, &e->last[p], err);
        if (st == JC_OK)
            e->map[p] = jc_map_layers_cost(map);
        if (st == JC_OK)
            st = ready_fill(e, spec, p, err);
    }
    return st;
}

/* ---- points ---- */

/* The share of the full model's bytes that another gate is expected to save. */
static double gain_of(const jc_exits *e, const char *gate, const jc_cost *map)
{
    jc_exits other = *e;
    double gain;

    other.gate = jc_gate_find(gate);
    jc_exit_points_choose(&other, map, &gain);
    return gain;
}

/* What the chosen points are expected to save; where nothing, the gate that reads out only
 * once, which `cheap` is of. */
static void tell_points(const jc_exits *e, const jc_exit_spec *spec, double gain,
                        double cheap)
{
    char note[400];
    size_t n = (size_t)snprintf(note, sizeof note, "exits after %u", e->at[0]);

    for (size_t p = 1; p < e->n && n < sizeof note; p++)
        n += (size_t)snprintf(note + n, sizeof note - n, ",%u", e->at[p]);
    if (gain > 0 && n < sizeof note)
        snprintf(note + n, sizeof note - n,
                 ": by the cost model they save %.1f%% of the bytes", 100 * gain);
    else if (n < sizeof note)
        n += (size_t)snprintf(note + n, sizeof note - n,
                              ": but by the cost model no exit points pay here, their maps "
                              "and read-outs cost "
                              "more than the blocks that they leave unrun");
    if (gain <= 0 && cheap > 0 && n < sizeof note)
        snprintf(note + n, sizeof note - n,
                 "; the gate 'cosine', which reads out once a token, might save %.1f%%",
                 100 * cheap);
    jc_note(spec->hooks, "%s", note);
}

static jc_status choose(jc_exits *e, const jc_exit_spec *spec, jc_error *err)
{
    jc_cost *map = jc_alloc_array(e->layers, sizeof *map);
    double gain;

    if (!map)
        return jc_fail_nomem(err, "exits");
    for (uint32_t l = 1; l < e->layers; l++) {
        const jc_map *found = jc_shortcut_find(spec->shortcut, l, e->layers);
        map[l] = found ? jc_map_layers_cost(found) : (jc_cost){INFINITY, INFINITY};
    }
    jc_exit_points_choose(e, map, &gain);
    double cheap = gain <= 0 && e->gate->reads_out ? gain_of(e, "cosine", map) : 0;
    jc_free(map);
    if (e->n == 0)
        return jc_fail(err, JC_E_ARG,
                       "the shortcuts have no maps to layer %u, which the gate '%s' needs: "
                       "fit them with '--pairs final'",
                       e->layers, e->gate->name);
    tell_points(e, spec, gain, cheap);
    return JC_OK;
}

static jc_status count_costs(jc_exits *e, jc_error *err)
{
    e->block = jc_alloc_array(e->layers, sizeof *e->block);
    if (!e->block)
        return jc_fail_nomem(err, "exits");
    for (uint32_t l = 0; l < e->layers; l++)
        e->block[l] = jc_cost_block(e->model, l + 1);
    e->readout = jc_cost_readout(e->model);
    return JC_OK;
}

static jc_status check(const jc_exits *e, const jc_exit_spec *spec, jc_error *err)
{
    if (e->layers < 2)
        return jc_fail(err, JC_E_ARG, "a model of one block has no exit points");
    if (!spec->shortcut)
        return jc_fail(err, JC_E_ARG,
                       "the gate '%s' needs shortcuts with maps to layer %u: name their "
                       "file after the model",
                       spec->gate, e->layers);
    jc_status st = jc_shortcut_check(spec->shortcut, spec->model, err);
    return st;
}

jc_status jc_exits_new(jc_exits **out, const jc_exit_spec *spec, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(spec->model);
    jc_exits *e = jc_alloc_array(1, sizeof *e);

    *out = NULL;
    if (!e)
        return jc_fail_nomem(err, "exits");
    e->model = spec->model;
    e->layers = info->layers;
    e->length = spec->length;
    e->number_size = spec->kv && strcmp(spec->kv, "f16") == 0 ? 2 : 4;
    jc_status st = find_entries(e, spec, err);
    if (st == JC_OK)
        st = check(e, spec, err);
    if (st == JC_OK)
        st = count_costs(e, err);
    if (st == JC_OK)
        st = spec->at && spec->at[0]
                 ? jc_exit_points_read(e->at, &e->n, spec->at, e->layers, err)
                 : choose(e, spec, err);
    if (st == JC_OK)
        st = jc_prepared_new(&e->pool, jc_backend_find(info->backend),
                             spec->shortcut->n + 1, err);
    if (st == JC_OK)
        st = ready_maps(e, spec, err);
    if (st) {
        jc_exits_free(e);
        return st;
    }
    *out = e;
    return JC_OK;
}
