/* SPDX-License-Identifier: MIT */
/*
 * tune.c: which drafters pay.
 *
 * Passes of each size are timed first. Then each text is continued plainly and with every
 * choice of drafters in turn, so that all meet the machine in the same state, with trees
 * made for these times. How many tokens a pass gives is counted, so the speed that follows
 * from the times depends less on what else the machine does than the clock of each run.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/frequent.h"
#include "generate/policy.h"
#include "generate/run.h"
#include "model/session.h"

enum { SHORTLIST = 4096, COUNTED = 200000 /* tokens, for the most frequent ones */ };

/* clang-format off */
static const jc_option rows[] = {
    {"draft",         JC_OPTION_TEXT, offsetof(jc_tune_params, draft),         0, 0, "auto", NULL, "the drafters to choose among: auto, or some joined by + (jumpcut list drafters)"},
    {"prompts",       JC_OPTION_U32,  offsetof(jc_tune_params, prompts),       1, 1e6, "8", NULL, "texts that are continued"},
    {"prompt-tokens", JC_OPTION_U32,  offsetof(jc_tune_params, prompt_tokens), 1, 1e6, "64", NULL, "tokens of each text, from its beginning, that are the prompt"},
    {"tokens",        JC_OPTION_U32,  offsetof(jc_tune_params, tokens),        2, 1e6, "64", NULL, "tokens that are written after each prompt"},
    {"temperature",   JC_OPTION_REAL, offsetof(jc_tune_params, temperature),   0, 100, "0", NULL, "temperature at which they are drawn, 0 for the most likely token each time"},
    {"kv",            JC_OPTION_TEXT, offsetof(jc_tune_params, kv),            0, 0, "f32", "f32|f16", "type of the keys and values that are kept of every token"},
};
/* clang-format on */

const jc_option *jc_tune_options(size_t *n_rows)
{
    if (n_rows)
        *n_rows = JC_COUNT(rows);
    return rows;
}

/* A choice of drafters, and how it has done. */
typedef struct choice {
    char drafters[64];
    bool maps; /* it needs shortcuts */
    jc_draft_record record;
    jc_generate_stats sum;
    double seconds; /* from the first token of each text to its last */
} choice;

typedef struct tuning {
    const jc_model *model;
    const jc_shortcut *shortcut;
    const jc_tune_params *params;
    jc_prompt *prompts; /* [n], their ids owned */
    size_t n;
    uint64_t *count; /* [vocab]: how often each token is in the texts */
    choice *choice;  /* [1 + n_choices]; the first is plain */
    size_t n_choices;
    jc_policy *policy;
} tuning;

static void release(tuning *t)
{
    for (size_t i = 0; i < t->n; i++) {
        union {
            const uint32_t *borrowed;
            void *own;
        } ids = {t->prompts[i].ids};
        jc_free(ids.own);
    }
    jc_free(t->prompts);
    jc_free(t->count);
    jc_free(t->choice);
}

/* ---- texts ---- */

static jc_status add_prompt(tuning *t, const jc_sample *sample, jc_error *err)
{
    size_t context = jc_model_get_info(t->model)->context, n = sample->n_ids;

    n = n < t->params->prompt_tokens ? n : t->params->prompt_tokens;
    n = n < context / 2 ? n : context / 2;
    if (n == 0)
        return JC_OK;
    uint32_t *ids = jc_alloc_array(n, sizeof *ids);
    if (!ids)
        return jc_fail_nomem(err, "prompts");
    memcpy(ids, sample->ids, n * sizeof *ids);
    t->prompts[t->n++] = (jc_prompt){ids, n};
    return JC_OK;
}

/* The prompts, and a count of the tokens of these texts and some more. */
static jc_status read_texts(tuning *t, jc_samples *samples, jc_error *err)
{
    uint32_t vocab = jc_model_get_info(t->model)->vocab;
    size_t counted = 0;
    jc_status st = JC_OK;

    t->prompts = jc_alloc_array(t->params->prompts, sizeof *t->prompts);
    t->count = jc_alloc_array(vocab, sizeof *t->count);
    if (!t->prompts || !t->count)
        return jc_fail_nomem(err, "prompts");
    while (st == JC_OK &&
           (t->n < t->params->prompts || (t->shortcut && counted < COUNTED))) {
        jc_sample sample;
        st = jc_samples_next(samples, &sample, err);
        if (st || !sample.ids)
            break;
        for (size_t i = 0; i < sample.n_ids; i++)
            if (sample.ids[i] < vocab)
                t->count[sample.ids[i]]++;
        counted += sample.n_ids;
        if (t->n < t->params->prompts)
            st = add_prompt(t, &sample, err);
    }
    if (st == JC_OK && t->n == 0)
        st = jc_fail(err, JC_E_FORMAT, "there is no text to continue");
    return st;
}

/* Into the policy, for drafters that choose among frequent tokens. */
static jc_status keep_frequent(tuning *t, jc_error *err)
{
    jc_policy *policy = t->policy;

    policy->frequent = jc_alloc_array(SHORTLIST, sizeof *policy->frequent);
    if (!policy->frequent)
        return jc_fail_nomem(err, "frequent tokens");
    return jc_most_frequent(t->count, jc_model_get_info(t->model)->vocab, policy->frequent,
                            SHORTLIST, &policy->n_frequent, err);
}

/* ---- choices ---- */

static jc_status list_choices(tuning *t, jc_error *err)
{
    const jc_draft_setup setup = {.model = t->model,
                                  .shortcut = t->shortcut,
                                  .text = t->params->draft_text,
                                  .n_text = t->params->n_draft_text};
    jc_drafter_named of[JC_MIX];
    size_t n;
    jc_status st = jc_drafters_find(of, &n, t->params->draft, &setup, err);

    if (st)
        return st;
    t->choice = jc_alloc_array((size_t)1 << n, sizeof *t->choice);
    if (!t->choice)
        return jc_fail_nomem(err, "choices of drafters");
    snprintf(t->choice[0].drafters, sizeof t->choice[0].drafters, "none");
    for (size_t set = 1; set < (size_t)1 << n; set++) {
        choice *c = &t->choice[++t->n_choices];
        for (size_t k = 0, at = 0; k < n; k++) {
            if (!(set >> k & 1))
                continue;
            at += (size_t)snprintf(c->drafters + at, sizeof c->drafters - at, "%s%s",
                                   at ? "+" : "", of[k].of->name);
            if (of[k].of->layer)
                at += (size_t)snprintf(c->drafters + at, sizeof c->drafters - at, ":%u",
                                       of[k].layer);
            c->maps |= of[k].of->layer || of[k].of->states;
        }
    }
    return JC_OK;
}

typedef struct clock {
    double first, last;
} clock_of;

static bool take(void *arg, const jc_token *token)
{
    clock_of *c = arg;

    (void)token;
    c->last = jc_seconds();
    c->first = c->first > 0 ? c->first : c->last;
    return true;
}

static jc_status write_one(tuning *t, choice *c, size_t i, jc_error *err)
{
    jc_generate_params p;
    jc_generate_stats stats = {.size = sizeof stats};
    clock_of clock = {0, 0};
    jc_policy shape = {.info = {.gate = NULL}};

    jc_generate_params_init(&p);
    p.tokens = t->params->tokens;
    p.temperature = t->params->temperature;
    p.seed = t->params->seed + i;
    p.kv = t->params->kv;
    p.draft = c->drafters;
    p.shortcut = t->shortcut;
    p.frequent = t->policy->frequent;
    p.n_frequent = t->policy->n_frequent;
    p.draft_text = t->params->draft_text;
    p.n_draft_text = t->params->n_draft_text;
    p.stats = &stats;
    /* the times of passes, but no choice of drafters */
    snprintf(shape.model, sizeof shape.model, "%s", t->policy->model);
    shape.tuning.times = t->policy->tuning.times;
    p.policy = &shape;
    jc_status st = jc_generate_run(t->model, &t->prompts[i], 1, &p,
                                   c == t->choice ? NULL : &c->record, take, &clock, err);
    c->seconds += clock.last - clock.first;
    c->sum.tokens += stats.tokens;
    c->sum.turns += stats.turns;
    c->sum.drafted += stats.drafted;
    c->sum.draft_seconds += stats.draft_seconds;
    c->sum.draw_seconds += stats.draw_seconds;
    return st;
}

static jc_status write_all(tuning *t, jc_error *err)
{
    jc_progress progress = {.stage = "writing", .unit = "texts"};
    jc_status st = JC_OK;

    progress.total = t->n * (1 + t->n_choices);
    for (size_t i = 0; i < t->n && st == JC_OK; i++)
        for (size_t k = 0; k <= t->n_choices && st == JC_OK; k++) {
            st = write_one(t, &t->choice[k], i, err);
            progress.done++;
            if (st == JC_OK)
                st = jc_report(t->params->hooks, &progress, err);
        }
    return st;
}

/* ---- the account ---- */

/* Seconds that a choice takes for its tokens when passes take the times measured. */
static double expected(const tuning *t, const choice *c)
{
    const jc_pass_times *times = &t->policy->tuning.times;
    double sum = c->sum.draft_seconds + c->sum.draw_seconds;

    for (size_t k = 1; k < JC_COUNT(c->record.rows); k++)
        sum += (double)c->record.rows[k] * jc_pass_times_at(times, (double)k);
    return sum;
}

static void account(const tuning *t, const choice *c, jc_tried *out)
{
    const choice *plain = &t->choice[0];
    double tokens = (double)c->sum.tokens, turns = (double)c->sum.turns;
    double each = t->policy->tuning.times.seconds[0] +
                  plain->sum.draw_seconds / (double)plain->sum.tokens;

    out->drafters = c->drafters;
    out->tokens = tokens / turns;
    out->drafts = (double)c->sum.drafted / turns;
    out->predicted = tokens * each / expected(t, c);
    out->measured = c->seconds > 0 ? plain->seconds / c->seconds : 1;
    for (size_t d = 0; d < JC_TRIED_DEPTHS; d++) {
        out->came[d] = c->record.came[d];
        for (size_t r = 0; r < JC_TRIED_RANKS && out->came[d]; r++)
            out->right[d][r] = (double)c->record.right[d][r] / (double)out->came[d];
    }
}

/* What the guesses of a choice were worth, by the drafters' names. */
static jc_status keep_odds(tuning *t, const choice *c, jc_error *err)
{
    const jc_draft_setup setup = {.model = t->model, .shortcut = t->shortcut};
    jc_drafter_named of[JC_MIX];
    jc_draft_tuning *out = &t->policy->tuning;
    jc_status st = jc_drafters_find(of, &out->n, c->drafters, &setup, err);

    for (size_t k = 0; k < out->n && st == JC_OK; k++) {
        snprintf(out->name[k], sizeof out->name[k], "%s", of[k].of->name);
        memcpy(out->odds[k], c->record.worth.odds[k], sizeof out->odds[k]);
    }
    return st;
}

/* A speed-up that is less is not worth the name. */
#define LEAST 1.02

static jc_status choose(tuning *t, jc_error *err)
{
    jc_policy *policy = t->policy;
    jc_policy_info *info = &policy->info;
    const choice *best = &t->choice[0];

    info->draft_speed = 1;
    for (size_t k = 1; k <= t->n_choices && info->n_tried < JC_TRIED; k++) {
        jc_tried *tried = &policy->tried[info->n_tried];
        account(t, &t->choice[k], tried);
        snprintf(policy->names[info->n_tried], sizeof policy->names[0], "%s",
                 tried->drafters);
        tried->drafters = policy->names[info->n_tried++];
        if (tried->predicted > fmax(info->draft_speed, LEAST)) {
            info->draft_speed = tried->predicted;
            best = &t->choice[k];
        }
    }
    snprintf(policy->draft, sizeof policy->draft, "%s", best->drafters);
    if (!best->maps) {
        policy->shortcut[0] = 0;
        policy->n_frequent = 0;
    }
    info->draft_temperature = t->params->temperature;
    info->draft_written = t->choice[0].sum.tokens;
    jc_policy_tell_draft(policy);
    if (best == t->choice)
        jc_note(t->params->hooks, "no drafters pay here: the policy says to write plainly");
    return keep_odds(t, best, err);
}

static jc_status check(const jc_tune_params *p, const jc_model *model, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(model);
    jc_status st = jc_model_ready(model, err);

    if (st)
        return st;
    if (!info->causal || !info->has_head)
        return jc_fail(err, JC_E_UNSUPPORTED, "'%s' %s, so it writes no texts to draft for",
                       info->path, info->causal ? "has no head" : "is an encoder");
    if (strcmp(p->draft, "none") == 0)
        return jc_fail(err, JC_E_ARG, "there are no drafters to choose among: name some");
    return JC_OK;
}

jc_status jc_tune(jc_policy **out, const jc_model *model, const jc_shortcut *shortcut,
                  jc_samples *samples, const jc_tune_params *params, jc_error *err)
{
    jc_tune_params own;
    tuning t = {.model = model, .shortcut = shortcut, .params = &own};

    if (jc_want_out(out, err))
        return JC_E_ARG;
    if (jc_want(model, "model", err))
        return JC_E_ARG;
    if (jc_want(samples, "samples", err))
        return JC_E_ARG;
    JC_USE_THREADS(jc_model_threads(model));
    jc_tune_params_init(&own);
    jc_status st = jc_params_take(&own, sizeof own, params, rows, JC_COUNT(rows), err);
    if (st == JC_OK)
        st = check(&own, model, err);
    if (st == JC_OK && shortcut)
        st = jc_shortcut_check(shortcut, model, err);
    if (st == JC_OK)
        st = jc_policy_new(&t.policy, model, shortcut, err);
    if (st == JC_OK)
        st = list_choices(&t, err);
    if (st == JC_OK)
        st = read_texts(&t, samples, err);
    if (st == JC_OK && shortcut)
        st = keep_frequent(&t, err);
    if (st == JC_OK)
        st = jc_pass_times_measure(&t.policy->tuning.times, model, t.prompts[0].ids,
                                   t.prompts[0].n, own.kv, err);
    if (st == JC_OK)
        st = write_all(&t, err);
    if (st == JC_OK)
        st = choose(&t, err);
    release(&t);
    if (st) {
        jc_policy_free(t.policy);
        return st;
    }
    *out = t.policy;
    return JC_OK;
}
