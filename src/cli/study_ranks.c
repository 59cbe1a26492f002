/* SPDX-License-Identifier: MIT */
/*
 * study_ranks.c: `jumpcut study --ranks`: narrow maps by rank, beside mat and id, on one
 * position of each validation text. The sums of one more pass over the training texts give
 * the maps of all ranks, and R2 of every rank on them; what is read out is scored at powers
 * of two, the width, and the rank of the papers, a hundredth of the width.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/study.h"

enum { RANKS = 24 };

struct ranks {
    uint32_t rank[RANKS];         /* [n], ascending */
    jc_shortcut *maps[RANKS + 1]; /* of each, then mat's */
    size_t n;
    uint32_t paper; /* d/100, at least 1 */
    double *r2;     /* [width] sums over maps of R2 by rank */
    size_t curves, width;
};

static void choose(struct ranks *ranks)
{
    for (size_t r = 1; r < ranks->width && ranks->n < RANKS - 2; r *= 2) {
        if (ranks->paper > ranks->rank[ranks->n ? ranks->n - 1 : 0] && ranks->paper < r)
            ranks->rank[ranks->n++] = ranks->paper;
        ranks->rank[ranks->n++] = (uint32_t)r;
    }
    ranks->rank[ranks->n++] = (uint32_t)ranks->width;
}

static jc_status take_curve(void *arg, const char *map, size_t inputs, const double *r2,
                            size_t n, jc_error *err)
{
    struct ranks *ranks = arg;

    (void)map;
    (void)inputs;
    (void)err;
    for (size_t r = 0; r < n && r < ranks->width; r++)
        ranks->r2[r] += r2[r];
    ranks->curves++;
    return JC_OK;
}

static jc_status fit(jc_study *s, struct ranks *ranks, jc_error *err)
{
    jc_stats_params params = s->cli->args.stats;
    jc_fit_params fit = s->cli->args.fit;
    const jc_rank_curve curve = {take_curve, ranks};
    jc_work work = {0};
    jc_stats *stats = NULL;
    jc_status st = jc_work_samples(&work, s->cli, s->samples, "train", s->model, err);

    params.pairs = "final";
    params.parts = false;
    jc_ui_share(&s->cli->ui, 0, 0.5);
    if (st == JC_OK)
        st = jc_stats_gather(&stats, s->model, work.samples, &params, err);
    jc_work_close(&work);
    fit.curve = &curve;
    if (st == JC_OK)
        st = jc_fit_ranks(ranks->maps, ranks->rank, ranks->n, stats, &fit, err);
    fit.curve = NULL;
    fit.method = "mat";
    if (st == JC_OK)
        st = jc_fit(&ranks->maps[ranks->n], stats, &fit, err);
    jc_stats_free(stats);
    jc_ui_clear(&s->cli->ui);
    return st;
}

/* The name in results of the i-th file whose method has that name. */
static void name_of(char name[48], const char *method, size_t i)
{
    snprintf(name, 48, i ? "%s-%zu" : "%s", method, i + 1);
}

/* What results say of a method, in one object; new, NULL when memory is short. */
static json_t *gather(const json_t *results, const char *name)
{
    json_t *cost = json_object_get(json_object_get(results, "cost"), name);
    json_t *r2 = json_object_get(json_object_get(results, "r2_last"), name);
    json_t *jump = json_object_get(json_object_get(results, "jump"), name);
    json_t *mean = json_object_get(json_object_get(results, "jump_mean"), name);
    json_t *all = json_object(), *layer;
    size_t l, layers = json_array_size(r2) - 1;
    double total = 0;
    int failed = json_object_update(all, cost);

    json_array_foreach(r2, l, layer)
    {
        if (jump) /* the model has a head */
            failed |= json_object_update(layer, json_array_get(jump, l));
        total += l < layers ? json_number_value(json_object_get(layer, "r2")) : 0;
    }
    failed |= json_object_set_new(all, "r2", json_real(total / (double)layers));
    failed |= mean ? json_object_update(all, mean) : 0;
    failed |= json_object_set(all, "layers", r2);
    if (failed) {
        json_decref(all);
        return NULL;
    }
    return all;
}

static json_t *curve_of(const struct ranks *ranks)
{
    json_t *list = json_array();
    int failed = 0;

    for (size_t r = 0; r < ranks->width; r++)
        failed |=
            json_array_append_new(list, json_real(ranks->r2[r] / (double)ranks->curves));
    if (failed) {
        json_decref(list);
        return NULL;
    }
    return list;
}

static json_t *points_of(const struct ranks *ranks, const json_t *results)
{
    json_t *points = json_array();
    char name[48];
    int failed = 0;

    for (size_t i = 0; i < ranks->n; i++) {
        name_of(name, "narrow", i);
        json_t *point = gather(results, name);
        failed |= json_object_set_new(point, "rank", json_integer(ranks->rank[i]));
        failed |= json_array_append_new(points, point);
    }
    if (failed) {
        json_decref(points);
        return NULL;
    }
    return points;
}

/* The section; new. */
static json_t *section(const jc_study *s, const struct ranks *ranks, const json_t *results)
{
    return json_pack("{s:{s:i, s:i, s:b, s:O, s:o, s:o, s:{s:o, s:o}}}", "ranks", "width",
                     (int)ranks->width, "paper", (int)ranks->paper, "bias",
                     s->cli->args.fit.bias, "val_vectors",
                     json_object_get(results, "n_val"), "train_r2", curve_of(ranks),
                     "points", points_of(ranks, results), "beside", "id",
                     gather(results, "id"), "mat", gather(results, "mat"));
}

static jc_status add(jc_study *s, const struct ranks *ranks, const jc_results *scores,
                     jc_error *err)
{
    char *text = NULL, *part = NULL;
    jc_status st = jc_results_json(scores, &text, err);

    if (st == JC_OK) {
        json_t *results = json_loads(text, 0, NULL);
        json_t *only = results ? section(s, ranks, results) : NULL;
        part = only ? json_dumps(only, JSON_COMPACT | JSON_REAL_PRECISION(10)) : NULL;
        json_decref(only);
        json_decref(results);
        st = part ? jc_results_add(s->results, part, err)
                  : jc_cli_fail(err, JC_E_NOMEM, "out of memory for the ranks");
    }
    free(text);
    free(part);
    return st;
}

static jc_status score(jc_study *s, const struct ranks *ranks, jc_error *err)
{
    jc_eval_params params = s->cli->args.eval;
    jc_work work = {0};
    jc_results *scores = NULL;
    jc_status st = jc_study_open(s, &work, "one", "val", err);

    params.schedules = false;
    jc_ui_share(&s->cli->ui, 0.6, 1);
    if (st == JC_OK)
        st = jc_eval(&scores, s->model, (const jc_shortcut *const *)ranks->maps,
                     ranks->n + 1, work.samples, &params, err);
    jc_work_close(&work);
    jc_ui_clear(&s->cli->ui);
    if (st == JC_OK)
        st = add(s, ranks, scores, err);
    jc_results_free(scores);
    return st;
}

jc_status jc_study_ranks(jc_study *s, jc_error *err)
{
    const jc_hooks *hooks = &s->cli->ui.hooks;
    uint32_t width = jc_model_get_info(s->model)->width;
    struct ranks ranks = {.width = width, .paper = width < 100 ? 1 : width / 100};

    if (!jc_study_can_open(s, "one")) {
        hooks->note(hooks->arg,
                    "scores by rank are left out: standard input cannot be read "
                    "again for one position per text");
        return JC_OK;
    }
    choose(&ranks);
    ranks.r2 = calloc(width, sizeof *ranks.r2);
    jc_status st =
        ranks.r2 ? fit(s, &ranks, err) : jc_cli_fail(err, JC_E_NOMEM, "out of memory");
    if (st == JC_OK)
        st = score(s, &ranks, err);
    if (st == JC_OK)
        st = jc_study_save(s, err);
    for (size_t i = 0; i <= ranks.n; i++)
        jc_shortcut_free(ranks.maps[i]);
    free(ranks.r2);
    if (st == JC_OK)
        jc_study_say("ranks", s->results_path);
    return st;
}
