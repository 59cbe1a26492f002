/* SPDX-License-Identifier: MIT */
/*
 * decode.c: texts written with early exit, by every gate at some thresholds and with every
 * way to fill keys and values, and with all tokens leaving at one layer: how many tokens
 * are the full model's, and how fast they come.
 *
 * Each text is written by the full model again after each trial, so the two speeds that are
 * compared met the machine in the same state.
 */
#include <stdio.h>
#include <string.h>

#include "eval/results.h"
#include "generate/gates.h"
#include "jumpcut/generate.h"
#include "jumpcut/study.h"
#include "model/session.h"
#include "shortcut/shortcut.h"

enum { NAME = 16, LAMBDAS = 3, POINTS = 3 };

/* A way to leave, and what came of it. */
typedef struct trial {
    char gate[NAME]; /* "fixed": all tokens leave at the one exit point */
    const char *fill;
    double lambda;
    uint32_t at[POINTS];
    size_t n_at;
    double tokens, same_next, from_start;
    double seconds, exit_tokens, plain_seconds, plain_tokens;
    double blocks, bytes, plain_bytes;
} trial;

typedef struct figures {
    uint64_t prompts, tokens;
    trial *trials; /* [n] */
    size_t n;
} figures;

typedef struct decode {
    const jc_model *model;
    const jc_shortcut *shortcut;
    jc_decode_params params;
    uint32_t **prompts; /* [n] */
    size_t *lengths;    /* [n] */
    size_t n;
    figures *f;
} decode;

/* ---- what is tried ---- */

/* Three thresholds of the gate's own grid, the careless end of which is more telling. */
static void lambdas_of(const jc_exit_gate *gate, double lambda[LAMBDAS])
{
    static const double at[LAMBDAS] = {0.9, 0.75, 0.5};
    size_t n = 0;
    double last;

    while (gate->grid(n, &last))
        n++;
    for (size_t k = 0; k < LAMBDAS; k++) {
        lambda[k] = gate->lambda;
        if (n > 0 && !gate->grid((size_t)(at[k] * (double)(n - 1)), &lambda[k]))
            lambda[k] = gate->lambda;
    }
    if (strcmp(gate->name, "agree") == 0) { /* more than all points never do */
        lambda[0] = 2;
        lambda[1] = lambda[2] = POINTS;
    }
}

static bool has_maps(const jc_shortcut *s, const uint32_t *at, size_t n)
{
    for (size_t p = 0; p < n; p++)
        for (uint32_t j = at[p] + 1; j <= s->layers; j++)
            if (!jc_shortcut_find(s, at[p], j))
                return false;
    return true;
}

static void add(decode *d, const char *gate, double lambda, const uint32_t *at, size_t n)
{
    for (size_t i = 0; jc_fill_name(i); i++) {
        if (strcmp(jc_fill_name(i), "mat") == 0 && !has_maps(d->shortcut, at, n))
            continue;
        trial *t = &d->f->trials[d->f->n++];
        snprintf(t->gate, sizeof t->gate, "%s", gate);
        t->fill = jc_fill_name(i);
        t->lambda = lambda;
        memcpy(t->at, at, n * sizeof *at);
        t->n_at = n;
    }
}

/* Exits after 1/2, 2/3 and 5/6 of the blocks. */
static jc_status plan(decode *d, jc_section *section, jc_error *err)
{
    uint32_t layers = jc_model_get_info(d->model)->layers;
    uint32_t wanted[POINTS] = {layers / 2, 2 * layers / 3, 5 * layers / 6},
             at[POINTS] = {0};
    size_t n = 0, gates = 0, fills = 0;

    for (size_t i = 0; i < POINTS; i++)
        if (wanted[i] > (n ? at[n - 1] : 0) && wanted[i] < layers)
            at[n++] = wanted[i];
    while (jc_gate_row(gates))
        gates++;
    while (jc_fill_name(fills))
        fills++;
    d->f->trials =
        jc_section_room(section, (gates * LAMBDAS + n) * fills, sizeof *d->f->trials);
    if (!d->f->trials)
        return jc_fail_nomem(err, "a study of early exit");
    for (size_t i = 0; i < n; i++)
        add(d, "fixed", -1, &at[i], 1);
    for (size_t g = 0; g < gates; g++) {
        double lambda[LAMBDAS];
        lambdas_of(jc_gate_row(g), lambda);
        for (size_t k = 0; k < LAMBDAS; k++)
            if (k == 0 || lambda[k] != lambda[k - 1])
                add(d, jc_gate_row(g)->name, lambda[k], at, n);
    }
    return JC_OK;
}

/* ---- texts ---- */

static jc_status read_prompts(decode *d, jc_samples *samples, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(d->model);
    jc_status st = JC_OK;

    d->prompts = jc_alloc_array(d->params.prompts, sizeof *d->prompts);
    d->lengths = jc_alloc_array(d->params.prompts, sizeof *d->lengths);
    if (!d->prompts || !d->lengths)
        return jc_fail_nomem(err, "prompts");
    while (d->n < d->params.prompts && st == JC_OK) {
        jc_sample sample;
        st = jc_samples_next(samples, &sample, err);
        if (st || !sample.ids)
            break;
        size_t n = sample.n_ids, most = info->context / 2;
        n = n < d->params.prompt_tokens ? n : d->params.prompt_tokens;
        n = n < most ? n : most;
        if (n == 0)
            continue;
        uint32_t *ids = jc_alloc_array(n, sizeof *ids);
        if (!ids)
            return jc_fail_nomem(err, "prompts");
        memcpy(ids, sample.ids, n * sizeof *ids);
        d->prompts[d->n] = ids;
        d->lengths[d->n++] = n;
    }
    if (st == JC_OK && d->n == 0)
        st = jc_fail(err, JC_E_FORMAT, "there is no text to continue");
    return st;
}

/* ---- a trial ---- */

typedef struct written {
    jc_ids ids;
    double first, last;
    bool short_of_memory;
} written;

static bool take(void *arg, const jc_token *token)
{
    written *w = arg;

    w->last = jc_seconds();
    w->first = w->first > 0 ? w->first : w->last;
    if (!jc_grow(&w->ids.id, &w->ids.capacity, w->ids.n + 1, sizeof *w->ids.id)) {
        w->short_of_memory = true;
        return false;
    }
    w->ids.id[w->ids.n++] = token->id;
    return true;
}

static void fill_params(const decode *d, const trial *t, char at[64], jc_generate_params *p)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n_at; i++)
        n += (size_t)snprintf(at + n, 64 - n, "%s%u", i ? "," : "", t->at[i]);
    jc_generate_params_init(p);
    p->tokens = d->params.tokens;
    p->shortcut = d->shortcut;
    p->exit = strcmp(t->gate, "fixed") == 0 ? "max" : t->gate;
    p->exit_at = at;
    p->exit_threshold = t->lambda;
    p->kv_fill = t->fill;
}

static jc_status run(decode *d, trial *t, size_t i, jc_error *err)
{
    char at[64];
    jc_generate_params p;
    jc_generate_stats stats = {.size = sizeof stats};
    jc_comparison same = {.size = sizeof same};
    written w = {.first = 0};
    const jc_prompt prompt = {d->prompts[i], d->lengths[i]};

    fill_params(d, t, at, &p);
    p.stats = &stats;
    if (!jc_grow(&w.ids.id, &w.ids.capacity, prompt.n, sizeof *w.ids.id))
        return jc_fail_nomem(err, "a text");
    memcpy(w.ids.id, prompt.ids, prompt.n * sizeof *prompt.ids);
    w.ids.n = prompt.n;
    jc_status st = jc_generate(d->model, &prompt, 1, &p, take, &w, err);
    if (st == JC_OK && w.short_of_memory)
        st = jc_fail_nomem(err, "a text");
    const jc_compared text = {w.ids.id, prompt.n, w.ids.n};
    if (st == JC_OK)
        st = jc_generate_compare(&same, d->model, &text, 1, &p, err);
    if (st == JC_OK) {
        t->tokens += (double)same.tokens;
        t->same_next += (double)same.same_next;
        t->from_start += (double)same.same_from_start;
        t->seconds += w.last - w.first;
        t->exit_tokens += (double)(w.ids.n - prompt.n - 1);
        t->plain_seconds += same.plain_seconds;
        t->plain_tokens += (double)same.plain_tokens - 1;
        t->blocks += (double)stats.blocks.n;
        t->bytes += stats.blocks.bytes + stats.maps.bytes + stats.readouts.bytes +
                    stats.fills.bytes;
        t->plain_bytes += stats.plain.bytes;
    }
    jc_ids_free(&w.ids);
    return st;
}

static jc_status run_all(decode *d, jc_error *err)
{
    jc_progress progress = {.stage = "writing with exits", .unit = "texts"};
    jc_status st = JC_OK;

    progress.total = d->n * d->f->n;
    for (size_t i = 0; i < d->n && st == JC_OK; i++)
        for (size_t k = 0; k < d->f->n && st == JC_OK; k++) {
            st = run(d, &d->f->trials[k], i, err);
            progress.done++;
            if (st == JC_OK)
                st = jc_report(d->params.hooks, &progress, err);
        }
    return st;
}

/* ---- the section ---- */

static double ratio(double a, double b)
{
    return b > 0 ? a / b : 0;
}

static void write_trial(const trial *t, jc_json *json, json_t *list)
{
    json_t *o = jc_put_object(json, list, NULL), *at = jc_put_list(json, o, "at");

    for (size_t i = 0; i < t->n_at; i++)
        jc_put_count(json, at, NULL, t->at[i]);
    jc_put_text(json, o, "gate", t->gate);
    jc_put_text(json, o, "fill", t->fill);
    if (strcmp(t->gate, "fixed") == 0)
        jc_put_null(json, o, "lambda");
    else
        jc_put_number(json, o, "lambda", t->lambda);
    jc_put_number(json, o, "equal", ratio(t->same_next, t->tokens));
    jc_put_number(json, o, "equal_from_start", ratio(t->from_start, t->tokens));
    jc_put_number(json, o, "blocks", ratio(t->blocks, t->tokens));
    jc_put_number(json, o, "bytes", ratio(t->bytes, t->plain_bytes));
    jc_put_number(
        json, o, "speed",
        ratio(ratio(t->exit_tokens, t->seconds), ratio(t->plain_tokens, t->plain_seconds)));
}

static void write(const jc_section *section, jc_json *json, json_t *root)
{
    const figures *f = section->figures;
    json_t *out = jc_put_object(json, root, "decode");

    jc_put_count(json, out, "prompts", f->prompts);
    jc_put_count(json, out, "tokens", f->tokens);
    json_t *list = jc_put_list(json, out, "points");
    for (size_t i = 0; i < f->n; i++)
        write_trial(&f->trials[i], json, list);
}

static jc_status check(const jc_model *model, const jc_shortcut *shortcut, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(model);
    jc_status st = jc_model_ready(model, err);

    if (st)
        return st;
    if (!info->causal || !info->has_head)
        return jc_fail(err, JC_E_UNSUPPORTED, "'%s' %s, so it writes no texts", info->path,
                       info->causal ? "has no head" : "is an encoder");
    if (info->layers < 3)
        return jc_fail(err, JC_E_ARG, "a model of %u blocks has too few exits to compare",
                       info->layers);
    return jc_shortcut_check(shortcut, model, err);
}

static jc_status make(decode *d, jc_results *results, jc_samples *samples, jc_error *err)
{
    jc_section *section;
    jc_status st = jc_results_section(results, &section, err);

    if (st)
        return st;
    section->name = "decode";
    section->write = write;
    d->f = jc_section_room(section, 1, sizeof *d->f);
    if (!d->f)
        return jc_fail_nomem(err, "a study of early exit");
    st = plan(d, section, err);
    if (st == JC_OK)
        st = read_prompts(d, samples, err);
    if (st == JC_OK)
        st = run_all(d, err);
    d->f->prompts = d->n;
    d->f->tokens = d->params.tokens;
    section->figures = d->f;
    return st;
}

jc_status jc_decode_study(jc_results **out, const jc_model *model,
                          const jc_shortcut *shortcut, jc_samples *samples,
                          const jc_decode_params *params, jc_error *err)
{
    decode d = {.model = model, .shortcut = shortcut, .params = {.size = sizeof d.params}};
    jc_results *results = NULL;

    if (jc_want_out(out, err))
        return JC_E_ARG;
    if (!model || !shortcut || !samples)
        return jc_fail(err, JC_E_ARG,
                       "a study of early exit needs a model, shortcuts and samples");
    JC_USE_THREADS(jc_model_threads(model));
    jc_status st = jc_params_take(&d.params, sizeof d.params, params, NULL, 0, err);
    d.params.prompts = d.params.prompts ? d.params.prompts : 4;
    d.params.prompt_tokens = d.params.prompt_tokens ? d.params.prompt_tokens : 32;
    d.params.tokens = d.params.tokens ? d.params.tokens : 32;
    if (st == JC_OK)
        st = check(model, shortcut, err);
    if (st == JC_OK)
        st = jc_results_new(&results, err);
    if (st == JC_OK)
        st = make(&d, results, samples, err);
    for (size_t i = 0; i < d.n; i++)
        jc_free(d.prompts[i]);
    jc_free(d.prompts);
    jc_free(d.lengths);
    if (st) {
        jc_results_free(results);
        return st;
    }
    *out = results;
    return JC_OK;
}
