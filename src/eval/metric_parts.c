/* SPDX-License-Identifier: MIT */
/*
 * metric_parts.c: parts of blocks as linear maps (Yom Din et al. 2024, section 6): run l
 * blocks as they are and every later one with attention, the MLP or both norms replaced by
 * the maps of a shortcut, for every l.
 *
 * In blocks of F = 24 d^2 flops a row, the ways from all l are L (L + 1) / 2 blocks. With
 * attention replaced (18 d^2) only the rows that are scored are run; the MLP replaced
 * leaves 10 d^2, the norms 28 d^2 of all rows. For 12 blocks that is at most 15.2 passes
 * over the texts, beside the read-outs, 2 d V flops for each l, part and scored row.
 */
#include <stdio.h>
#include <string.h>

#include "eval/routes.h"

static const struct {
    const char *name; /* after the method's, in results.json */
    bool replaced[JC_PARTS];
} kinds[] = {
    {"attn", {[JC_PART_ATTN] = true}},
    {"ffn", {[JC_PART_MLP] = true}},
    {"ln1_ln2", {[JC_PART_LN1] = true, [JC_PART_LN2] = true}},
};

/* A kind of a method: series first .. first + taps of the routes. */
typedef struct curve {
    size_t method, kind, first;
} curve;

typedef struct parts {
    jc_routes routes;
    curve *curves; /* [n] */
    size_t n;
    jc_part_maps *maps; /* [n_methods, kinds, layers] */
} parts;

static void release(void *state)
{
    parts *p = state;

    if (!p)
        return;
    jc_routes_release(&p->routes);
    jc_free(p->curves);
    jc_free(p->maps);
    jc_free(p);
}

/* The maps of a kind, [layers]; *whole is false when the shortcut lacks one. */
static jc_status fill_maps(const jc_eval_run *run, size_t method, size_t kind,
                           jc_part_maps *maps, bool *whole, jc_error *err)
{
    jc_status st = JC_OK;

    *whole = true;
    for (uint32_t block = 1; block < run->taps; block++)
        for (jc_part part = 0; part < JC_PARTS && st == JC_OK; part++) {
            if (!kinds[kind].replaced[part])
                continue;
            const jc_linear **map = &maps[block - 1].map[part];
            st = jc_packed_part(&run->methods[method], block, part, map, err);
            *whole &= *map != NULL;
        }
    return st;
}

/* The ways from every layer, and the model's own end. */
static jc_status add_curve(parts *p, const jc_eval_run *run, size_t method, size_t kind,
                           const jc_part_maps *maps, jc_error *err)
{
    uint32_t layers = run->taps - 1;
    jc_route_step *steps = jc_alloc_array(layers, sizeof *steps);
    jc_status st = steps ? JC_OK : jc_fail_nomem(err, "parts of blocks");

    p->curves[p->n++] = (curve){method, kind, p->routes.n};
    for (uint32_t l = 0; l < layers && st == JC_OK; l++)
        steps[l] = (jc_route_step){.block = l + 1, .parts = &maps[l]};
    for (uint32_t l = 0; l < layers && st == JC_OK; l++) {
        const jc_route route = {l, steps + l, layers - l};
        st = jc_routes_add(&p->routes, &route, err);
    }
    jc_free(steps);
    return st ? st : jc_routes_add_known(&p->routes, run, 0, layers, err);
}

static jc_status begin(void **state, const jc_eval_run *run, jc_error *err)
{
    size_t layers = run->taps - 1, most = run->n_methods * JC_COUNT(kinds);
    parts *p = jc_alloc_array(1, sizeof *p);
    jc_status st = JC_OK;

    *state = p;
    if (!p)
        return jc_fail_nomem(err, "parts of blocks");
    p->curves = jc_alloc_array(most, sizeof *p->curves);
    p->maps = jc_alloc_array(most * layers, sizeof *p->maps);
    if (!p->curves || !p->maps)
        return jc_fail_nomem(err, "parts of blocks");
    for (size_t i = 0; i < most && st == JC_OK; i++) {
        size_t method = i / JC_COUNT(kinds), kind = i % JC_COUNT(kinds);
        jc_part_maps *maps = p->maps + i * layers;
        bool whole;
        st = fill_maps(run, method, kind, maps, &whole, err);
        if (st == JC_OK && whole)
            st = add_curve(p, run, method, kind, maps, err);
    }
    return st || p->n == 0 ? st : jc_routes_begin(&p->routes, run, err);
}

static bool wants_routes(const jc_eval_run *run)
{
    for (size_t m = 0; m < run->n_methods; m++)
        if (run->methods[m].parts)
            return true;
    return false;
}

static jc_routes *routes_of(void *state)
{
    parts *p = state;

    return p->routes.n ? &p->routes : NULL;
}

typedef struct figures {
    size_t n;
    struct {
        char name[sizeof(jc_method_name) + 8]; /* of the method and the kind */
        jc_scores *layer;                      /* [taps] */
    } * curve;                                 /* [n] */
} figures;

static jc_status finish(void *state, const jc_eval_run *run, jc_section *section,
                        jc_error *err)
{
    parts *p = state;

    if (p->n == 0)
        return JC_OK;
    jc_status st = jc_tally_end(p->routes.tally, err);
    figures *f = jc_section_room(section, 1, sizeof *f);
    if (f)
        f->curve = jc_section_room(section, p->n, sizeof *f->curve);
    if (st == JC_OK && (!f || !f->curve))
        st = jc_fail_nomem(err, "parts of blocks");
    for (size_t i = 0; i < p->n && st == JC_OK; i++) {
        const curve *c = &p->curves[i];
        snprintf(f->curve[i].name, sizeof f->curve[i].name, "%s_%s",
                 run->methods[c->method].name, kinds[c->kind].name);
        f->curve[i].layer = jc_section_room(section, run->taps, sizeof(jc_scores));
        if (!f->curve[i].layer)
            return jc_fail_nomem(err, "parts of blocks");
        for (uint32_t l = 0; l < run->taps; l++)
            f->curve[i].layer[l] = jc_tally_scores(p->routes.tally, c->first + l);
        f->n++;
    }
    section->figures = f;
    return st;
}

static void write(const jc_section *section, jc_json *json, json_t *root)
{
    const figures *f = section->figures;
    json_t *all = jc_put_object(json, root, "parts");

    for (size_t i = 0; i < f->n; i++)
        jc_scores_write_layers(f->curve[i].layer, section->taps, json, all,
                               f->curve[i].name);
}

const jc_metric jc_metric_parts = {
    .info = {"parts", "precision and surprisal when attention, MLP or norms of all blocks "
                      "after a layer are maps, where the shortcut has them"},
    .wants_routes = wants_routes,
    .reads_out = true,
    .begin = begin,
    .routes = routes_of,
    .finish = finish,
    .write = write,
    .release = release,
};
