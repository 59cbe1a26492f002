/* SPDX-License-Identifier: MIT */
/*
 * training_size.c: how much text is enough: held-out scores against the number of training
 * vectors.
 *
 * The sums of a stream are looked at when they are of d/4, d/2, d, 2d, 4d, 16d, 64d, ...
 * vectors: densely where fits turn from undetermined to determined, where least squares is
 * at its worst, and sparsely where the curve is flat. At each point every variant is
 * fitted, scored and dropped, so one shortcut is held at a time.
 *
 * What it costs for GPT-2 (L = 12, d = 768, V = 50,257) with 9,000 training sentences of 25
 * tokens and 300 validation vectors:
 *   forward passes    225,000 tokens (all positions) + 112,000 (cut after the one), 0.17
 *                     Gflop each                                       57 Tflop
 *   sums              234,000 vectors, 12 crosses and 12 halves, 21 Mflop  5 Tflop
 *   fits              9 + 6 points, 4 variants, 12 of about 6 d^3      2 Tflop (float64)
 *   read-outs         60 fits, 12 layers, 300 vectors, 2 d V           17 Tflop
 * 81 Tflop in all, next to 33 for forward passes, sums and scores of one position a text of
 * 12,000, and 220 with all positions; half of it is the pass over all positions. Memory:
 * the sums twice, 226 MB; 29 MB for a shortcut and as much for its packed copy; 12 MB for
 * the validation states, 4 V bytes for each of 64 rows a thread.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "jumpcut/study.h"
#include "model/session.h"
#include "study/validation.h"

enum { POINTS = 40, NAME = 200 };

/* clang-format off */
static const jc_option rows[] = {
    {"size-texts", JC_OPTION_U32, offsetof(jc_training_size_params, size_texts), 1, 1e9, "300", NULL, "training size: texts for validation that it is scored on, one position of each"},
    {"ridge", JC_OPTION_REAL, offsetof(jc_training_size_params, ridge), 0, 1e6, "0.001", NULL, "method ridge: penalty, relative to the mean diagonal"},
    {"bootstrap", JC_OPTION_U32, offsetof(jc_training_size_params, bootstrap), 0, 10000, "1000", NULL, "times that texts are drawn again for the 95% intervals, 0 for none"},
    {"batch", JC_OPTION_U32, offsetof(jc_training_size_params, batch), 0, 1e6, "0", NULL, "tokens run together, 0 to choose; results do not depend on it"},
};
/* clang-format on */

const jc_option *jc_training_size_options(size_t *n_rows)
{
    *n_rows = JC_COUNT(rows);
    return rows;
}

static const struct variant {
    const char *method;
    bool bias;
} variants[] = {{"mat", false}, {"mat", true}, {"ridge", false}, {"ridge", true}};

struct study {
    const jc_model *model;
    const jc_training_size_params *params;
    const jc_validation *validation;
    json_t *list;                       /* of series */
    json_t *points[JC_COUNT(variants)]; /* of the present stream; in the list */
    uint64_t reached;                   /* the last number of vectors that was scored */
    char stage[64];
    jc_progress progress; /* of the stream, told again while a point is fitted */
    jc_hooks hooks;
};

/* ---- progress: one stage a stream, whatever goes on in it ---- */

static bool on_progress(void *arg, const jc_progress *progress)
{
    struct study *s = arg;
    const jc_hooks *hooks = s->params->hooks;

    if (strcmp(progress->unit, "maps") != 0)
        s->progress = *progress;
    s->progress.stage = s->stage;
    return !hooks || !hooks->progress || hooks->progress(hooks->arg, &s->progress);
}

/* ---- results ---- */

/* "ridge 0.001 with intercept, all positions" */
static void name_series(char name[NAME], const struct variant *v, double ridge,
                        const char *series)
{
    char number[32], penalty[40] = "";

    jc_real_format(ridge, number);
    if (strcmp(v->method, "ridge") == 0)
        snprintf(penalty, sizeof penalty, " %s", number);
    snprintf(name, NAME, "%s%s%s, %.100s", v->method, penalty,
             v->bias ? " with intercept" : "", series);
}

static jc_status add_series(struct study *s, const jc_training_series *series,
                            jc_error *err)
{
    for (size_t i = 0; i < JC_COUNT(variants); i++) {
        const struct variant *v = &variants[i];
        double ridge = strcmp(v->method, "ridge") == 0 ? s->params->ridge : 0;
        char name[NAME];

        name_series(name, v, ridge, series->name);
        json_t *one =
            json_pack("{s:s, s:s, s:f, s:b, s:s, s:I, s:I, s:[]}", "name", name, "method",
                      v->method, "ridge", ridge, "bias", v->bias, "positions",
                      series->positions, "val_texts", (json_int_t)s->validation->texts,
                      "val_vectors", (json_int_t)s->validation->rows, "points");
        s->points[i] = json_object_get(one, "points");
        if (json_array_append_new(s->list, one) != 0)
            return jc_fail_nomem(err, "the training size");
    }
    s->reached = 0;
    return JC_OK;
}

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *interval(double low, double high)
{
    return isfinite(low) && isfinite(high) ? json_pack("[f,f]", low, high) : json_null();
}

static jc_status add_point(json_t *points, uint64_t vectors, const jc_fit_score *score,
                           jc_error *err)
{
    json_t *point =
        json_pack("{s:I, s:o, s:o, s:o, s:o}", "vectors", (json_int_t)vectors, "r2",
                  number(score->r2), "r2_ci",
                  interval(score->r2 - score->r2_half, score->r2 + score->r2_half), "p1",
                  number(score->p1), "p1_ci", interval(score->p1_lo, score->p1_hi));

    return json_array_append_new(points, point) == 0
               ? JC_OK
               : jc_fail_nomem(err, "the training size");
}

/* ---- points ---- */

static jc_status score_variant(struct study *s, size_t i, const jc_stats *sums,
                               jc_error *err)
{
    const jc_hooks hooks = {.progress = on_progress, .arg = s}; /* notes would repeat */
    jc_fit_params params;
    jc_shortcut *shortcut;
    jc_fit_score score;

    jc_fit_params_init(&params);
    params.method = variants[i].method;
    params.bias = variants[i].bias;
    params.ridge = s->params->ridge;
    params.hooks = &hooks;
    jc_status st = jc_fit(&shortcut, sums, &params, err);
    if (st)
        return st;
    st = jc_validation_score(s->validation, shortcut, &score, err);
    jc_shortcut_free(shortcut);
    return st ? st : add_point(s->points[i], jc_stats_rows(sums), &score, err);
}

static jc_status reached(void *arg, const jc_stats *sums, jc_error *err)
{
    struct study *s = arg;
    jc_status st = JC_OK;

    for (size_t i = 0; i < JC_COUNT(variants) && st == JC_OK; i++)
        st = score_variant(s, i, sums, err);
    s->reached = jc_stats_rows(sums);
    return st;
}

/* d/4, d/2, d, 2d, 4d, 16d, ... up to 2^50. */
static size_t make_grid(uint32_t width, uint64_t at[POINTS])
{
    size_t n = 0;

    for (uint64_t v = (width + 3) / 4; v<(uint64_t)1 << 50; v *= n> 4 ? 4 : 2)
        at[n++] = v;
    return n;
}

static jc_status run_series(struct study *s, const jc_training_series *series,
                            jc_error *err)
{
    uint64_t at[POINTS];
    const jc_milestones milestones = {at, make_grid(jc_model_get_info(s->model)->width, at),
                                      reached, s};
    jc_stats_params params;
    jc_stats *sums = NULL;
    jc_status st = add_series(s, series, err);

    jc_stats_params_init(&params);
    params.batch = s->params->batch;
    params.hooks = &s->hooks;
    snprintf(s->stage, sizeof s->stage, "training size (%.30s)", series->positions);
    if (st == JC_OK)
        st = jc_stats_gather_at(&sums, s->model, series->train, &milestones, &params, err);
    if (st == JC_OK && jc_stats_rows(sums) != s->reached)
        st = reached(s, sums, err);
    jc_stats_free(sums);
    return st;
}

jc_status jc_training_size(char **json, const jc_model *model,
                           const jc_training_series *series, size_t n_series,
                           jc_samples *val, const jc_training_size_params *params,
                           jc_error *err)
{
    JC_USE_THREADS(jc_model_threads(model));
    jc_training_size_params p;
    jc_validation *validation = NULL;
    struct study s = {.model = model, .params = &p};

    *json = NULL;
    jc_training_size_params_init(&p);
    jc_status st = jc_model_ready(model, err);
    if (st == JC_OK)
        st = jc_want(val, "val", err);
    if (st == JC_OK && n_series > 0)
        st = jc_want(series, "series", err);
    if (st == JC_OK)
        st = jc_params_take(&p, sizeof p, params, rows, JC_COUNT(rows), err);
    if (st)
        return st;
    s.hooks = (jc_hooks){
        .progress = on_progress, .note = p.hooks ? p.hooks->note : NULL, .arg = &s};
    st = jc_validation_new(&validation, model, val, p.size_texts, p.batch, p.hooks, err);
    if (st == JC_OK) {
        validation->bootstrap = p.bootstrap;
        validation->seed = p.seed;
    }
    s.validation = validation;
    s.list = json_array();
    for (size_t i = 0; i < n_series && st == JC_OK; i++)
        st = run_series(&s, &series[i], err);
    if (st == JC_OK) {
        json_t *root = json_pack("{s:O}", "training_size", s.list);
        *json = root ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(10)) : NULL;
        json_decref(root);
        st = *json ? JC_OK : jc_fail_nomem(err, "the training size");
    }
    json_decref(s.list);
    jc_validation_free(validation);
    return st;
}
