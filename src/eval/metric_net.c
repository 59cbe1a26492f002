/* SPDX-License-Identifier: MIT */
/*
 * metric_net.c: early exit at a few layers, with what it costs.
 *
 * For every choice of up to three exit points a token leaves at the first of them where the
 * gap of the two largest probabilities is above g. It has then paid for the blocks up to
 * there, and for a map and a read-out at each point that it came to; one that never leaves
 * pays the full model's read-out as well. Told is the frontier: of all choices and g those
 * that no other beats in both work and precision@1.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/net.h"
#include "shortcut/shortcut.h"

enum { LAYERS = 11, POINTS = 3, GAPS = 21, MOST = 60 };

typedef struct choice {
    uint32_t at[POINTS]; /* [n] */
    size_t n;
} choice;

typedef struct tally {
    double hits, flops, bytes;
} tally;

struct net {
    choice *choice; /* [n] */
    size_t n;
    jc_net_costs costs;
    tally *tally; /* [n_methods, n, GAPS] */
    uint64_t rows;
};

static void release(void *state)
{
    struct net *s = state;

    if (!s)
        return;
    jc_free(s->choice);
    jc_net_costs_free(&s->costs);
    jc_free(s->tally);
    jc_free(s);
}

static double gap_of(size_t g)
{
    return (double)g / (GAPS - 1);
}

/* ---- costs ---- */

void jc_net_costs_free(jc_net_costs *costs)
{
    jc_free(costs->below);
    jc_free(costs->maps);
    *costs = (jc_net_costs){.below = NULL};
}

static jc_cost map_cost(const jc_packed *method, uint32_t from, uint32_t to)
{
    const jc_map *map =
        method->shortcut ? jc_shortcut_find(method->shortcut, from, to) : NULL;

    return map ? jc_map_layers_cost(map) : (jc_cost){0, 0};
}

jc_status jc_net_costs_of(jc_net_costs *costs, const jc_eval_run *run, jc_error *err)
{
    uint32_t layers = run->taps - 1;

    costs->below = jc_alloc_array(run->taps, sizeof *costs->below);
    costs->maps = jc_alloc_array(run->n_methods * run->taps, sizeof *costs->maps);
    if (!costs->below || !costs->maps) {
        jc_net_costs_free(costs);
        return jc_fail_nomem(err, "costs");
    }
    for (uint32_t l = 1; l <= layers; l++)
        costs->below[l] = jc_cost_sum(costs->below[l - 1], jc_cost_block(run->model, l));
    for (size_t m = 0; m < run->n_methods; m++)
        for (uint32_t l = 0; l < layers; l++)
            costs->maps[m * run->taps + l] = map_cost(&run->methods[m], l, layers);
    costs->readout = jc_cost_readout(run->model);
    costs->full = jc_cost_sum(costs->below[layers], costs->readout);
    return JC_OK;
}

jc_cost jc_net_every_layer(const jc_net_costs *costs, double blocks, uint32_t layers,
                           size_t m)
{
    const jc_cost *all = &costs->below[layers], *maps = &costs->maps[m * (layers + 1)];
    jc_cost each = costs->readout;
    double share = blocks / layers;

    for (uint32_t l = 1; l < layers; l++) {
        each.flops += maps[l].flops / (layers - 1);
        each.bytes += maps[l].bytes / (layers - 1);
    }
    return (jc_cost){(share * all->flops + blocks * each.flops) / costs->full.flops,
                     (share * all->bytes + blocks * each.bytes) / costs->full.bytes};
}

/* Of a token that leaves at the p-th point, or, p = n, at none. */
static jc_cost cost_of(const struct net *s, const jc_eval_run *run, const choice *c,
                       size_t p, size_t m)
{
    uint32_t depth = p < c->n ? c->at[p] : run->taps - 1;
    size_t met = p < c->n ? p + 1 : c->n;
    double reads = (double)(met + (p == c->n));
    jc_cost sum = s->costs.below[depth];

    for (size_t i = 0; i < met; i++)
        sum = jc_cost_sum(sum, s->costs.maps[m * run->taps + c->at[i]]);
    sum.flops += reads * s->costs.readout.flops;
    sum.bytes += reads * s->costs.readout.bytes;
    return sum;
}

/* ---- rows ---- */

/* All choices among up to LAYERS layers, evenly spaced. */
static jc_status make_choices(struct net *s, const jc_eval_run *run, jc_error *err)
{
    uint32_t between = run->taps - 2, at[LAYERS];
    uint32_t n = between < LAYERS ? between : LAYERS;

    for (uint32_t i = 0; i < n; i++)
        at[i] = 1 + (n > 1 ? i * (between - 1) / (n - 1) : 0);
    s->choice = jc_alloc_array((size_t)LAYERS * LAYERS * LAYERS, sizeof *s->choice);
    if (!s->choice)
        return jc_fail_nomem(err, "exit points");
    for (uint32_t a = 0; a < n; a++) {
        s->choice[s->n++] = (choice){{at[a]}, 1};
        for (uint32_t b = a + 1; b < n; b++) {
            s->choice[s->n++] = (choice){{at[a], at[b]}, 2};
            for (uint32_t c = b + 1; c < n; c++)
                s->choice[s->n++] = (choice){{at[a], at[b], at[c]}, 3};
        }
    }
    s->tally = jc_alloc_array(run->n_methods * s->n * GAPS, sizeof *s->tally);
    return s->tally ? JC_OK : jc_fail_nomem(err, "exit points");
}

static jc_status begin(void **state, const jc_eval_run *run, jc_error *err)
{
    struct net *s = *state = jc_alloc_array(1, sizeof *s);

    if (!s)
        return jc_fail_nomem(err, "exit points");
    jc_status st = jc_net_costs_of(&s->costs, run, err);
    return st ? st : make_choices(s, run, err);
}

/* scores: of a method, row r at tap l is scores[l * rows + r]. */
static void add_row(struct net *s, const jc_eval_run *run, size_t m, const jc_score *scores,
                    size_t rows, size_t r)
{
    for (size_t k = 0; k < s->n; k++) {
        const choice *c = &s->choice[k];
        tally *tallies = s->tally + (m * s->n + k) * GAPS;
        jc_cost cost[POINTS + 1];
        size_t p = 0;
        for (size_t q = 0; q <= c->n; q++)
            cost[q] = cost_of(s, run, c, q, m);
        for (size_t g = 0; g < GAPS; g++) { /* a larger g never leaves earlier */
            while (p < c->n && !((double)scores[c->at[p] * rows + r].gap > gap_of(g)))
                p++;
            tallies[g].hits += p == c->n || scores[c->at[p] * rows + r].rank == 0;
            tallies[g].flops += cost[p].flops;
            tallies[g].bytes += cost[p].bytes;
        }
    }
}

static jc_status add(void *state, const jc_eval_run *run, const jc_eval_batch *batch,
                     jc_error *err)
{
    struct net *s = state;

    (void)err;
    for (size_t m = 0; m < run->n_methods; m++)
        for (size_t r = 0; r < batch->rows; r++)
            add_row(s, run, m, batch->scores + m * run->taps * batch->rows, batch->rows, r);
    s->rows += batch->rows;
    return JC_OK;
}

/* ---- the frontier ---- */

typedef struct point {
    choice at;
    double gap, p1, flops, bytes;
} point;

typedef struct frontier {
    point by_flops[MOST], by_bytes[MOST];
    size_t n_flops, n_bytes;
    point best; /* the least bytes at the target */
} frontier;

typedef struct figures {
    double target;
    frontier *of; /* [n_methods] */
} figures;

static int by_p1(const void *a, const void *b)
{
    const point *x = a, *y = b;

    return (x->p1 < y->p1) - (x->p1 > y->p1);
}

static int by_p1_flops(const void *a, const void *b)
{
    const point *x = a, *y = b;
    int order = by_p1(a, b);

    return order ? order : (x->flops > y->flops) - (x->flops < y->flops);
}

static int by_p1_bytes(const void *a, const void *b)
{
    const point *x = a, *y = b;
    int order = by_p1(a, b);

    return order ? order : (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

/* From points in order of precision those that cost less than all before by a 200th of the
 * full model at least. */
static size_t cut(point *all, size_t n, bool bytes, point *out)
{
    size_t kept = 0;
    double least = INFINITY;

    qsort(all, n, sizeof *all, bytes ? by_p1_bytes : by_p1_flops);
    for (size_t i = 0; i < n && kept < MOST; i++) {
        double cost = bytes ? all[i].bytes : all[i].flops;
        if (cost > least - 0.005 || all[i].p1 < 0.5)
            continue;
        least = cost;
        out[kept++] = all[i];
    }
    return kept;
}

static void measure(const struct net *s, size_t m, double target, point *all, frontier *out)
{
    const tally *tallies = s->tally + m * s->n * GAPS;
    double rows = (double)s->rows;
    size_t n = s->n * GAPS;

    out->best = (point){.p1 = 1, .flops = 1, .bytes = 1}; /* the full model */
    for (size_t i = 0; i < n; i++) {
        all[i] = (point){.at = s->choice[i / GAPS],
                         .gap = gap_of(i % GAPS),
                         .p1 = tallies[i].hits / rows,
                         .flops = tallies[i].flops / rows / s->costs.full.flops,
                         .bytes = tallies[i].bytes / rows / s->costs.full.bytes};
        if (all[i].p1 >= target && all[i].bytes < out->best.bytes)
            out->best = all[i];
    }
    out->n_flops = cut(all, n, false, out->by_flops);
    out->n_bytes = cut(all, n, true, out->by_bytes);
}

static jc_status finish(void *state, const jc_eval_run *run, jc_section *section,
                        jc_error *err)
{
    const struct net *s = state;
    figures *f = jc_section_room(section, 1, sizeof *f);
    point *all = jc_alloc_array(s->n * GAPS, sizeof *all);

    if (f)
        f->of = jc_section_room(section, run->n_methods, sizeof *f->of);
    if (!f || !f->of || !all) {
        jc_free(all);
        return jc_fail_nomem(err, "exit points");
    }
    f->target = run->params->target;
    for (size_t m = 0; m < run->n_methods; m++)
        measure(s, m, f->target, all, &f->of[m]);
    jc_free(all);
    section->figures = f;
    return JC_OK;
}

static void write_point(jc_json *json, json_t *object, const point *p)
{
    json_t *at = jc_put_list(json, object, "at");

    for (size_t i = 0; i < p->at.n; i++)
        jc_put_count(json, at, NULL, p->at.at[i]);
    jc_put_number(json, object, "gap", p->gap);
    jc_put_number(json, object, "p1", p->p1);
    jc_put_number(json, object, "flops", p->flops);
    jc_put_number(json, object, "bytes", p->bytes);
}

static void write_list(jc_json *json, json_t *in, const char *name, const point *points,
                       size_t n)
{
    json_t *list = jc_put_list(json, in, name);

    for (size_t i = 0; i < n; i++)
        write_point(json, jc_put_object(json, list, NULL), &points[i]);
}

static void write(const jc_section *section, jc_json *json, json_t *root)
{
    const figures *f = section->figures;
    json_t *net = jc_put_object(json, root, "net");

    for (size_t m = 0; m < section->n_methods; m++) {
        json_t *of = jc_put_object(json, net, section->methods[m]);
        write_list(json, of, "by_flops", f->of[m].by_flops, f->of[m].n_flops);
        write_list(json, of, "by_bytes", f->of[m].by_bytes, f->of[m].n_bytes);
        write_point(json, jc_put_object(json, of, "best"), &f->of[m].best);
    }
}

const jc_metric jc_metric_net = {
    .info = {"net", "early exit at up to three layers: multiply-adds and bytes, maps and "
                    "read-outs counted, against precision@1"},
    .reads_out = true,
    .begin = begin,
    .add = add,
    .finish = finish,
    .write = write,
    .release = release,
};
