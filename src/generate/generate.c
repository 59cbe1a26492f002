/* SPDX-License-Identifier: MIT */
/* generate.c: prompts continued side by side, a callback for each token. */
#include "jumpcut/generate.h"

#include <string.h>

#include "base/memory_free.h"
#include "generate/leave.h"
#include "generate/policy.h"
#include "generate/run.h"
#include "generate/speculate.h"
#include "kernels/kernels.h"
#include "model/session.h"

/* clang-format off */
static const jc_option rows[] = {
    {"tokens",         JC_OPTION_U32,  offsetof(jc_generate_params, tokens),         0, 1e9, "128", NULL, "tokens to write at most, 0 to go on until the context is full"},
    {"temperature",    JC_OPTION_REAL, offsetof(jc_generate_params, temperature),    0, 100, "0", NULL, "how even the draw is: 0 takes the most likely token each time, 1 draws from the model's own distribution"},
    {"top-k",          JC_OPTION_U32,  offsetof(jc_generate_params, top_k),          0, 1e9, "0", NULL, "draw among the N most likely tokens only, 0 for all"},
    {"top-p",          JC_OPTION_REAL, offsetof(jc_generate_params, top_p),          1e-6, 1, "1", NULL, "draw among the fewest tokens that together have this probability"},
    {"min-p",          JC_OPTION_REAL, offsetof(jc_generate_params, min_p),          0, 1, "0", NULL, "draw among tokens at least X times as likely as the most likely one"},
    {"repeat-penalty", JC_OPTION_REAL, offsetof(jc_generate_params, repeat_penalty), 0.01, 100, "1", NULL, "divide positive logits of tokens that are there already by X, multiply negative ones"},
    {"seed",           JC_OPTION_U64,  offsetof(jc_generate_params, seed),           0, 18446744073709551615.0, "0", NULL, "seeds the draws; the same seed writes the same text"},
    {"kv",             JC_OPTION_TEXT, offsetof(jc_generate_params, kv),             0, 0, "f32", "f32|f16", "type of the keys and values that are kept of every token"},
    {"draft",          JC_OPTION_TEXT, offsetof(jc_generate_params, draft),          0, 0, "none", NULL, "guess tokens and run the guesses in one pass, which is faster and writes the same text: none, auto, or drafters joined by + (jumpcut list drafters)"},
    {"draft-nodes",    JC_OPTION_U32,  offsetof(jc_generate_params, draft_nodes),    0, JC_DRAFT_NODES, "0", NULL, "guesses per sequence and pass, 0: chosen by their cost and gain"},
    {"exit",           JC_OPTION_TEXT, offsetof(jc_generate_params, exit),           0, 0, "none", NULL, "let tokens leave the model early by this gate (jumpcut list gates); another text than the full model's"},
    {"exit-at",        JC_OPTION_TEXT, offsetof(jc_generate_params, exit_at),        0, 0, NULL, NULL, "the blocks after which they may leave, as 3,6,9; without it chosen by what exits cost"},
    {"exit-threshold", JC_OPTION_REAL, offsetof(jc_generate_params, exit_threshold), -1e9, 1e9, "0", NULL, "lambda of the gate: the larger, the fewer leave; 0 for the gate's own"},
    {"kv-fill",        JC_OPTION_TEXT, offsetof(jc_generate_params, kv_fill),        0, 0, "defer", NULL, "where keys and values of blocks that were not run come from (jumpcut list fills)"},
};
/* clang-format on */

const jc_option *jc_generate_options(size_t *n_rows)
{
    if (n_rows)
        *n_rows = JC_COUNT(rows);
    return rows;
}

static jc_status settle(jc_generate_params *own, const jc_generate_params *params,
                        jc_error *err)
{
    jc_generate_params_init(own);
    return jc_params_take(own, sizeof *own, params, rows, JC_COUNT(rows), err);
}

/* Tokens that a sequence will have at most. */
static size_t limit_of(const jc_model *model, size_t prompt,
                       const jc_generate_params *params)
{
    size_t context = jc_model_get_info(model)->context, limit;

    if (params->tokens == 0 || !jc_add(prompt, params->tokens, &limit))
        return context;
    return limit < context ? limit : context;
}

uint64_t jc_generate_bytes(const jc_model *model, const jc_prompt *prompts,
                           size_t n_prompts, const jc_generate_params *params)
{
    jc_generate_params own;
    jc_seq_params seq;
    uint64_t sum = 0;

    if (!model || (n_prompts && !prompts) || settle(&own, params, NULL))
        return 0;
    jc_seq_params_init(&seq);
    seq.kv = own.kv;
    for (size_t i = 0; i < n_prompts; i++) {
        seq.room = (uint32_t)limit_of(model, prompts[i].n, &own);
        sum += jc_seq_bytes(model, &seq);
    }
    return sum;
}

/* ---- what may be wrong ---- */

static jc_status check_params(const jc_generate_params *p, jc_error *err)
{
    if (strcmp(p->draft, "none") != 0 && strcmp(p->exit, "none") != 0)
        return jc_fail(err, JC_E_ARG,
                       "drafts write the full model's text and exits another one: choose "
                       "one of them");
    return JC_OK;
}

/* Prompt i of n. */
static jc_status check_prompt(const jc_model_info *info, const jc_prompt *prompt, size_t i,
                              size_t n, jc_error *err)
{
    if (!prompt->ids || prompt->n == 0)
        return jc_fail(err, JC_E_ARG, "prompt %zu of %zu has no token", i + 1, n);
    if (prompt->n >= info->context)
        return jc_fail(err, JC_E_ARG,
                       "prompt %zu of %zu has %zu tokens, which leaves no room in the "
                       "context of %u of '%s'",
                       i + 1, n, prompt->n, info->context, info->path);
    for (size_t k = 0; k < prompt->n; k++)
        if (prompt->ids[k] >= info->vocab)
            return jc_fail(err, JC_E_ARG,
                           "token id %u of prompt %zu of %zu is outside the vocabulary "
                           "of %u",
                           prompt->ids[k], i + 1, n, info->vocab);
    return JC_OK;
}

static jc_status check_memory(const jc_model *model, const jc_prompt *prompts, size_t n,
                              const jc_generate_params *params, jc_error *err)
{
    uint64_t need = jc_generate_bytes(model, prompts, n, params);
    uint64_t there = jc_memory_free();

    if (there == 0 || need <= there)
        return JC_OK;
    return jc_fail(err, JC_E_NOMEM,
                   "keys and values of %zu sequence%s need %.1f GB, and %.1f GB of memory "
                   "are free: ask for fewer tokens or sequences%s",
                   n, n == 1 ? "" : "s", (double)need * 1e-9, (double)there * 1e-9,
                   strcmp(params->kv, "f16") == 0 ? "" : ", or keep them as f16");
}

static jc_status check(const jc_model *model, const jc_prompt *prompts, size_t n,
                       const jc_generate_params *params, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(model);
    jc_status st = check_params(params, err);

    if (st == JC_OK && !info->causal)
        st = jc_fail(err, JC_E_UNSUPPORTED, "'%s' is an encoder and cannot write texts",
                     info->path);
    if (st == JC_OK && !info->has_head)
        st = jc_fail(err, JC_E_UNSUPPORTED, "'%s' has no head, so it cannot write texts",
                     info->path);
    for (size_t i = 0; i < n && st == JC_OK; i++)
        st = check_prompt(info, &prompts[i], i, n, err);
    return st ? st : check_memory(model, prompts, n, params, err);
}

/* ---- the work ---- */

typedef struct work {
    jc_writer writer;
    jc_speculation *speculation; /* NULL: without drafts */
    jc_exits *exits;             /* NULL: without exits */
    jc_leaving *leaving;         /* likewise */
    const jc_prompt *prompts;    /* [writer.n] */
    const jc_generate_params *params;
    jc_draft_record *record; /* or NULL */
    jc_token_fn *token;
    void *arg;
} work;

static jc_end end_of(const work *w, const jc_written *text, size_t prompt)
{
    for (size_t i = 0; i < w->params->n_ends; i++)
        if (w->params->ends[i] == text->next)
            return JC_END_TOKEN;
    size_t n = text->ids.n, context = jc_model_get_info(w->writer.model)->context;
    if (w->params->tokens && n - prompt >= w->params->tokens)
        return JC_END_TOKENS;
    return n >= context ? JC_END_CONTEXT : JC_END_NOT;
}

/* Hand out text->next of text i. */
static jc_status hand_out(work *w, size_t i, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(w->writer.model);
    const jc_written *text = &w->writer.text[i];
    jc_status st = jc_writer_take(&w->writer, i, err);

    if (st)
        return st;
    const jc_token token = {.sequence = i,
                            .position = text->ids.n - 1,
                            .id = text->next,
                            .logprob = text->logprob,
                            .end = end_of(w, text, w->prompts[i].n),
                            .layer = text->layer ? text->layer : info->layers};
    bool more = w->token(w->arg, &token);
    w->params->stats->tokens++;
    if (token.end == JC_END_CONTEXT && more)
        jc_note(w->params->hooks,
                "sequence %zu of %zu ends because the context of %u is full", i + 1,
                w->writer.n, info->context);
    if (!more || token.end)
        jc_writer_end(&w->writer, i);
    return JC_OK;
}

/* Hand out the tokens of a walk, until the sequence ends. */
static jc_status hand_out_walk(work *w, size_t i, jc_error *err)
{
    const jc_walk *walk = jc_speculation_walk(w->speculation, i);
    jc_written *text = &w->writer.text[i];
    jc_status st = JC_OK;

    for (size_t k = 0; k < walk->n && text->seq && st == JC_OK; k++) {
        text->next = walk->id[k];
        text->logprob = walk->logprob[k];
        st = hand_out(w, i, err);
    }
    return st || !text->seq ? st : jc_speculation_keep(w->speculation, i, err);
}

static jc_status begin(work *w, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t i = 0; i < w->writer.n && st == JC_OK; i++) {
        const jc_prompt *prompt = &w->prompts[i];
        size_t limit = limit_of(w->writer.model, prompt->n, w->params);
        w->writer.text[i].number = i;
        st = jc_writer_begin(&w->writer, i, prompt->ids, prompt->n, (uint32_t)limit,
                             w->params->kv, err);
    }
    return st ? st : jc_writer_prefill(&w->writer, w->params->hooks, err);
}

static jc_status step(work *w, size_t *left, jc_error *err)
{
    jc_generate_stats *stats = w->params->stats;
    jc_status st = w->speculation ? jc_speculation_step(w->speculation, left, err)
                   : w->leaving   ? jc_leaving_step(w->leaving, left, err)
                                  : jc_writer_step(&w->writer, left, err);

    if (st == JC_OK && *left) {
        stats->passes++;
        stats->turns += *left;
    }
    for (size_t k = 0; k < *left && st == JC_OK; k++) {
        size_t i = w->writer.running[k];
        st = w->speculation ? hand_out_walk(w, i, err) : hand_out(w, i, err);
    }
    return st;
}

static jc_status write_all(work *w, jc_error *err)
{
    jc_progress progress = {.stage = "writing", .unit = "tokens"};
    size_t left = w->writer.n;
    jc_status st = begin(w, err);

    while (st == JC_OK && left) {
        st = step(w, &left, err);
        progress.done = w->params->stats->tokens;
        if (st == JC_OK && left)
            st = jc_report(w->params->hooks, &progress, err);
    }
    return st;
}

/* The drafters, if any are wanted. */
static jc_status speculate(work *w, jc_error *err)
{
    const jc_generate_params *p = w->params;
    const jc_speculation_spec spec = {.drafters = p->draft,
                                      .nodes = p->draft_nodes,
                                      .setup = {.model = w->writer.model,
                                                .shortcut = p->shortcut,
                                                .frequent = p->frequent,
                                                .n_frequent = p->n_frequent,
                                                .text = p->draft_text,
                                                .n_text = p->n_draft_text},
                                      .tuning = p->policy ? &p->policy->tuning : NULL,
                                      .record = w->record,
                                      .measure = p->measure,
                                      .stats = p->stats};

    if (strcmp(p->draft, "none") == 0)
        return JC_OK;
    return jc_speculation_new(&w->speculation, &w->writer, &spec, err);
}

/* The exits, likewise. */
static jc_status make_exits(work *w, jc_error *err)
{
    const jc_generate_params *p = w->params;
    const jc_exit_spec spec = {.model = w->writer.model,
                               .shortcut = p->shortcut,
                               .gate = p->exit,
                               .fill = p->kv_fill,
                               .at = p->exit_at,
                               .lambda = p->exit_threshold,
                               .length = p->policy ? p->policy->info.length : 0,
                               .kv = p->kv,
                               .hooks = p->hooks};

    if (strcmp(p->exit, "none") == 0)
        return JC_OK;
    jc_status st = jc_exits_new(&w->exits, &spec, err);
    return st ? st : jc_leaving_new(&w->leaving, &w->writer, w->exits, p->stats, err);
}

jc_status jc_generate(const jc_model *model, const jc_prompt *prompts, size_t n_prompts,
                      const jc_generate_params *params, jc_token_fn *token, void *arg,
                      jc_error *err)
{
    return jc_generate_run(model, prompts, n_prompts, params, NULL, token, arg, err);
}

static jc_status run(work *w, const jc_model *model, size_t n_prompts, jc_error *err)
{
    const jc_generate_params *p = w->params;
    jc_status st = jc_writer_init(&w->writer, model, n_prompts, jc_threads_max(), err);

    w->writer.kind = JC_PASS_STEP;
    w->writer.seed = p->seed;
    w->writer.logprobs = p->logprobs;
    w->writer.sampling = (jc_sampling){.repeat_penalty = p->repeat_penalty,
                                       .temperature = p->temperature,
                                       .top_k = p->top_k,
                                       .top_p = p->top_p,
                                       .min_p = p->min_p};
    if (st == JC_OK)
        st = speculate(w, err);
    if (st == JC_OK)
        st = make_exits(w, err);
    if (st == JC_OK)
        st = write_all(w, err);
    jc_speculation_free(w->speculation);
    jc_leaving_free(w->leaving);
    jc_exits_free(w->exits);
    jc_writer_free(&w->writer);
    return st;
}

jc_status jc_generate_run(const jc_model *model, const jc_prompt *prompts, size_t n_prompts,
                          const jc_generate_params *params, jc_draft_record *record,
                          jc_token_fn *token, void *arg, jc_error *err)
{
    jc_generate_params own;
    jc_generate_stats stats = {.size = sizeof stats};

    if (!model || !token || (n_prompts && !prompts))
        return jc_fail(err, JC_E_ARG, "writing needs a model, prompts and a function");
    JC_USE_THREADS(jc_model_threads(model));
    jc_status st = settle(&own, params, err);
    jc_generate_stats *wanted = own.stats;
    own.stats = &stats;
    if (wanted && st == JC_OK)
        st = jc_params_give(wanted, &stats, sizeof stats, err);
    if (st == JC_OK && own.policy)
        st = jc_policy_apply(&own, model, err);
    if (st == JC_OK)
        st = check(model, prompts, n_prompts, &own, err);
    if (st || n_prompts == 0)
        return st;
    work w = {
        .prompts = prompts, .params = &own, .record = record, .token = token, .arg = arg};
    st = run(&w, model, n_prompts, err);
    return wanted && jc_params_give(wanted, &stats, sizeof stats, st ? NULL : err)
               ? JC_E_ARG
               : st;
}
