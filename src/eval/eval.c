/* SPDX-License-Identifier: MIT */
/* eval.c: one pass over the validation samples, every metric fed from it. */
#include <stdlib.h>
#include <string.h>

#include "eval/routes.h"
#include "eval/run.h"
#include "eval/summary.h"
#include "eval/thin.h"
#include "eval/turns.h"
#include "shortcut/shortcut.h"
#include "stats/batch.h"

enum { MOST_METRICS = 16 };

/* clang-format off */
static const jc_option rows[] = {
    {"target", JC_OPTION_REAL, offsetof(jc_eval_params, target), 0, 1, "0.95", NULL, "precision@1 to keep when blocks are saved by early exit"},
    {"tau",    JC_OPTION_REAL, offsetof(jc_eval_params, tau), 0, 1e6, "4", NULL, "how fast the early-exit threshold falls along a text"},
    {"batch",  JC_OPTION_U32,  offsetof(jc_eval_params, batch), 0, 1e6, "0", NULL, "tokens run together, 0 to choose; results do not depend on it"},
    {"bootstrap", JC_OPTION_U32, offsetof(jc_eval_params, bootstrap), 0, 10000, "1000", NULL, "bootstrap samples of the texts for the 95% intervals, 0: no intervals"},
    {"schedules", JC_OPTION_BOOL, offsetof(jc_eval_params, schedules), 0, 0, "false", NULL, "scores of schedules, in which some blocks are run and maps jump over the others"},
    {"route-every", JC_OPTION_U32, offsetof(jc_eval_params, route_every), 1, 1e9, "1", NULL, "score parts of blocks and schedules, which run the model again in many ways, on every N-th text only"},
    {"route-positions", JC_OPTION_U32, offsetof(jc_eval_params, route_positions), 0, 1e9, "0", NULL, "and at N positions of each such text, spread evenly; 0: at all that are scored"},
    {"paper",  JC_OPTION_BOOL, offsetof(jc_eval_params, paper), 0, 0, "false", NULL, "do as the paper's code does: one random position per text, and early exit of encoders with position 3 for every token"},
};
/* clang-format on */

const jc_option *jc_eval_options(size_t *n_rows)
{
    if (n_rows)
        *n_rows = JC_COUNT(rows);
    return rows;
}

/* Whether the model can have the metric. */
static bool has_metric(const jc_eval_run *run, const jc_metric *metric)
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
    jc_thin *thin;   /* the texts of metrics that run routes; NULL: as the others */
    jc_turns *turns; /* of a team */
};

static bool wants_routes(const jc_eval_run *run, const jc_metric *metric)
{
    return has_metric(run, metric) && metric->wants_routes && metric->wants_routes(run);
}

static bool leads(const struct pass *pass)
{
    return !pass->run->team || pass->run->team->rank == 0;
}

/* Feed a batch to the metrics that run no routes. */
static jc_status feed(struct pass *pass, const jc_eval_batch *batch, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t i = 0; jc_metric_row(i) && st == JC_OK; i++) {
        const jc_metric *metric = jc_metric_row(i);
        if (has_metric(pass->run, metric) && metric->add && (metric->unite || leads(pass)))
            st = metric->add(pass->states[i], pass->run, batch, err);
    }
    return st;
}

/* The routes of metric i; NULL: it has none. */
static jc_routes *routes_of(const struct pass *pass, size_t i)
{
    const jc_metric *metric = jc_metric_row(i);

    return has_metric(pass->run, metric) && metric->routes ? metric->routes(pass->states[i])
                                                           : NULL;
}

static jc_status run_routes(struct pass *pass, const jc_eval_batch *batch, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t i = 0; jc_metric_row(i) && st == JC_OK; i++) {
        jc_routes *routes = routes_of(pass, i);
        if (routes)
            st = jc_routes_run(routes, pass->run, batch, err);
        if (routes && st == JC_OK && !pass->turns)
            st = jc_tally_add(routes->tally, routes->scores, batch->owners, batch->rows,
                              err);
    }
    return st;
}

/* Run the texts that were kept for routes. */
static jc_status run_thin(struct pass *pass, jc_eval_batch *batch, jc_error *err)
{
    jc_status st = jc_thin_run(pass->thin, batch, err);

    return st || batch->rows == 0 ? st : run_routes(pass, batch, err);
}

static jc_status feed_routes(struct pass *pass, const jc_eval_batch *batch, jc_error *err)
{
    jc_eval_batch some;

    if (!pass->thin)
        return run_routes(pass, batch, err);
    jc_status st = jc_thin_add(pass->thin, batch, err);
    return st == JC_OK && jc_thin_full(pass->thin) ? run_thin(pass, &some, err) : st;
}

/* Read out the batch that was run. */
static jc_status score(struct pass *pass, const jc_batch *source, size_t n,
                       jc_eval_batch *batch, jc_error *err)
{
    const jc_eval_run *run = pass->run;
    size_t scores;

    if (!jc_mul(n, run->n_methods * run->taps, &scores) ||
        !jc_grow(&pass->scores, &pass->scores_capacity, scores, sizeof *pass->scores))
        return jc_fail_nomem(err, "scores");
    for (uint32_t t = 0; t < run->taps; t++)
        pass->taps[t] = jc_batch_states(source, t);
    *batch = (jc_eval_batch){
        n,           pass->taps,   jc_batch_positions(source), jc_batch_owners(source),
        pass->texts, pass->scores, jc_batch_session(source),   source};
    return run->info->has_head ? jc_eval_scores(run, pass->taps, n, pass->scores, err)
                               : JC_OK;
}

static jc_status add_batch(struct pass *pass, const jc_batch *source, size_t n,
                           jc_error *err)
{
    jc_eval_batch batch;
    jc_status st = score(pass, source, n, &batch, err);

    if (st == JC_OK)
        st = feed(pass, &batch, err);
    if (st == JC_OK)
        st = feed_routes(pass, &batch, err);
    pass->rows += n;
    pass->texts += jc_batch_texts(source);
    return st;
}

static jc_status run_alone(struct pass *pass, jc_batch *batch, jc_error *err)
{
    jc_eval_batch some;
    jc_status st;
    size_t n;

    do {
        st = jc_batch_next(batch, &n, err);
        if (st == JC_OK && n > 0)
            st = add_batch(pass, batch, n, err);
    } while (st == JC_OK && n > 0);
    return st == JC_OK && pass->thin ? run_thin(pass, &some, err) : st;
}

/* ---- a team ---- */

/* This rank's batch of a round. The texts of routes are run at once: *routed has those,
 * whose scores are with the routes. `before`: texts of this round's batches before it. */
static jc_status work(struct pass *pass, const jc_batch *source, size_t n, uint64_t before,
                      jc_eval_batch *routed, jc_error *err)
{
    jc_eval_batch batch;
    jc_status st = score(pass, source, n, &batch, err);

    batch.first_text += before;
    *routed = batch;
    if (st == JC_OK && pass->thin)
        st = jc_thin_add(pass->thin, &batch, err);
    if (st == JC_OK)
        st = pass->thin ? run_thin(pass, routed, err) : run_routes(pass, &batch, err);
    return st;
}

/* The routes of rank i's batch; all rows of it, where they are not thinned. */
static jc_status take_routes(struct pass *pass, uint32_t i, const jc_eval_batch *batch,
                             const jc_eval_batch *routed, jc_error *err)
{
    uint64_t kept = pass->thin ? routed->rows : batch->rows;
    const void *told;
    uint32_t *owners = NULL;
    jc_status st = jc_turns_tell(pass->turns, i, &kept, sizeof kept, &told, err);

    if (st)
        return st;
    memcpy(&kept, told, sizeof kept);
    owners = jc_alloc_array(kept + 1, sizeof *owners);
    if (!owners)
        return jc_fail_nomem(err, "scores");
    st = jc_turns_tell(pass->turns, i, pass->thin ? routed->owners : batch->owners,
                       kept * sizeof *owners, &told, err);
    if (st == JC_OK && kept)
        memcpy(owners, told, kept * sizeof *owners);
    for (size_t m = 0; jc_metric_row(m) && st == JC_OK && kept; m++) {
        jc_routes *routes = routes_of(pass, m);
        if (!routes)
            continue;
        st = jc_turns_tell(pass->turns, i, routes->scores,
                           routes->n * kept * sizeof *routes->scores, &told, err);
        if (st == JC_OK && leads(pass))
            st = jc_tally_add(routes->tally, told, owners, kept, err);
    }
    jc_free(owners);
    return st;
}

static bool has_routes(const struct pass *pass)
{
    bool has = false;

    for (size_t i = 0; jc_metric_row(i); i++)
        has |= routes_of(pass, i) != NULL;
    return has;
}

/* A batch of each rank; *more is false at the end of the stream. */
static jc_status run_round(struct pass *pass, jc_batch *source, bool *more, jc_error *err)
{
    const jc_team *team = pass->run->team;
    jc_eval_batch routed = {.rows = 0}, batch;
    uint64_t before = 0;
    jc_status st = JC_OK;
    size_t n, texts;

    for (uint32_t i = 0; i < team->ranks && st == JC_OK; i++) {
        st = jc_batch_next(source, &n, err);
        if (st == JC_OK)
            st = jc_turns_note(pass->turns, i, source, n, err);
        if (st == JC_OK && i == team->rank && n > 0)
            st = work(pass, source, n, before, &routed, err);
        before += jc_batch_texts(source);
    }
    for (uint32_t i = 0; i < team->ranks && st == JC_OK; i++) {
        st = jc_turns_take(pass->turns, i, pass->taps, pass->scores, &batch, &texts, err);
        *more = batch.rows > 0;
        if (st == JC_OK && *more)
            st = feed(pass, &batch, err);
        if (st == JC_OK && *more && has_routes(pass))
            st = take_routes(pass, i, &batch, &routed, err);
        pass->rows += batch.rows;
        pass->texts += texts;
    }
    return st;
}

static jc_status run_team(struct pass *pass, jc_batch *batch, jc_error *err)
{
    bool more = true;
    jc_status st = jc_turns_new(&pass->turns, pass->run, batch, err);

    while (st == JC_OK && more)
        st = run_round(pass, batch, &more, err);
    for (size_t i = 0; jc_metric_row(i) && st == JC_OK; i++)
        if (has_metric(pass->run, jc_metric_row(i)) && jc_metric_row(i)->unite)
            st = jc_metric_row(i)->unite(pass->states[i], pass->run, err);
    return st;
}

static jc_status run_pass(struct pass *pass, jc_batch *batch, jc_error *err)
{
    jc_status st = JC_OK;

    pass->taps = jc_alloc_array(pass->run->taps, sizeof *pass->taps);
    if (!pass->taps)
        return jc_fail_nomem(err, "an evaluation");
    for (size_t i = 0; jc_metric_row(i) && st == JC_OK; i++)
        if (has_metric(pass->run, jc_metric_row(i)))
            st = jc_metric_row(i)->begin(&pass->states[i], pass->run, err);
    for (size_t i = 0; jc_metric_row(i) && st == JC_OK; i++)
        if (has_metric(pass->run, jc_metric_row(i)) && jc_metric_row(i)->prepare)
            st = jc_metric_row(i)->prepare(pass->states[i], pass->run, batch, err);
    if (st)
        return st;
    return pass->run->team ? run_team(pass, batch, err) : run_alone(pass, batch, err);
}

/* A section of what was scored. */
static jc_status new_section(jc_results *results, const jc_eval_run *run,
                             jc_section **section, jc_error *err)
{
    jc_status st = jc_results_section(results, section, err);
    jc_method_name *names =
        st == JC_OK ? jc_section_room(*section, run->n_methods, sizeof *names) : NULL;

    if (st)
        return st;
    if (!names)
        return jc_fail_nomem(err, "the results");
    for (size_t m = 0; m < run->n_methods; m++)
        memcpy(names[m], run->methods[m].name, sizeof *names);
    (*section)->methods = (const jc_method_name *)names;
    (*section)->n_methods = run->n_methods;
    (*section)->taps = run->taps;
    return JC_OK;
}

static jc_status finish(struct pass *pass, jc_results *results, jc_error *err)
{
    jc_eval_counts counts = {.texts = pass->texts, .rows = pass->rows};
    jc_section *section = NULL;
    jc_status st = new_section(results, pass->run, &section, err);

    if (pass->thin)
        jc_thin_count(pass->thin, &counts.route_texts, &counts.route_rows);
    if (st == JC_OK && pass->thin && pass->turns)
        st = jc_turns_count(pass->turns, &counts.route_texts, err);
    if (st == JC_OK && pass->thin && pass->turns)
        st = jc_turns_count(pass->turns, &counts.route_rows, err);
    if (!leads(pass))
        return st;
    if (st == JC_OK)
        st = jc_eval_summary(pass->run, &counts, section, err);
    for (size_t i = 0; jc_metric_row(i) && st == JC_OK; i++) {
        const jc_metric *metric = jc_metric_row(i);
        if (!has_metric(pass->run, metric))
            continue;
        st = new_section(results, pass->run, &section, err);
        if (st)
            break;
        section->name = metric->info.name;
        section->write = metric->write;
        st = metric->finish(pass->states[i], pass->run, section, err);
    }
    return st;
}

jc_status jc_eval(jc_results **out, const jc_model *model,
                  const jc_shortcut *const *shortcuts, size_t n_shortcuts,
                  jc_samples *samples, const jc_eval_params *params, jc_error *err)
{
    JC_USE_THREADS(jc_model_threads(model));
    jc_eval_params p;
    jc_batch *batch = NULL;

    jc_status st = jc_want_out(out, err);
    jc_eval_params_init(&p);
    if (st == JC_OK)
        st = jc_model_ready(model, err);
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
    if (params->team && params->team->ranks > 1)
        run.team = params->team;
    if (run.team && (run.team->rank >= run.team->ranks || !run.team->sum ||
                     !run.team->least || !run.team->tell))
        return jc_fail(err, JC_E_ARG, "'team' has no rank %u of %u, or lacks a function",
                       run.team->rank, run.team->ranks);
    struct pass pass = {.run = &run};
    jc_results *results;
    st = jc_results_new(&results, err);
    run.names = jc_alloc_array(n_shortcuts + 1, sizeof *run.names);
    if (run.names)
        jc_packed_name(run.names, shortcuts, n_shortcuts);
    if (st == JC_OK)
        st = run.names ? jc_packed_new(&run.methods, &run.n_methods, model, shortcuts,
                                       n_shortcuts, JC_PACK_ALL, err)
                       : jc_fail_nomem(err, "the results");
    if (st == JC_OK)
        st = jc_batch_new(&batch, model, samples, params->batch, "scoring", params->hooks,
                          err);
    if (batch)
        jc_batch_watch(batch);
    bool routes = false;
    for (size_t i = 0; jc_metric_row(i) && st == JC_OK; i++)
        routes |= wants_routes(&run, jc_metric_row(i));
    if (routes && jc_thin_wanted(params))
        st = jc_thin_new(&pass.thin, &run, err);
    else if (routes)
        jc_batch_keep(batch);
    if (st == JC_OK)
        st = run_pass(&pass, batch, err);
    if (st == JC_OK)
        st = finish(&pass, results, err);
    for (size_t i = 0; jc_metric_row(i); i++)
        jc_metric_row(i)->release(pass.states[i]);
    jc_free(pass.taps);
    jc_free(pass.scores);
    jc_thin_free(pass.thin);
    jc_turns_free(pass.turns);
    jc_batch_free(batch);
    jc_packed_free(run.methods, run.n_methods);
    jc_free(run.names);
    if (st || !leads(&pass)) {
        jc_results_free(results);
        return st;
    }
    *out = results;
    return JC_OK;
}
