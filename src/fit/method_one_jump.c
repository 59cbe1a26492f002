/* SPDX-License-Identifier: MIT */
/*
 * method_one_jump.c: one map from every layer to the last (OJFA: Seshadri 2025), each layer
 * with a scale and a shift of its own or without. All follows from the sums of all layers,
 * pooled: S = sum of S_l, C = sum of C_l, about the mean of the layers' means.
 *
 * `pooled` is least squares on the pooled pairs, which no other shared map can beat in
 * squared error. `pick` takes one of the layers' own maps: that of the largest R2 on the
 * pooled pairs, which is the mean of its R2 over all layers, as all have the same target.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fit/reduce.h"
#include "kernels/linalg.h"

/* The sums of some layers to the last one, in the coordinates that the shared map sees. */
typedef struct pool {
    double *square, *cross; /* [d, d], about the mean */
    double *mean;           /* [d] */
    double rows;
} pool;

typedef struct one {
    jc_fit_job *job;
    const jc_stats *s;
    uint32_t layers;
    size_t d, rank;
    bool narrow, bias; /* scales take the mean out of a state, so they want an intercept */
    double *scale, *shift; /* [layers, d] */
    jc_weighing weighing;
    pool all, own;            /* of all layers; of one */
    double *square_y;         /* [d]: of the target in all pairs */
    double *best, *best_bias; /* the map taken, as [d, d] and [d] */
} one;

static bool pool_new(pool *p, size_t d)
{
    p->square = jc_matrix_new(d, d, sizeof *p->square);
    p->cross = jc_matrix_new(d, d, sizeof *p->cross);
    p->mean = jc_matrix_new(1, d, sizeof *p->mean);
    return p->square && p->cross && p->mean;
}

static void pool_free(pool *p)
{
    jc_free(p->square);
    jc_free(p->cross);
    jc_free(p->mean);
}

/* The layer's own scale and shift: to mean 0 and variance 1; 1 and 0 without. */
static void choose_scales(one *o)
{
    for (uint32_t l = 0; l < o->layers; l++)
        for (size_t c = 0; c < o->d; c++) {
            double variance = o->s->square[l * o->d + c] / (double)o->s->rows;
            double scale = o->job->params->scales && variance > 0 ? 1 / sqrt(variance) : 1;
            double *shift = &o->shift[l * o->d + c];
            /* as they will be stored */
            o->scale[l * o->d + c] = (double)(float)scale;
            *shift = o->job->params->scales
                         ? (double)(float)(-o->s->mean[l * o->d + c] * scale)
                         : 0;
        }
}

/* p gets the sums of one layer. */
static void take_layer(const one *o, uint32_t l, pool *p)
{
    size_t d = o->d;
    const double *square = jc_stats_cross(o->s, l, l);
    const double *cross = jc_stats_cross(o->s, l, o->layers);
    const double *scale = o->scale + l * d;

    p->rows = (double)o->s->rows;
    for (size_t a = 0; a < d; a++) {
        p->mean[a] = scale[a] * o->s->mean[l * d + a] + o->shift[l * d + a];
        for (size_t b = 0; b < d; b++) {
            p->square[a * d + b] = scale[a] * scale[b] * square[a * d + b];
            p->cross[a * d + b] = scale[a] * cross[a * d + b];
        }
    }
}

/* all += own. The target's mean is the same in both, so that products with it just add. */
static void add_layer(pool *all, const pool *own, size_t d)
{
    double n = all->rows, m = own->rows, weight = n * m / (n + m);

    for (size_t a = 0; a < d; a++)
        for (size_t b = 0; b < d; b++) {
            all->square[a * d + b] +=
                own->square[a * d + b] +
                weight * (own->mean[a] - all->mean[a]) * (own->mean[b] - all->mean[b]);
            all->cross[a * d + b] += own->cross[a * d + b];
        }
    for (size_t a = 0; a < d; a++)
        all->mean[a] += (own->mean[a] - all->mean[a]) * (m / (n + m));
    all->rows += m;
}

/* Least squares on a pool, reduced to the rank: w [d, d] and bias [d]. */
static jc_status solve(one *o, const pool *p, const double *square_y, double *w,
                       double *bias)
{
    const double *mean_y = o->s->mean + o->layers * o->d;
    jc_solver *solver = NULL;
    jc_reduced reduced = {0};
    const jc_source source = {.square = p->square,
                              .mean = p->mean,
                              .rows = p->rows,
                              .d = o->d,
                              .bias = o->bias,
                              .what = "all layers"};
    const jc_least least = {.d_in = o->d,
                            .d_out = o->d,
                            .rows = p->rows,
                            .mean_x = p->mean,
                            .mean_y = mean_y,
                            .square_y = square_y,
                            .cross = p->cross,
                            .w = w};
    jc_status st = jc_solver_new(&solver, &source, o->job->err);

    if (st == JC_OK)
        jc_solver_solve(solver, o->d, p->cross, mean_y, w);
    jc_solver_free(solver);
    if (st == JC_OK && o->narrow) {
        st = jc_reduce(&reduced, &least, o->bias, &o->weighing, o->job->err);
        if (st == JC_OK) /* w = up' down of the first directions */
            jc_dgemm(true, false, o->d, o->d, o->rank, reduced.up, reduced.down, w);
        jc_reduced_release(&reduced);
    }
    for (size_t c = 0; c < o->d && st == JC_OK; c++) {
        bias[c] = o->bias ? mean_y[c] : 0;
        for (size_t i = 0; i < o->d && o->bias; i++)
            bias[c] -= w[c * o->d + i] * p->mean[i];
    }
    return st;
}

/* R2 of a map on the pairs of a pool. work [d, d] */
static double r2_on(const one *o, const pool *p, const double *square_y, const double *w,
                    const double *bias, double *work)
{
    const double *mean_y = o->s->mean + o->layers * o->d;
    size_t d = o->d;
    double total = 0;

    jc_dgemm(false, false, d, d, d, w, p->square, work);
    for (size_t c = 0; c < d; c++) {
        double residual = square_y[c], off = mean_y[c] - bias[c];
        for (size_t i = 0; i < d; i++) {
            residual += w[c * d + i] * (work[c * d + i] - 2 * p->cross[i * d + c]);
            off -= w[c * d + i] * p->mean[i];
        }
        residual += p->rows * off * off;
        total += square_y[c] > 0 ? 1 - fmax(residual, 0) / square_y[c] : 1;
    }
    return total / (double)d;
}

/* The layer whose own map does best on all. */
static jc_status pick(one *o, uint32_t *picked)
{
    size_t d = o->d;
    const double *square_y = o->s->square + o->layers * d;
    double *w = jc_matrix_new(2 * d + 1, d, sizeof *w);
    double best = -HUGE_VAL;
    jc_status st = w ? JC_OK : jc_fail_nomem(o->job->err, "a shared map");

    for (uint32_t l = 0; l < o->layers && st == JC_OK; l++) {
        double *bias = w + d * d, *work = bias + d;
        take_layer(o, l, &o->own);
        st = solve(o, &o->own, square_y, w, bias);
        if (st == JC_OK)
            st = jc_fit_progress(o->job, l);
        double r2 = st ? 0 : r2_on(o, &o->all, o->square_y, w, bias, work);
        if (st || r2 <= best)
            continue;
        best = r2;
        *picked = l;
        memcpy(o->best, w, d * d * sizeof *w);
        memcpy(o->best_bias, bias, d * sizeof *bias);
    }
    jc_free(w);
    return st;
}

/* ---- storing ---- */

/* What is shared, in float32, as narrow matrices where a rank is wanted. The best map is
 * low in rank already: its own directions give it back. */
static jc_status store_base(one *o, jc_map **base)
{
    size_t d = o->d, rank = o->rank;
    const jc_map_spec spec = {
        .form = o->narrow ? &jc_form_low_rank
                : o->bias ? &jc_form_affine
                          : &jc_form_dense,
        .place = {.kind = JC_PLACE_SHARED, .to = {.tap = {.block = o->layers}}},
        .rank = rank,
        .optional = o->bias};
    jc_status st = jc_shortcut_add(o->job->shortcut, &spec, base, o->job->err);

    if (st)
        return st;
    float *weight = jc_map_fill(*base, "weight"), *bias = jc_map_fill(*base, "bias");
    for (size_t i = 0; i < d * d && weight; i++)
        weight[i] = (float)o->best[i];
    for (size_t c = 0; c < d && bias; c++)
        bias[c] = (float)o->best_bias[c];
    if (!o->narrow)
        return jc_fit_finite(o->job, *base, weight, d * d);

    /* W W' = V s V': the columns of V that matter, and V' W */
    double *v = jc_matrix_new(2 * d + 1, d, sizeof *v), *down = v ? v + d * d : NULL;
    st = v ? JC_OK : jc_fail_nomem(o->job->err, "a shared map");
    if (st == JC_OK) {
        jc_dgemm(false, true, d, d, d, o->best, o->best, v);
        st = jc_eigen(v, d, down + d * d, o->job->err);
    }
    if (st == JC_OK) {
        double *top = v + (d - rank) * d;
        float *narrow_down = jc_map_fill(*base, "down"), *up = jc_map_fill(*base, "up");
        jc_dgemm(false, false, rank, d, d, top, o->best, down);
        for (size_t i = 0; i < rank * d; i++)
            narrow_down[i] = (float)down[i];
        for (size_t c = 0; c < d; c++)
            for (size_t k = 0; k < rank; k++)
                up[c * rank + k] = (float)top[k * d + c];
        st = jc_fit_finite(o->job, *base, up, d * rank);
    }
    jc_free(v);
    return st;
}

static jc_status store_layer(one *o, uint32_t l, const jc_map *base, double *work)
{
    const jc_map_spec spec = {.form = &jc_form_shared,
                              .place = jc_place_layers(l, o->layers),
                              .optional = o->job->params->scales};
    jc_map *map;
    jc_status st = jc_shortcut_add(o->job->shortcut, &spec, &map, o->job->err);

    if (st)
        return st;
    map->base = base;
    for (size_t c = 0; c < o->d && spec.optional; c++) {
        jc_map_fill(map, "scale")[c] = (float)o->scale[l * o->d + c];
        jc_map_fill(map, "shift")[c] = (float)o->shift[l * o->d + c];
    }
    take_layer(o, l, &o->own);
    map->r2 =
        r2_on(o, &o->own, o->s->square + o->layers * o->d, o->best, o->best_bias, work);
    return JC_OK;
}

static jc_status describe(const one *o, uint32_t picked)
{
    const jc_fit_params *p = o->job->params;
    char number[24];
    bool pooled = !p->share || strcmp(p->share, "pooled") == 0;
    jc_shortcut *s = o->job->shortcut;
    jc_status st =
        jc_shortcut_set_meta(s, "share", pooled ? "pooled" : "pick", o->job->err);

    snprintf(number, sizeof number, "%u", picked);
    if (st == JC_OK && !pooled)
        st = jc_shortcut_set_meta(s, "picked", number, o->job->err);
    if (st == JC_OK)
        st = jc_shortcut_set_meta(s, "scales", p->scales ? "true" : "false", o->job->err);
    snprintf(number, sizeof number, "%zu", o->rank);
    if (st == JC_OK && o->narrow)
        st = jc_shortcut_set_meta(s, "rank", number, o->job->err);
    return st;
}

static jc_status run(one *o)
{
    const jc_fit_params *p = o->job->params;
    size_t d = o->d;
    uint32_t picked = 0;
    jc_map *base = NULL;
    jc_status st = JC_OK;

    choose_scales(o);
    for (uint32_t l = 0; l < o->layers; l++) {
        take_layer(o, l, &o->own);
        add_layer(&o->all, &o->own, d);
    }
    for (size_t c = 0; c < d; c++)
        o->square_y[c] = (double)o->layers * o->s->square[o->layers * d + c];
    if (!p->share || strcmp(p->share, "pooled") == 0)
        st = solve(o, &o->all, o->square_y, o->best, o->best_bias);
    else if (strcmp(p->share, "pick") == 0)
        st = pick(o, &picked);
    else
        st = jc_fail(o->job->err, JC_E_ARG, "'share' must be pick or pooled, not '%.40s'",
                     p->share);
    if (st == JC_OK)
        st = describe(o, picked);
    if (st == JC_OK)
        st = store_base(o, &base);
    double *work = jc_matrix_new(d, d, sizeof *work);
    if (st == JC_OK && !work)
        st = jc_fail_nomem(o->job->err, "a shared map");
    for (uint32_t l = 0; l < o->layers && st == JC_OK; l++)
        st = store_layer(o, l, base, work);
    jc_free(work);
    return st ? st : jc_fit_progress(o->job, o->job->n);
}

static jc_status fit(jc_fit_job *job)
{
    const jc_stats *s = job->stats;
    size_t d = s->width;
    one o = {.job = job,
             .s = s,
             .layers = s->taps - 1,
             .d = d,
             .narrow = job->params->rank > 0,
             .bias = job->params->bias || job->params->scales};
    jc_status st = jc_rank_of(job, &o.rank);

    if (st)
        return st;
    if (s->pairs == JC_PAIRS_NONE)
        return jc_fail(job->err, JC_E_ARG,
                       "method 'one-jump' wants sums of every layer to the last");
    o.scale = jc_matrix_new(o.layers, d, sizeof *o.scale);
    o.shift = jc_matrix_new(o.layers, d, sizeof *o.shift);
    o.square_y = jc_matrix_new(1, d, sizeof *o.square_y);
    o.best = jc_matrix_new(d, d, sizeof *o.best);
    o.best_bias = jc_matrix_new(1, d, sizeof *o.best_bias);
    bool room = o.scale && o.shift && o.square_y && o.best && o.best_bias;
    room &= pool_new(&o.all, d);
    room &= pool_new(&o.own, d);
    st = room ? jc_weighing_new(&o.weighing, job->params->metric, job->params->model, d,
                                job->err)
              : jc_fail_nomem(job->err, "a shared map");
    if (st == JC_OK)
        st = run(&o);
    jc_weighing_release(&o.weighing);
    pool_free(&o.all);
    pool_free(&o.own);
    jc_free(o.scale);
    jc_free(o.shift);
    jc_free(o.square_y);
    jc_free(o.best);
    jc_free(o.best_bias);
    return st;
}

const jc_method jc_method_one_jump = {
    .info = {.name = "one-jump",
             .summary = "one map for all layers, perhaps with a scale and shift of each",
             .options = "bias|rank|metric|share|scales",
             .last = true},
    .form = &jc_form_shared,
    .fit = fit,
};
