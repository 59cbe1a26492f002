/* SPDX-License-Identifier: MIT */
/* fit.c: sums in, shortcut out: the maps that are wanted, and the method that finds them.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fit/least.h"
#include "stats/near.h"

/* times as many vectors as unknowns: least squares adds a tenth of noise */
#define ENOUGH 10

/* clang-format off */
static const jc_option rows[] = {
    {"method", JC_OPTION_TEXT, offsetof(jc_fit_params, method), 0, 0, "mat", jc_method_choices + 1,
     "how the maps are found; see 'jumpcut list methods'"},
    {"ridge", JC_OPTION_REAL, offsetof(jc_fit_params, ridge), 0, 1e6, "0.001", NULL,
     "method ridge: penalty, relative to the mean diagonal"},
    {"bias", JC_OPTION_BOOL, offsetof(jc_fit_params, bias), 0, 0, "false", NULL,
     "fit an intercept too"},
    {"rank", JC_OPTION_U32, offsetof(jc_fit_params, rank), 1, 1e6, NULL, NULL,
     "method narrow: rank of the maps; without it a hundredth of the width; one-jump: rank "
     "of the shared map; without it any"},
    {"metric", JC_OPTION_TEXT, offsetof(jc_fit_params, metric), 0, 0, "state", "state|logits",
     "method narrow: what to minimise, the squared error of states or that of logits"},
    {"share", JC_OPTION_TEXT, offsetof(jc_fit_params, share), 0, 0, "pooled", "pick|pooled",
     "method one-jump: the map of one layer that does best on all, or one fitted on all"},
    {"scales", JC_OPTION_BOOL, offsetof(jc_fit_params, scales), 0, 0, "true", NULL,
     "each layer's own scale and shift (method one-jump)"},
    {"store", JC_OPTION_TEXT, offsetof(jc_fit_params, store), 0, 0, "f32", "f32|f16|bf16|int8",
     "the type in which matrices are stored; what that costs in R2 and precision is measured and noted in the file"},
};
/* clang-format on */

const jc_option *jc_fit_options(size_t *n_rows)
{
    if (n_rows)
        *n_rows = JC_COUNT(rows);
    return rows;
}

jc_status jc_fit_progress(const jc_fit_job *job, size_t done)
{
    const jc_progress progress = {"fitting", "maps", done, job->n};

    return jc_report(job->params->hooks, &progress, job->err);
}

static jc_status set_meta(const jc_fit_job *job, const jc_method *method)
{
    const jc_stats *s = job->stats;
    char ridge[32], n_rows[24], n_texts[24];
    struct {
        const char *key, *value;
        bool wanted;
    } meta[] = {
        {"method", method->info.name, true},
        {"ridge", ridge, jc_method_takes(method, "ridge")},
        {"bias", job->params->bias ? "true" : "false", jc_method_takes(method, "bias")},
        {"model", s->model, true},
        {"model.fingerprint", s->fingerprint, true},
        {"rows", n_rows, true},
        {"rows.texts", n_texts, true},
    };
    jc_status st = JC_OK;

    jc_real_format(job->params->ridge, ridge);
    snprintf(n_rows, sizeof n_rows, "%llu", (unsigned long long)s->rows);
    snprintf(n_texts, sizeof n_texts, "%llu", (unsigned long long)s->texts);
    for (size_t i = 0; i < JC_COUNT(meta) && st == JC_OK; i++)
        if (meta[i].wanted)
            st = jc_shortcut_set_meta(job->shortcut, meta[i].key, meta[i].value, job->err);
    return st;
}

/* The place of the map between two nodes: of layers, or of a part of a block. */
static jc_status place_of(const jc_stats *s, uint32_t from, uint32_t to, jc_place *place,
                          jc_error *err)
{
    if (jc_stats_keeps(s->taps, s->pairs, s->from, from, to)) {
        *place = jc_place_layers(from, to);
        return JC_OK;
    }
    for (size_t i = 0; i < s->n_parts; i++) {
        const jc_stats_part *p = &s->parts[i];
        if (jc_stats_node(s, p->from) == from && jc_stats_node(s, p->to) == to) {
            *place = jc_place_part(p->block, p->part);
            return JC_OK;
        }
    }
    return jc_fail(err, JC_E_ARG, "the sums hold a pair that is not a part of a block");
}

/* A pair of layers that the sums of layers hold too. */
static bool has_pair(const jc_stats *s, const jc_place *place)
{
    return jc_place_is_pair(place) &&
           jc_stats_cross(s, place->from[0].tap.block, place->to.tap.block);
}

static jc_wanted near_wanted(const struct jc_near *near, const jc_place *place)
{
    jc_wanted w = {.place = *place,
                   .sums = near->sums,
                   .n_from = place->n_from,
                   .to = jc_near_node(near, place->to)};

    for (size_t i = 0; i < place->n_from; i++)
        w.from[i] = jc_near_node(near, place->from[i]);
    return w;
}

/* Every pair that the sums hold: wanted[*n], jc_free(). */
static jc_status find_wanted(const jc_stats *s, jc_wanted **wanted, size_t *n,
                             jc_error *err)
{
    size_t most = 0;
    jc_status st = JC_OK;

    *n = 0;
    for (uint32_t i = 0; i < s->nodes; i++)
        for (uint32_t k = 0; k < s->nodes; k++)
            most += i != k && jc_stats_cross(s, i, k);
    for (size_t g = 0; g < s->n_near; g++)
        most += s->near[g].n;
    *wanted = jc_alloc_array(most + 1, sizeof **wanted);
    if (!*wanted)
        return jc_fail_nomem(err, "maps");
    for (uint32_t i = 0; i < s->nodes; i++)
        for (uint32_t k = 0; k < s->nodes && st == JC_OK; k++) {
            if (i == k || !jc_stats_cross(s, i, k))
                continue;
            jc_wanted *w = &(*wanted)[(*n)++];
            *w = (jc_wanted){.sums = s, .from = {i}, .n_from = 1, .to = k};
            st = place_of(s, i, k, &w->place, err);
        }
    for (size_t g = 0; g < s->n_near && st == JC_OK; g++)
        for (size_t i = 0; i < s->near[g].n; i++)
            if (!has_pair(s, &s->near[g].places[i]))
                (*wanted)[(*n)++] = near_wanted(&s->near[g], &s->near[g].places[i]);
    return st;
}

/* How many vectors a map was fitted on, where it is not all of them. */
static jc_status note_rows(const jc_fit_job *job, const jc_wanted *w)
{
    char key[JC_PLACE_NAME + 8] = "rows.", count[24];

    if (w->sums == job->stats)
        return JC_OK;
    if (w->sums->rows == 0)
        return jc_fail(job->err, JC_E_ARG,
                       "cannot fit: no text has the tokens that the maps take");
    jc_place_name(&w->place, key + 5);
    snprintf(count, sizeof count, "%llu", (unsigned long long)w->sums->rows);
    return jc_shortcut_set_meta(job->shortcut, key, count, job->err);
}

static void note_too_few(const jc_fit_job *job)
{
    uint64_t unknowns = 0;

    for (size_t i = 0; i < job->n; i++) {
        uint64_t some = (uint64_t)job->stats->width * job->wanted[i].n_from;
        unknowns = some > unknowns ? some : unknowns;
    }
    unknowns += job->params->bias ? 1 : 0;
    if (job->stats->rows < unknowns)
        jc_note(job->params->hooks,
                "%llu vectors for %llu unknowns per row: the maps are those of least norm; "
                "%llu "
                "vectors would determine them, %llu would make them good",
                (unsigned long long)job->stats->rows, (unsigned long long)unknowns,
                (unsigned long long)unknowns, (unsigned long long)(ENOUGH * unknowns));
}

static jc_status choose(const jc_stats *stats, const jc_fit_params *p,
                        const jc_method **method, jc_error *err)
{
    const char *name = p->method ? p->method : "mat";

    *method = jc_method_find(name);
    if (!*method)
        return jc_fail(err, JC_E_ARG, "no method is called '%.40s'", name);
    if ((*method)->train)
        return jc_fail(err, JC_E_ARG, "method '%s' is trained on texts: use jc_train()",
                       name);
    if (p->bias && !jc_method_takes(*method, "bias"))
        return jc_fail(err, JC_E_ARG, "method '%s' has no intercept", name);
    if (!(p->ridge >= 0 && p->ridge <= 1e6))
        return jc_fail(err, JC_E_ARG, "'ridge' must be from 0 to 1e+06, not %.10g",
                       p->ridge);
    if (stats->rows == 0 && (*method)->fit)
        return jc_fail(err, JC_E_ARG, "cannot fit: the sums are of no vectors");
    return JC_OK;
}

static jc_status fit(jc_fit_job *job, const jc_method *method)
{
    jc_wanted *wanted = NULL;
    jc_status st = find_wanted(job->stats, &wanted, &job->n, job->err);

    job->wanted = wanted;
    note_too_few(job);
    for (size_t i = 0; i < job->n && st == JC_OK; i++)
        st = note_rows(job, &wanted[i]);
    if (st == JC_OK)
        st = method->fit(job);
    for (size_t i = 0; i <= job->n_more && st == JC_OK; i++)
        st = jc_fit_store(job, i ? job->more[i - 1] : job->shortcut);
    jc_free(wanted);
    return st;
}

/* One empty shortcut with its metadata. */
static jc_status begin(jc_fit_job *job, const jc_method *method, jc_shortcut **out)
{
    const jc_fit_params *p = job->params;
    jc_status st = jc_shortcut_new(
        out, p->bias && method->form_bias ? method->form_bias : method->form,
        job->stats->taps - 1, job->stats->width, job->err);

    if (st)
        return st;
    jc_shortcut *first = job->shortcut;
    job->shortcut = *out;
    st = set_meta(job, method);
    job->shortcut = first;
    return st;
}

static jc_status run(jc_shortcut **out, const uint32_t *ranks, size_t n,
                     const jc_stats *stats, jc_fit_params *p, jc_error *err)
{
    const jc_method *method;
    jc_status st = choose(stats, p, &method, err);
    jc_fit_job job = {.stats = stats,
                      .params = p,
                      .more = out + 1,
                      .more_ranks = ranks ? ranks + 1 : NULL,
                      .n_more = n - 1,
                      .err = err};

    for (size_t i = 0; i < n && st == JC_OK; i++) {
        st = begin(&job, method, &out[i]);
        job.shortcut = out[0];
    }
    if (st == JC_OK && method->fit)
        st = fit(&job, method);
    for (size_t i = 0; i < n && st; i++) {
        jc_shortcut_free(out[i]);
        out[i] = NULL;
    }
    return st;
}

static jc_status take_params(jc_fit_params *p, const jc_stats *stats,
                             const jc_fit_params *params, jc_error *err)
{
    size_t n;
    const jc_option *options = jc_fit_options(&n);
    jc_status st = jc_want(stats, "stats", err);

    jc_fit_params_init(p);
    if (st == JC_OK && stats->exact)
        return jc_fail(err, JC_E_ARG,
                       "cannot fit: the sums are shares of texts that have not been merged "
                       "and finished");
    return st ? st : jc_params_take(p, sizeof *p, params, options, n, err);
}

jc_status jc_fit(jc_shortcut **out, const jc_stats *stats, const jc_fit_params *params,
                 jc_error *err)
{
    JC_USE_THREADS(stats && stats->threads ? stats->threads : jc_threads_max());
    jc_shortcut *made = NULL;
    jc_fit_params p;

    jc_status st = jc_want_out(out, err);
    if (st == JC_OK)
        st = take_params(&p, stats, params, err);
    if (st == JC_OK)
        st = run(&made, NULL, 1, stats, &p, err);
    if (st == JC_OK)
        *out = made;
    return st;
}

jc_status jc_fit_ranks(jc_shortcut **out, const uint32_t *ranks, size_t n,
                       const jc_stats *stats, const jc_fit_params *params, jc_error *err)
{
    JC_USE_THREADS(stats && stats->threads ? stats->threads : jc_threads_max());
    jc_fit_params p;

    jc_status st = jc_want(out, "out", err);
    for (size_t i = 0; i < n && st == JC_OK; i++)
        out[i] = NULL;
    if (st == JC_OK && n > 0)
        st = jc_want(ranks, "ranks", err);
    if (st == JC_OK)
        st = take_params(&p, stats, params, err);
    if (st)
        return st;
    p.method = "narrow";
    for (size_t i = 0; i < n; i++) {
        if (ranks[i] < 1 || ranks[i] > stats->width)
            return jc_fail(err, JC_E_ARG, "'rank' must be from 1 to %u, not %u",
                           stats->width, ranks[i]);
    }
    if (n == 0)
        return JC_OK;
    p.rank = ranks[0];
    return run(out, ranks, n, stats, &p, err);
}
