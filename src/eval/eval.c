/* SPDX-License-Identifier: MIT */
/* eval.c: one pass over the validation samples, every metric fed from it. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "eval/json.h"
#include "eval/run.h"
#include "shortcut/shortcut.h"
#include "stats/batch.h"

enum { MOST_METRICS = 16 };

struct jc_results {
    json_t *json;
};

/* clang-format off */
static const jc_option rows[] = {
    {"target", JC_OPTION_REAL, offsetof(jc_eval_params, target), 0, 1, "0.95", NULL, "precision@1 to keep when blocks are saved by early exit"},
    {"tau",    JC_OPTION_REAL, offsetof(jc_eval_params, tau), 0, 1e6, "4", NULL, "how fast the early-exit threshold falls along a text"},
    {"batch",  JC_OPTION_U32,  offsetof(jc_eval_params, batch), 0, 1e6, "0", NULL, "tokens run together, 0 to choose; results do not depend on it"},
    {"bootstrap", JC_OPTION_U32, offsetof(jc_eval_params, bootstrap), 0, 10000, "1000", NULL, "times that texts are drawn again for the 95% intervals, 0 for none"},
    {"schedules", JC_OPTION_BOOL, offsetof(jc_eval_params, schedules), 0, 0, "false", NULL, "scores of schedules, in which some blocks are run and maps jump over the others"},
    {"paper",  JC_OPTION_BOOL, offsetof(jc_eval_params, paper), 0, 0, "false", NULL, "do as the paper's code does: one random position a text, and early exit of encoders with position 3 for every token"},
};
/* clang-format on */

const jc_option *jc_eval_options(size_t *n_rows)
{
    *n_rows = JC_COUNT(rows);
    return rows;
}

static json_t *describe_model(const jc_model_info *info)
{
    char *path = jc_utf8_name(info->path);
    size_t n = path ? strlen(path) : 0;

    while (n > 1 && path[n - 1] == '/')
        n--;
    size_t start = n;
    while (start > 0 && path[start - 1] != '/')
        start--;
    json_t *json =
        path
            ? json_pack(
                  "{s:s, s:s%, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:b}",
                  "path", path, "name", path + start, n - start, "architecture",
                  info->architecture, "layers", (json_int_t)info->layers, "width",
                  (json_int_t)info->width, "heads", (json_int_t)info->heads, "context",
                  (json_int_t)info->context, "vocab", (json_int_t)info->vocab, "parameters",
                  (json_int_t)info->parameters, "stored_dtype", info->stored_dtype,
                  "backend", info->backend, "dtype", info->dtype, "fingerprint",
                  info->fingerprint, "head", info->has_head)
            : NULL;
    jc_free(path);
    return json;
}

static json_t *whole_number(const char *text)
{
    return json_integer(text ? (json_int_t)strtoull(text, NULL, 10) : 0);
}

/* What the shortcut's metadata says of its making. */
static json_t *describe_fit(const jc_shortcut *shortcut)
{
    const char *method = jc_shortcut_meta(shortcut, "method");
    const char *ridge = jc_shortcut_meta(shortcut, "ridge");
    const char *bias = jc_shortcut_meta(shortcut, "bias");
    const char *texts = jc_shortcut_meta(shortcut, "texts.files");
    double penalty = ridge ? jc_real_parse(ridge, NULL) : 0;
    json_error_t why = {0};
    json_t *sources = texts ? json_loads(texts, 0, &why) : NULL;

    if (texts && !sources && jc_json_no_memory(&why))
        return NULL;
    if (!json_is_array(sources)) { /* another program wrote it */
        json_decref(sources);
        sources = NULL;
    }
    return json_pack(
        "{s:s, s:o, s:b, s:o, s:o, s:o*}", "method", method ? method : "", "ridge",
        jc_json_number(penalty), "bias", bias && strcmp(bias, "true") == 0, "rows",
        whole_number(jc_shortcut_meta(shortcut, "rows")), "texts",
        whole_number(jc_shortcut_meta(shortcut, "rows.texts")), "sources", sources);
}

/* What a method's maps to the last layer cost: all of them in numbers and bytes, what they
 * share once; and the most that one takes for a token. */
static json_t *cost_of(const jc_eval_run *run, const jc_packed *method)
{
    jc_map_cost all = {0};
    const jc_map *shared = NULL;

    for (uint32_t l = 0; l + 1 < run->taps && method->shortcut; l++) {
        const jc_map *map = jc_shortcut_find(method->shortcut, l, run->taps - 1);
        jc_map_cost cost = jc_map_costs(map);
        all.parameters += cost.parameters;
        all.bytes += cost.bytes;
        all.flops = cost.flops > all.flops ? cost.flops : all.flops;
        if (map->base && map->base != shared) {
            shared = map->base;
            cost = jc_map_costs(shared);
            all.parameters += cost.parameters;
            all.bytes += cost.bytes;
        }
    }
    return json_pack("{s:I, s:I, s:I}", "parameters", (json_int_t)all.parameters, "bytes",
                     (json_int_t)all.bytes, "flops", (json_int_t)all.flops);
}

/* Null where early exit goes by each token's own position. */
static json_t *exit_position(const jc_eval_run *run)
{
    int64_t position = jc_eval_exit_position(run);

    return position < 0 ? json_null() : json_integer(position);
}

static jc_status describe(const jc_eval_run *run, json_t *json, uint64_t texts,
                          uint64_t n_rows, jc_error *err)
{
    int failed = json_object_set_new(json, "format", json_string("jumpcut-results/1"));

    failed |= json_object_set_new(json, "model", describe_model(run->info));
    failed |= json_object_set_new(json, "data",
                                  json_pack("{s:I, s:I, s:o}", "texts", (json_int_t)texts,
                                            "rows", (json_int_t)n_rows, "exit_position",
                                            exit_position(run)));
    json_t *fits = jc_json_section(json, "fits");
    for (size_t m = 1; m < run->n_methods; m++)
        failed |= json_object_set_new(fits, run->methods[m].name,
                                      describe_fit(run->methods[m].shortcut));
    json_t *costs = jc_json_section(json, "cost");
    for (size_t m = 0; m < run->n_methods; m++)
        failed |= json_object_set_new(costs, run->methods[m].name,
                                      cost_of(run, &run->methods[m]));
    failed |= json_object_set_new(json, "n_val", json_integer((json_int_t)n_rows));
    return failed ? jc_fail_nomem(err, "the results") : JC_OK;
}

/* Whether the model can have the metric. */
static bool counts(const jc_eval_run *run, const jc_metric *metric)
{
    return run->info->has_head || !metric->reads_out;
}

/* The pass. */
struct pass {
    const jc_eval_run *run;
    void *states[MOST_METRICS]; /* of the metrics */
    const float **taps;         /* [taps] */
    jc_score *scores;
    size_t scores_capacity;
    uint64_t rows, texts;
};

static jc_status add_batch(struct pass *pass, const jc_batch *source, size_t n,
                           jc_error *err)
{
    const jc_eval_run *run = pass->run;
    size_t scores;

    if (!jc_mul(n, run->n_methods * run->taps, &scores) ||
        !jc_grow(&pass->scores, &pass->scores_capacity, scores, sizeof *pass->scores))
        return jc_fail_nomem(err, "scores");
    for (uint32_t t = 0; t < run->taps; t++)
        pass->taps[t] = jc_batch_states(source, t);
    const jc_eval_batch batch = {
        n,           pass->taps,   jc_batch_positions(source), jc_batch_owners(source),
        pass->texts, pass->scores, jc_batch_session(source),   source};
    jc_status st =
        run->info->has_head ? jc_eval_scores(run, pass->taps, n, pass->scores, err) : JC_OK;
    for (size_t i = 0; jc_metric_row(i) && st == JC_OK; i++)
        if (counts(run, jc_metric_row(i)))
            st = jc_metric_row(i)->add(pass->states[i], run, &batch, err);
    pass->rows += n;
    pass->texts += jc_batch_texts(source);
    return st;
}

static jc_status run_pass(struct pass *pass, jc_batch *batch, jc_error *err)
{
    jc_status st = JC_OK;
    size_t n;

    pass->taps = jc_alloc_array(pass->run->taps, sizeof *pass->taps);
    if (!pass->taps)
        return jc_fail_nomem(err, "an evaluation");
    for (size_t i = 0; jc_metric_row(i) && st == JC_OK; i++)
        if (counts(pass->run, jc_metric_row(i)))
            st = jc_metric_row(i)->begin(&pass->states[i], pass->run, err);
    for (size_t i = 0; jc_metric_row(i) && st == JC_OK; i++)
        if (counts(pass->run, jc_metric_row(i)) && jc_metric_row(i)->prepare)
            st = jc_metric_row(i)->prepare(pass->states[i], pass->run, batch, err);
    while (st == JC_OK) {
        st = jc_batch_next(batch, &n, err);
        if (st || n == 0)
            break;
        st = add_batch(pass, batch, n, err);
    }
    return st;
}

static jc_status write_results(struct pass *pass, jc_results *results, jc_error *err)
{
    results->json = json_object();
    jc_status st = describe(pass->run, results->json, pass->texts, pass->rows, err);

    for (size_t i = 0; jc_metric_row(i) && st == JC_OK; i++)
        if (counts(pass->run, jc_metric_row(i)))
            st = jc_metric_row(i)->finish(pass->states[i], pass->run, results->json, err);
    return st;
}

jc_status jc_eval(jc_results **out, const jc_model *model,
                  const jc_shortcut *const *shortcuts, size_t n_shortcuts,
                  jc_samples *samples, const jc_eval_params *params, jc_error *err)
{
    JC_USE_THREADS(jc_model_threads(model));
    jc_eval_params p;
    jc_batch *batch = NULL;

    *out = NULL;
    jc_eval_params_init(&p);
    jc_status st = jc_model_ready(model, err);
    if (st == JC_OK)
        st = jc_want(samples, "samples", err);
    for (size_t i = 0; i < n_shortcuts && st == JC_OK; i++)
        st = jc_want(shortcuts ? shortcuts[i] : NULL, "shortcuts", err);
    if (st == JC_OK)
        st = jc_params_take(&p, sizeof p, params, rows, JC_COUNT(rows), err);
    if (st)
        return st;
    const jc_model_info *info = jc_model_get_info(model);
    params = &p;
    jc_eval_run run = {.model = model,
                       .info = info,
                       .params = params,
                       .taps = info->layers + 1,
                       .width = info->width,
                       .shortcuts = shortcuts,
                       .n_shortcuts = n_shortcuts};
    struct pass pass = {.run = &run};
    jc_results *results = jc_alloc_array(1, sizeof *results);
    run.names = jc_alloc_array(n_shortcuts + 1, sizeof *run.names);
    if (run.names)
        jc_packed_name(run.names, shortcuts, n_shortcuts);
    st = results && run.names ? jc_packed_new(&run.methods, &run.n_methods, model,
                                              shortcuts, n_shortcuts, JC_PACK_ALL, err)
                              : jc_fail_nomem(err, "the results");
    if (st == JC_OK)
        st = jc_batch_new(&batch, model, samples, params->batch, "scoring", params->hooks,
                          err);
    for (size_t i = 0; jc_metric_row(i) && st == JC_OK; i++)
        if (counts(&run, jc_metric_row(i)) && jc_metric_row(i)->wants_detours &&
            jc_metric_row(i)->wants_detours(&run))
            jc_batch_keep(batch);
    if (st == JC_OK)
        st = run_pass(&pass, batch, err);
    if (st == JC_OK)
        st = write_results(&pass, results, err);
    for (size_t i = 0; jc_metric_row(i); i++)
        jc_metric_row(i)->release(pass.states[i]);
    jc_free(pass.taps);
    jc_free(pass.scores);
    jc_batch_free(batch);
    jc_packed_free(run.methods, run.n_methods);
    jc_free(run.names);
    if (st) {
        jc_results_free(results);
        return st;
    }
    *out = results;
    return JC_OK;
}

void jc_results_free(jc_results *results)
{
    if (results)
        json_decref(results->json);
    jc_free(results);
}

jc_status jc_results_add(jc_results *results, const char *json, jc_error *err)
{
    json_error_t where = {0};
    json_t *more = json_loads(json, JSON_REJECT_DUPLICATES, &where);

    if (!more && jc_json_no_memory(&where))
        return jc_fail_nomem(err, "the results");
    if (!json_is_object(more)) {
        json_decref(more);
        return jc_fail(err, JC_E_ARG, "what is added to results is no JSON object: %s",
                       where.text);
    }
    int failed = json_object_update_recursive(results->json, more);
    json_decref(more);
    return failed ? jc_fail_nomem(err, "the results") : JC_OK;
}

jc_status jc_results_json(const jc_results *results, char **json, jc_error *err)
{
    *json = json_dumps(results->json, JSON_INDENT(1) | JSON_REAL_PRECISION(10));
    return *json ? JC_OK : jc_fail_nomem(err, "the results");
}
