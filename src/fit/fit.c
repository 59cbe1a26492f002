/* SPDX-License-Identifier: MIT */
/*
 * fit.c: sums in, shortcut out.
 *
 * All maps from one tap share the matrix of that tap, so it is factored once and used for
 * every target. The threads are those of the products; the loop over taps is serial
 * and holds one tap's factor at a time.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fit/methods.h"
#include "stats/moments.h"

#define ENOUGH                                                                             \
    10 /* times as many vectors as unknowns: least squares adds a tenth of noise */

/* clang-format off */
static const jc_option rows[] = {
    {"method", JC_OPTION_TEXT, offsetof(jc_fit_params, method), 0, 0, "mat", "id|mat|ridge",
     "how the maps are found; see 'jumpcut list methods'"},
    {"ridge", JC_OPTION_REAL, offsetof(jc_fit_params, ridge), 0, 1e6, "0.001", NULL,
     "method ridge: penalty, relative to the mean diagonal"},
    {"bias", JC_OPTION_BOOL, offsetof(jc_fit_params, bias), 0, 0, "false", NULL,
     "fit an intercept too"},
};
/* clang-format on */

const jc_option *jc_fit_options(size_t *n_rows)
{
    *n_rows = JC_COUNT(rows);
    return rows;
}

/* One fit under way. */
typedef struct job {
    const jc_stats *stats;
    const jc_fit_params *params;
    const jc_method *method;
    jc_shortcut *shortcut;
    double *w;            /* [d, d] */
    uint64_t done, total; /* maps */
    jc_error *err;
} job;

static jc_status set_meta(const job *j)
{
    const jc_stats *s = j->stats;
    char ridge[32], n_rows[24], n_texts[24];
    bool solves = j->method->prepare != NULL;
    struct {
        const char *key, *value;
        bool wanted;
    } meta[] = {
        {"method", j->method->info.name, true},
        {"ridge", ridge, j->method == &jc_method_ridge},
        {"bias", j->params->bias ? "true" : "false", solves},
        {"model", s->model, true},
        {"model.fingerprint", s->fingerprint, true},
        {"rows", n_rows, true},
        {"rows.texts", n_texts, true},
    };
    jc_status st = JC_OK;

    jc_real_format(j->params->ridge, ridge);
    snprintf(n_rows, sizeof n_rows, "%llu", (unsigned long long)s->rows);
    snprintf(n_texts, sizeof n_texts, "%llu", (unsigned long long)s->texts);
    for (size_t i = 0; i < JC_COUNT(meta) && st == JC_OK; i++)
        if (meta[i].wanted)
            st = jc_shortcut_set_meta(j->shortcut, meta[i].key, meta[i].value, j->err);
    return st;
}

/* Room in the shortcut for the map between two nodes: of layers, or of a part of a block.
 */
static jc_status add_map(const job *j, uint32_t from, uint32_t to, float **weight,
                         float **bias)
{
    const jc_stats *s = j->stats;

    if (jc_stats_keeps(s->taps, s->all_pairs, from, to))
        return jc_shortcut_add(j->shortcut, from, to, weight, bias, j->err);
    for (size_t i = 0; i < s->n_parts; i++) {
        const jc_stats_part *p = &s->parts[i];
        if (jc_stats_node(s, p->from) == from && jc_stats_node(s, p->to) == to)
            return jc_shortcut_add_part(j->shortcut, p->block, p->part, weight, bias,
                                        j->err);
    }
    return jc_fail(j->err, JC_E_ARG, "the sums hold a pair that is no part of a block");
}

/* The map in float32. The intercept is that of the rounded weights, so that the means meet.
 */
static jc_status store_map(const job *j, uint32_t from, uint32_t to)
{
    const jc_stats *s = j->stats;
    size_t d = s->width;
    const double *mean_x = s->mean + from * d, *mean_y = s->mean + to * d;
    float *weight, *bias;
    char names[2][JC_TAP_NAME];
    bool finite = true;
    jc_status st = add_map(j, from, to, &weight, &bias);

    if (st)
        return st;
    for (size_t row = 0; row < d; row++) {
        double at_mean = 0;

        for (size_t i = 0; i < d; i++) {
            float w = (float)j->w[row * d + i];
            weight[row * d + i] = w;
            at_mean += (double)w * mean_x[i];
            finite &= isfinite(w);
        }
        if (bias) {
            bias[row] = (float)(mean_y[row] - at_mean);
            finite &= isfinite(bias[row]);
        }
    }
    if (finite)
        return JC_OK;
    jc_tap_name(jc_stats_tap(s, from), names[0]);
    jc_tap_name(jc_stats_tap(s, to), names[1]);
    return jc_fail(
        j->err, JC_E_NUMERIC,
        "cannot fit the map from layer %s to %s: it holds a number that is not finite",
        names[0], names[1]);
}

/* What the map between two nodes, in w, explains of the vectors it was fitted on. */
static jc_status keep_r2(const job *j, const jc_solver *solver, uint32_t from, uint32_t to)
{
    const jc_stats *s = j->stats;
    size_t d = s->width;

    if (!jc_shortcut_find(j->shortcut, from, to))
        return JC_OK; /* of a part */
    double r2 = jc_solver_r2(solver, jc_stats_cross(s, from, to), s->mean + to * d,
                             s->square + to * d, j->w);
    return jc_shortcut_set_r2(j->shortcut, from, to, r2, j->err);
}

static jc_status fit_from(job *j, uint32_t from)
{
    const jc_stats *s = j->stats;
    size_t d = s->width;
    char what[8 + JC_TAP_NAME], name[JC_TAP_NAME];
    jc_solver *solver = NULL;
    jc_source source = {
        .square = jc_stats_cross(s, from, from),
        .mean = s->mean + from * d,
        .rows = (double)s->rows,
        .d = d,
        .bias = j->params->bias,
        .what = what,
    };

    jc_tap_name(jc_stats_tap(s, from), name);
    snprintf(what, sizeof what, "layer %s", name);
    jc_status st = j->method->prepare(&solver, source, j->params, j->err);
    for (uint32_t to = 0; to < s->nodes && st == JC_OK; to++) {
        const double *cross = jc_stats_cross(s, from, to);

        if (!cross || to == from)
            continue;
        jc_solver_solve(solver, cross, s->mean + to * d, j->w);
        st = store_map(j, from, to);
        if (st == JC_OK)
            st = keep_r2(j, solver, from, to);
        j->done++;
    }
    jc_solver_free(solver);
    return st;
}

static jc_status fit_all(job *j)
{
    const jc_stats *s = j->stats;
    jc_status st = JC_OK;

    for (uint32_t i = 0; i < s->nodes; i++)
        for (uint32_t k = 0; k < s->nodes; k++)
            j->total += i != k && jc_stats_cross(s, i, k);
    for (uint32_t from = 0; from < s->nodes && st == JC_OK; from++) {
        if (!jc_stats_cross(s, from, from))
            continue;
        jc_progress progress = {"fitting", "maps", j->done, j->total};

        st = jc_report(j->params->hooks, &progress, j->err);
        if (st == JC_OK)
            st = fit_from(j, from);
    }
    if (st == JC_OK) {
        jc_progress progress = {"fitting", "maps", j->done, j->total};
        st = jc_report(j->params->hooks, &progress, j->err);
    }
    return st;
}

static void note_too_few(const job *j)
{
    uint64_t unknowns = (uint64_t)j->stats->width + (j->params->bias ? 1 : 0);

    if (j->stats->rows < unknowns)
        jc_note(
            j->params->hooks,
            "%llu vectors for %llu unknowns a row: the maps are those of least norm; %llu "
            "vectors would determine them, %llu would make them good",
            (unsigned long long)j->stats->rows, (unsigned long long)unknowns,
            (unsigned long long)unknowns, (unsigned long long)(ENOUGH * unknowns));
}

static jc_status choose(job *j, jc_error *err)
{
    const jc_fit_params *p = j->params;
    const char *name = p->method ? p->method : "mat";

    j->method = jc_method_find(name);
    if (!j->method)
        return jc_fail(err, JC_E_ARG, "no method is called '%.40s'", name);
    if (p->bias && !j->method->form_bias)
        return jc_fail(err, JC_E_ARG, "method '%s' has no intercept", name);
    if (!(p->ridge >= 0 && p->ridge <= 1e6))
        return jc_fail(err, JC_E_ARG, "'ridge' must be from 0 to 1e+06, not %.10g",
                       p->ridge);
    if (j->stats->rows == 0 && j->method->prepare)
        return jc_fail(err, JC_E_ARG, "cannot fit: the sums are of no vectors");
    return JC_OK;
}

jc_status jc_fit(jc_shortcut **out, const jc_stats *stats, const jc_fit_params *params,
                 jc_error *err)
{
    jc_fit_params p;

    jc_fit_params_init(&p);
    if (params)
        memcpy(&p, params, params->size < sizeof p ? params->size : sizeof p);
    job j = {.stats = stats, .params = &p, .err = err};
    jc_status st = choose(&j, err);
    if (st)
        return st;
    st = jc_shortcut_new(&j.shortcut, p.bias ? j.method->form_bias : j.method->form,
                         stats->taps - 1, stats->width, err);
    if (st == JC_OK)
        st = set_meta(&j);
    if (st == JC_OK && j.method->prepare) {
        note_too_few(&j);
        j.w = jc_matrix_new(stats->width, stats->width, sizeof *j.w);
        st = j.w ? fit_all(&j) : jc_fail_nomem(err, "a map");
    }
    jc_free(j.w);
    if (st) {
        jc_shortcut_free(j.shortcut);
        return st;
    }
    *out = j.shortcut;
    return JC_OK;
}
