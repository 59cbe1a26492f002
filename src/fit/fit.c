/* SPDX-License-Identifier: MIT */
/* fit.c: sums in, shortcut out: the maps that are wanted, and the method that finds them.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fit/methods.h"

/* times as many vectors as unknowns: least squares adds a tenth of noise */
#define ENOUGH 10

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
    if (jc_stats_keeps(s->taps, s->all_pairs, from, to)) {
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
    return jc_fail(err, JC_E_ARG, "the sums hold a pair that is no part of a block");
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
    return st;
}

static void note_too_few(const jc_fit_job *job)
{
    uint64_t unknowns = (uint64_t)job->stats->width + (job->params->bias ? 1 : 0);

    if (job->stats->rows < unknowns)
        jc_note(
            job->params->hooks,
            "%llu vectors for %llu unknowns a row: the maps are those of least norm; %llu "
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
    if (st == JC_OK)
        st = method->fit(job);
    jc_free(wanted);
    return st;
}

jc_status jc_fit(jc_shortcut **out, const jc_stats *stats, const jc_fit_params *params,
                 jc_error *err)
{
    jc_fit_params p;
    const jc_method *method;

    jc_fit_params_init(&p);
    if (params)
        memcpy(&p, params, params->size < sizeof p ? params->size : sizeof p);
    jc_status st = choose(stats, &p, &method, err);
    if (st)
        return st;
    jc_fit_job job = {.stats = stats, .params = &p, .err = err};
    st = jc_shortcut_new(&job.shortcut,
                         p.bias && method->form_bias ? method->form_bias : method->form,
                         stats->taps - 1, stats->width, err);
    if (st == JC_OK)
        st = set_meta(&job, method);
    if (st == JC_OK && method->fit)
        st = fit(&job, method);
    if (st) {
        jc_shortcut_free(job.shortcut);
        return st;
    }
    *out = job.shortcut;
    return JC_OK;
}
