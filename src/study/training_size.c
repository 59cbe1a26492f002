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
 * 81 Tflop in all, next to 33 for forward passes, sums and scores of one position per text
 * of 12,000, and 220 with all positions; half of it is the pass over all positions. Memory:
 * the sums twice, 226 MB; 29 MB for a shortcut and as much for its packed copy; 12 MB for
 * the validation states, 4 V bytes for each of 64 rows a thread.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eval/results.h"
#include "jumpcut/study.h"
#include "model/session.h"
#include "study/validation.h"

enum { POINTS = 40, NAME = 200 };

/* clang-format off */
static const jc_option rows[] = {
    {"size-texts", JC_OPTION_U32, offsetof(jc_training_size_params, size_texts), 1, 1e9, "300", NULL, "training size: texts for validation that it is scored on, one position of each"},
    {"ridge", JC_OPTION_REAL, offsetof(jc_training_size_params, ridge), 0, 1e6, "0.001", NULL, "method ridge: penalty, relative to the mean diagonal"},
    {"bootstrap", JC_OPTION_U32, offsetof(jc_training_size_params, bootstrap), 0, 10000, "1000", NULL, "bootstrap samples of the texts for the 95% intervals, 0: no intervals"},
    {"batch", JC_OPTION_U32, offsetof(jc_training_size_params, batch), 0, 1e6, "0", NULL, "tokens run together, 0 to choose; results do not depend on it"},
};
/* clang-format on */

const jc_option *jc_training_size_options(size_t *n_rows)
{
    if (n_rows)
        *n_rows = JC_COUNT(rows);
    return rows;
}

static const struct variant {
    const char *method;
    bool bias;
} variants[] = {{"mat", false}, {"mat", true}, {"ridge", false}, {"ridge", true}};

struct point {
    uint64_t vectors;
    jc_estimate r2, p1;
};

/* A stream and a variant. */
struct series {
    char name[NAME];
    const char *method, *positions;
    double ridge;
    bool bias;
    uint64_t val_texts, val_vectors;
    struct point points[POINTS + 1]; /* [n] */
    size_t n;
};

typedef struct figures {
    struct series *series; /* [n] */
    size_t n;
} figures;

struct study {
    const jc_model *model;
    const jc_training_size_params *params;
    const jc_validation *validation;
    jc_section *section;
    figures *figures;
    struct series *now; /* [variants], of the present stream */
    uint64_t reached;   /* the last number of vectors that was scored */
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

static jc_status add_series(struct study *s, const jc_training_series *stream,
                            jc_error *err)
{
    char *positions = jc_section_text(s->section, stream->positions);

    if (!positions)
        return jc_fail_nomem(err, "the training size");
    s->now = s->figures->series + s->figures->n;
    for (size_t i = 0; i < JC_COUNT(variants); i++) {
        const struct variant *v = &variants[i];
        struct series *one = &s->now[i];
        one->method = v->method;
        one->bias = v->bias;
        one->ridge = strcmp(v->method, "ridge") == 0 ? s->params->ridge : 0;
        one->positions = positions;
        one->val_texts = s->validation->texts;
        one->val_vectors = s->validation->rows;
        name_series(one->name, v, one->ridge, stream->name);
    }
    s->figures->n += JC_COUNT(variants);
    s->reached = 0;
    return JC_OK;
}

static void add_point(struct series *to, uint64_t vectors, const jc_fit_score *score)
{
    to->points[to->n++] = (struct point){vectors, score->r2, score->p1};
}

static void write(const jc_section *section, jc_json *json, json_t *root)
{
    const figures *f = section->figures;
    json_t *list = jc_put_list(json, root, "training_size");

    for (size_t i = 0; i < f->n; i++) {
        const struct series *s = &f->series[i];
        json_t *one = jc_put_object(json, list, NULL);
        jc_put_text(json, one, "name", s->name);
        jc_put_text(json, one, "method", s->method);
        jc_put_number(json, one, "ridge", s->ridge);
        jc_put_flag(json, one, "bias", s->bias);
        jc_put_text(json, one, "positions", s->positions);
        jc_put_count(json, one, "val_texts", s->val_texts);
        jc_put_count(json, one, "val_vectors", s->val_vectors);
        json_t *points = jc_put_list(json, one, "points");
        for (size_t k = 0; k < s->n; k++) {
            json_t *point = jc_put_object(json, points, NULL);
            jc_put_count(json, point, "vectors", s->points[k].vectors);
            jc_put_estimate(json, point, "r2", "r2_ci", s->points[k].r2);
            jc_put_estimate(json, point, "p1", "p1_ci", s->points[k].p1);
        }
    }
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
    if (st == JC_OK)
        add_point(&s->now[i], jc_stats_rows(sums), &score);
    return st;
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

/* The section that figures go to. */
static jc_status begin(struct study *s, jc_results *results, size_t n_series, jc_error *err)
{
    jc_status st = jc_results_section(results, &s->section, err);
    size_t n;

    if (st)
        return st;
    s->section->name = "training_size";
    s->section->write = write;
    figures *f = s->figures = jc_section_room(s->section, 1, sizeof *f);
    if (f && jc_mul(n_series, JC_COUNT(variants), &n))
        f->series = jc_section_room(s->section, n, sizeof *f->series);
    s->section->figures = f;
    return f && f->series ? JC_OK : jc_fail_nomem(err, "the training size");
}

jc_status jc_training_size(jc_results **out, const jc_model *model,
                           const jc_training_series *series, size_t n_series,
                           jc_samples *val, const jc_training_size_params *params,
                           jc_error *err)
{
    JC_USE_THREADS(jc_model_threads(model));
    jc_training_size_params p;
    jc_validation *validation = NULL;
    jc_results *results = NULL;
    struct study s = {.model = model, .params = &p};
    jc_status st = jc_want_out(out, err);

    if (st)
        return st;
    jc_training_size_params_init(&p);
    st = jc_model_ready(model, err);
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
    st = jc_results_new(&results, err);
    if (st == JC_OK)
        st = begin(&s, results, n_series, err);
    if (st == JC_OK)
        st =
            jc_validation_new(&validation, model, val, p.size_texts, p.batch, p.hooks, err);
    if (st == JC_OK) {
        validation->bootstrap = p.bootstrap;
        validation->seed = p.seed;
    }
    s.validation = validation;
    for (size_t i = 0; i < n_series && st == JC_OK; i++)
        st = run_series(&s, &series[i], err);
    jc_validation_free(validation);
    if (st) {
        jc_results_free(results);
        return st;
    }
    *out = results;
    return JC_OK;
}
