/* SPDX-License-Identifier: MIT */
/*
 * compare.c: a text written with exits beside the full model's.
 *
 * The full model reads the text and draws at each place: one pass over some rows gives each
 * the logits of a step, so these are the tokens that plain generation would have written
 * there.
 */

#include "generate/writer.h"
#include "jumpcut/generate.h"
#include "kernels/kernels.h"
#include "model/session.h"

enum { ROWS = 32 };

/* ---- after the same text ---- */

typedef struct reader {
    const jc_model *model;
    const jc_generate_params *params;
    jc_session *session;
    jc_draw_room room;
    float *logits; /* [ROWS, vocab] */
    size_t vocab;
} reader;

static jc_status read_on(reader *r, jc_seq *seq, const uint32_t *ids, size_t n,
                         jc_pass_kind kind, jc_error *err)
{
    const jc_feed feed = {.seq = seq, .ids = ids, .n = n};
    const float *h;

    return jc_session_extend(r->session, &feed, 1, kind, &h, err);
}

/* Tokens at .. at + n - 1 are read, and the next ones drawn. */
static jc_status draw_some(reader *r, jc_seq *seq, const jc_compared *text, size_t k,
                           size_t at, size_t n, uint64_t *same, jc_error *err)
{
    const jc_generate_params *p = r->params;
    const jc_sampling sampling = {.repeat_penalty = p->repeat_penalty,
                                  .temperature = p->temperature,
                                  .top_k = p->top_k,
                                  .top_p = p->top_p,
                                  .min_p = p->min_p};
    jc_status st = read_on(r, seq, text->ids + at, n, JC_PASS_STEP, err);

    if (st == JC_OK)
        st = jc_session_logits(r->session, 0, n, r->logits, err);
    for (size_t i = 0; i < n && st == JC_OK; i++) {
        uint32_t id;
        size_t position = at + i + 1;
        st = jc_draw(&id, &sampling, r->logits + i * r->vocab, r->vocab, text->ids,
                     position, p->seed, k, position, &r->room, err);
        *same += st == JC_OK && id == text->ids[position];
    }
    return st;
}

static jc_status read_text(reader *r, const jc_compared *text, size_t k, uint64_t *same,
                           jc_error *err)
{
    jc_seq_params params;
    jc_seq *seq;

    jc_seq_params_init(&params);
    params.room = (uint32_t)text->n;
    params.kv = r->params->kv;
    jc_status st = jc_seq_new(&seq, r->model, &params, err);
    size_t at = 0, prompt = text->n_prompt - 1; /* its last token is left to a step */
    for (size_t n; at < prompt && st == JC_OK; at += n) {
        n = prompt - at < JC_PREFILL_ROWS ? prompt - at : JC_PREFILL_ROWS;
        st = read_on(r, seq, text->ids + at, n, JC_PASS_PREFILL, err);
    }
    for (size_t n; at + 1 < text->n && st == JC_OK; at += n) {
        n = text->n - 1 - at < ROWS ? text->n - 1 - at : ROWS;
        st = draw_some(r, seq, text, k, at, n, same, err);
    }
    jc_seq_free(seq);
    return st;
}

static jc_status after_same_text(jc_comparison *out, const jc_model *model,
                                 const jc_compared *texts, size_t n,
                                 const jc_generate_params *params, jc_error *err)
{
    reader r = {.model = model, .params = params, .vocab = jc_model_get_info(model)->vocab};
    jc_status st = jc_session_new(&r.session, model, err);

    r.logits = jc_matrix_new(ROWS, r.vocab, sizeof *r.logits);
    if (st == JC_OK && !r.logits)
        st = jc_fail_nomem(err, "a comparison");
    for (size_t k = 0; k < n && st == JC_OK; k++)
        if (texts[k].n > texts[k].n_prompt)
            st = read_text(&r, &texts[k], k, &out->same_next, err);
    jc_draw_room_free(&r.room);
    jc_free(r.logits);
    jc_session_free(r.session);
    return st;
}

/* ---- beside the full model's own text ---- */

typedef struct own_text {
    const jc_compared *texts; /* [n] */
    bool *parted;             /* [n] */
    jc_comparison *out;
    double first, last;
} own_text;

static bool take(void *arg, const jc_token *token)
{
    own_text *own = arg;
    const jc_compared *text = &own->texts[token->sequence];

    own->last = jc_seconds();
    if (token->position >= text->n)
        return false;
    bool same = text->ids[token->position] == token->id;
    if (own->first < 0)
        own->first = own->last;
    own->out->same_place += same;
    own->parted[token->sequence] |= !same;
    own->out->same_from_start += !own->parted[token->sequence];
    return token->position + 1 < text->n;
}

static jc_status write_plain(jc_comparison *out, const jc_model *model,
                             const jc_compared *texts, size_t n,
                             const jc_generate_params *params, jc_error *err)
{
    jc_generate_params plain = *params;
    jc_generate_stats stats = {.size = sizeof stats};
    jc_prompt *prompts = jc_alloc_array(n, sizeof *prompts);
    own_text own = {.texts = texts, .out = out, .first = -1};

    own.parted = jc_alloc_array(n, sizeof *own.parted);
    if (!prompts || !own.parted) {
        jc_free(prompts);
        jc_free(own.parted);
        return jc_fail_nomem(err, "a comparison");
    }
    for (size_t k = 0; k < n; k++)
        prompts[k] = (jc_prompt){texts[k].ids, texts[k].n_prompt};
    plain.exit = plain.draft = "none";
    plain.policy = NULL;
    plain.logprobs = false;
    plain.stats = &stats;
    jc_status st = jc_generate(model, prompts, n, &plain, take, &own, err);
    out->plain_tokens = stats.tokens;
    out->plain_seconds = own.last - own.first;
    jc_free(prompts);
    jc_free(own.parted);
    return st;
}

jc_status jc_generate_compare(jc_comparison *out, const jc_model *model,
                              const jc_compared *texts, size_t n,
                              const jc_generate_params *params, jc_error *err)
{
    jc_generate_params own;
    jc_comparison found = {.size = sizeof found};
    size_t n_rows;
    const jc_option *rows = jc_generate_options(&n_rows);

    if (!out || !model || (n && !texts))
        return jc_fail(err, JC_E_ARG, "a comparison needs a model, texts and a result");
    JC_USE_THREADS(jc_model_threads(model));
    for (size_t k = 0; k < n; k++) {
        if (!texts[k].ids || texts[k].n_prompt == 0 || texts[k].n < texts[k].n_prompt)
            return jc_fail(err, JC_E_ARG, "text %zu has no prompt", k);
        found.tokens += texts[k].n - texts[k].n_prompt;
    }
    jc_generate_params_init(&own);
    jc_status st = jc_params_take(&own, sizeof own, params, rows, n_rows, err);
    if (st == JC_OK)
        st = write_plain(&found, model, texts, n, &own, err);
    if (st == JC_OK)
        st = after_same_text(&found, model, texts, n, &own, err);
    return st ? st : jc_params_give(out, &found, sizeof found, err);
}
