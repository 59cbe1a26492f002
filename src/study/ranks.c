/* SPDX-License-Identifier: MIT */
/*
 * ranks.c: how narrow a map may be: narrow maps to the last layer by rank, beside mat and
 * id. The sums of one pass over the training texts give the maps of all ranks, and R2 of
 * every rank on them; what is read out is scored at powers of two, the width, and the rank
 * of the papers, a hundredth of the width.
 */
#include <string.h>

#include "eval/results.h"
#include "jumpcut/study.h"
#include "model/session.h"

enum { RANKS = 24 };

/* Scores of the maps of a rank, or of a method beside them. */
typedef struct scored {
    jc_map_cost cost;
    double r2;             /* mean over the layers before the last */
    jc_estimate p1;        /* the same */
    jc_estimate *layer_r2; /* [taps] */
    jc_scores *layer;      /* [taps]; NULL: nothing is read out */
} scored;

typedef struct figures {
    uint32_t rank[RANKS]; /* [n], ascending */
    size_t n;
    uint32_t width, paper; /* d/100, at least 1 */
    bool bias;
    uint64_t rows;    /* that were scored */
    double *train_r2; /* [width]: by rank, sums over `curves` maps */
    size_t curves;
    scored of_rank[RANKS], id, mat;
} figures;

typedef struct study {
    jc_section *section;
    figures *f;
    jc_shortcut *maps[RANKS + 1]; /* of each rank, then mat's */
} study;

/* ---- maps ---- */

static void choose(figures *f)
{
    for (size_t r = 1; r < f->width && f->n < RANKS - 2; r *= 2) {
        if (f->paper > f->rank[f->n ? f->n - 1 : 0] && f->paper < r)
            f->rank[f->n++] = f->paper;
        f->rank[f->n++] = (uint32_t)r;
    }
    f->rank[f->n++] = f->width;
}

static jc_status take_curve(void *arg, const char *map, size_t inputs, const double *r2,
                            size_t n, jc_error *err)
{
    figures *f = arg;

    (void)map;
    (void)inputs;
    (void)err;
    for (size_t r = 0; r < n && r < f->width; r++)
        f->train_r2[r] += r2[r];
    f->curves++;
    return JC_OK;
}

static jc_status fit(study *s, const jc_model *model, jc_samples *train,
                     jc_stats_params gather, jc_fit_params params, jc_error *err)
{
    const jc_rank_curve curve = {take_curve, s->f};
    jc_stats *sums = NULL;

    gather.pairs = "final";
    gather.parts = false;
    jc_status st = jc_stats_gather(&sums, model, train, &gather, err);
    params.curve = &curve;
    if (st == JC_OK)
        st = jc_fit_ranks(s->maps, s->f->rank, s->f->n, sums, &params, err);
    params.curve = NULL;
    params.method = "mat";
    if (st == JC_OK)
        st = jc_fit(&s->maps[s->f->n], sums, &params, err);
    jc_stats_free(sums);
    return st;
}

/* ---- scores ---- */

static jc_status copy(jc_section *section, scored *to, const jc_results *from, size_t m,
                      jc_error *err)
{
    const jc_section *r2 = jc_results_find(from, "r2");
    const jc_section *jump = jc_results_find(from, "jump");
    const jc_estimate *last = ((const jc_r2_figures *)r2->figures)->last + m * r2->taps;
    uint32_t taps = r2->taps;

    to->cost = jc_results_costs(from)[m];
    to->layer_r2 = jc_section_room(section, taps, sizeof *to->layer_r2);
    if (jump)
        to->layer = jc_section_room(section, taps, sizeof *to->layer);
    if (!to->layer_r2 || (jump && !to->layer))
        return jc_fail_nomem(err, "scores by rank");
    memcpy(to->layer_r2, last, taps * sizeof *last);
    for (uint32_t l = 0; l + 1 < taps; l++)
        to->r2 += last[l].value / (taps - 1);
    if (jump) {
        const jc_jump_figures *scores = jump->figures;
        memcpy(to->layer, scores->layer + m * taps, taps * sizeof *to->layer);
        to->p1 = scores->mean[m];
    }
    return JC_OK;
}

/* Scores of the i-th of the maps. */
static jc_status copy_maps(jc_section *section, scored *to, const jc_results *from,
                           size_t i, jc_error *err)
{
    const jc_section *r2 = jc_results_find(from, "r2");
    const char *name = jc_results_fit(from, i);
    size_t m = 0;

    while (strcmp(r2->methods[m], name) != 0)
        m++;
    return copy(section, to, from, m, err);
}

static jc_status score(study *s, const jc_model *model, jc_samples *val,
                       jc_eval_params params, jc_error *err)
{
    figures *f = s->f;
    jc_results *scores = NULL;

    params.schedules = false;
    params.team = NULL; /* which has all sections in one process only */
    jc_status st = jc_eval(&scores, model, (const jc_shortcut *const *)s->maps, f->n + 1,
                           val, &params, err);
    for (size_t i = 0; i < f->n && st == JC_OK; i++)
        st = copy_maps(s->section, &f->of_rank[i], scores, i, err);
    if (st == JC_OK)
        st = copy_maps(s->section, &f->mat, scores, f->n, err);
    if (st == JC_OK)
        st = copy(s->section, &f->id, scores, 0, err); /* which is the first method */
    if (st == JC_OK) {
        f->rows = jc_results_rows(scores);
        s->section->taps = jc_results_find(scores, "r2")->taps;
    }
    jc_results_free(scores);
    return st;
}

/* ---- the section ---- */

static void write_scored(const scored *of, uint32_t taps, jc_json *json, json_t *object)
{
    jc_cost_write(&of->cost, json, object);
    jc_put_number(json, object, "r2", of->r2);
    if (of->layer)
        jc_put_estimate(json, object, "p1", "p1_ci", of->p1);
    json_t *layers = jc_put_list(json, object, "layers");
    for (uint32_t l = 0; l < taps; l++) {
        json_t *layer = jc_put_object(json, layers, NULL);
        jc_put_count(json, layer, "layer", l);
        jc_put_estimate(json, layer, "r2", "r2_ci", of->layer_r2[l]);
        if (of->layer)
            jc_scores_write(&of->layer[l], json, layer);
    }
}

static void write(const jc_section *section, jc_json *json, json_t *root)
{
    const figures *f = section->figures;
    json_t *out = jc_put_object(json, root, "ranks");

    jc_put_count(json, out, "width", f->width);
    jc_put_count(json, out, "paper", f->paper);
    jc_put_flag(json, out, "bias", f->bias);
    jc_put_count(json, out, "val_vectors", f->rows);
    json_t *curve = jc_put_list(json, out, "train_r2");
    for (size_t r = 0; r < f->width; r++)
        jc_put_number(json, curve, NULL, f->train_r2[r] / (double)f->curves);
    json_t *points = jc_put_list(json, out, "points");
    for (size_t i = 0; i < f->n; i++) {
        json_t *point = jc_put_object(json, points, NULL);
        write_scored(&f->of_rank[i], section->taps, json, point);
        jc_put_count(json, point, "rank", f->rank[i]);
    }
    json_t *beside = jc_put_object(json, out, "beside");
    write_scored(&f->id, section->taps, json, jc_put_object(json, beside, "id"));
    write_scored(&f->mat, section->taps, json, jc_put_object(json, beside, "mat"));
}

static jc_status begin(study *s, const jc_model *model, jc_results *results, jc_error *err)
{
    uint32_t width = jc_model_get_info(model)->width;
    jc_status st = jc_results_section(results, &s->section, err);

    if (st)
        return st;
    s->section->name = "ranks";
    s->section->write = write;
    s->f = jc_section_room(s->section, 1, sizeof *s->f);
    if (!s->f)
        return jc_fail_nomem(err, "scores by rank");
    s->f->width = width;
    s->f->paper = width < 100 ? 1 : width / 100;
    s->f->train_r2 = jc_section_room(s->section, width, sizeof *s->f->train_r2);
    s->section->figures = s->f;
    choose(s->f);
    return s->f->train_r2 ? JC_OK : jc_fail_nomem(err, "scores by rank");
}

jc_status jc_rank_study(jc_results **out, const jc_model *model, jc_samples *train,
                        jc_samples *val, const jc_stats_params *stats_params,
                        const jc_fit_params *fit_params, const jc_eval_params *eval_params,
                        jc_error *err)
{
    JC_USE_THREADS(jc_model_threads(model));
    jc_stats_params gather;
    jc_fit_params fitting;
    jc_eval_params scoring;
    jc_results *results = NULL;
    study s = {.f = NULL};
    jc_status st = jc_want_out(out, err);

    jc_stats_params_init(&gather);
    jc_fit_params_init(&fitting);
    jc_eval_params_init(&scoring);
    if (st == JC_OK)
        st = jc_model_ready(model, err);
    if (st == JC_OK)
        st = jc_want(train, "train", err);
    if (st == JC_OK)
        st = jc_want(val, "val", err);
    if (st == JC_OK)
        st = jc_params_take(&gather, sizeof gather, stats_params, NULL, 0, err);
    if (st == JC_OK)
        st = jc_params_take(&fitting, sizeof fitting, fit_params, NULL, 0, err);
    if (st == JC_OK)
        st = jc_params_take(&scoring, sizeof scoring, eval_params, NULL, 0, err);
    if (st == JC_OK)
        st = jc_results_new(&results, err);
    if (st == JC_OK)
        st = begin(&s, model, results, err);
    if (st == JC_OK)
        st = fit(&s, model, train, gather, fitting, err);
    if (st == JC_OK) {
        s.f->bias = fitting.bias;
        st = score(&s, model, val, scoring, err);
    }
    for (size_t i = 0; s.f && i <= s.f->n; i++)
        jc_shortcut_free(s.maps[i]);
    if (st) {
        jc_results_free(results);
        return st;
    }
    *out = results;
    return JC_OK;
}
