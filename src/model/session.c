/* SPDX-License-Identifier: MIT */
/* session.c: texts in, states at the wanted positions out, at every layer tap. */
#include "model/session.h"

#include <string.h>

#include "kernels/vector.h"
#include "model/block.h"

struct jc_session {
    const jc_model *model;
    jc_work work;
    jc_span *spans; /* [n_texts] */
    size_t spans_capacity;
    size_t *picks; /* [n_picks]: wanted rows of the work arrays */
    size_t n_picks, picks_capacity;
    float *states;          /* [layers + 1, n_picks, width] */
    size_t states_capacity; /* in floats */
};

struct jc_cache {
    size_t n, length; /* texts, tokens in each */
    float *data;      /* [n, layers, context, 2 width] */
    jc_span *spans;   /* [n] */
};

jc_status jc_session_new(jc_session **out, const jc_model *model, jc_error *err)
{
    *out = NULL;
    if (!model->blocks)
        return jc_fail(err, JC_E_ARG, "'%s' was opened to be inspected only", model->path);
    *out = jc_alloc_array(1, sizeof **out);
    if (!*out)
        return jc_fail_nomem(err, "a session");
    (*out)->model = model;
    return JC_OK;
}

void jc_session_free(jc_session *session)
{
    if (!session)
        return;
    jc_work_release(&session->work);
    jc_free(session->spans);
    jc_free(session->picks);
    jc_free(session->states);
    jc_free(session);
}

static jc_status check_text(const jc_model *model, const jc_text *text, size_t number,
                            jc_error *err)
{
    if (text->n == 0 || text->n > model->hp.context)
        return jc_fail(err, JC_E_ARG, "text %zu of the batch has %zu tokens; 1 to %u fit",
                       number, text->n, model->hp.context);
    for (size_t i = 0; i < text->n; i++)
        if (text->ids[i] >= model->hp.vocab)
            return jc_fail(err, JC_E_ARG, "token id %u is outside the vocabulary of %u",
                           text->ids[i], model->hp.vocab);
    for (size_t i = 0; i < text->n_positions; i++)
        if (text->positions[i] >= text->n)
            return jc_fail(err, JC_E_ARG, "position %u is outside a text of %zu tokens",
                           text->positions[i], text->n);
    return JC_OK;
}

/* h [1, width] = the embedding of a token at a position; `spare` is [width]. */
static void embed(const jc_model *model, uint32_t id, size_t position, float *h,
                  float *spare)
{
    size_t d = model->hp.width;

    jc_tensor_read(model->tokens, id * d, d, h);
    jc_tensor_read(model->positions, position * d, d, spare);
    for (size_t i = 0; i < d; i++)
        h[i] += spare[i];
}

static jc_status plan(jc_session *s, const jc_text *texts, size_t n_texts, jc_error *err)
{
    const jc_model *model = s->model;
    size_t rows = 0, floats;

    if (!jc_grow(&s->spans, &s->spans_capacity, n_texts, sizeof *s->spans))
        return jc_fail_nomem(err, "a batch of texts");
    s->n_picks = 0;
    for (size_t t = 0; t < n_texts; t++) {
        jc_status st = check_text(model, &texts[t], t, err);
        if (st)
            return st;
        if (!jc_grow(&s->picks, &s->picks_capacity, s->n_picks + texts[t].n_positions,
                     sizeof *s->picks))
            return jc_fail_nomem(err, "a batch of texts");
        s->spans[t] = (jc_span){.row = rows, .n = texts[t].n};
        for (size_t i = 0; i < texts[t].n_positions; i++)
            s->picks[s->n_picks++] = rows + texts[t].positions[i];
        rows += texts[t].n;
    }
    if (!jc_mul(s->n_picks, model->hp.width, &floats) ||
        !jc_mul(floats, (size_t)model->hp.layers + 1, &floats))
        return jc_fail_nomem(err, "hidden states");
    if (floats > s->states_capacity) {
        jc_free(s->states);
        s->states = jc_matrix_new(floats, 1, sizeof *s->states);
        s->states_capacity = s->states ? floats : 0;
        if (!s->states)
            return jc_fail_nomem(err, "hidden states");
    }
    return jc_work_reserve(&s->work, model, rows, n_texts, err);
}

/* Copy the wanted rows of the residual stream out. */
static jc_status tap(jc_session *s, uint32_t layer, jc_error *err)
{
    size_t d = s->model->hp.width;
    float *states = s->states + layer * s->n_picks * d;

    for (size_t i = 0; i < s->n_picks; i++)
        memcpy(states + i * d, s->work.h + s->picks[i] * d, d * sizeof *states);
    if (!jc_vector_get()->finite(s->n_picks * d, states))
        return jc_fail(err, JC_E_NUMERIC,
                       "a hidden state of '%s' at layer %u is not a finite number; its "
                       "weights overflow or hold such values",
                       s->model->path, layer);
    return JC_OK;
}

jc_status jc_session_run(jc_session *session, const jc_text *texts, size_t n_texts,
                         jc_error *err)
{
    const jc_model *model = session->model;
    jc_work *work = &session->work;
    jc_status st = plan(session, texts, n_texts, err);

    if (st)
        return st;
    for (size_t t = 0; t < n_texts; t++)
        for (size_t i = 0; i < texts[t].n; i++)
            embed(model, texts[t].ids[i], i,
                  work->h + (session->spans[t].row + i) * model->hp.width, work->x);
    st = tap(session, 0, err);
    for (uint32_t l = 0; l < model->hp.layers && st == JC_OK; l++) {
        st = jc_block_run(model, l, work, session->spans, n_texts, err);
        if (st == JC_OK)
            st = tap(session, l + 1, err);
    }
    return st;
}

size_t jc_session_rows(const jc_session *session)
{
    return session->n_picks;
}

const float *jc_session_states(const jc_session *session, uint32_t layer)
{
    return session->states + layer * session->n_picks * session->model->hp.width;
}

jc_status jc_cache_new(jc_cache **out, const jc_model *model, size_t n, jc_error *err)
{
    const jc_hparams *hp = &model->hp;
    size_t each = (size_t)hp->layers * hp->context;

    *out = NULL;
    jc_cache *cache = jc_alloc_array(1, sizeof *cache);
    if (!cache)
        return jc_fail_nomem(err, "a cache");
    cache->n = n;
    cache->spans = jc_alloc_array(n, sizeof *cache->spans);
    if (jc_mul(each, 2 * (size_t)hp->width, &each))
        cache->data = jc_matrix_new(n, each, sizeof *cache->data);
    if (!cache->spans || !cache->data) {
        jc_cache_free(cache);
        return jc_fail_nomem(err, "a cache");
    }
    for (size_t i = 0; i < n; i++)
        cache->spans[i] = (jc_span){.row = i, .n = 1, .cache = cache->data + i * each};
    *out = cache;
    return JC_OK;
}

void jc_cache_free(jc_cache *cache)
{
    if (!cache)
        return;
    jc_free(cache->data);
    jc_free(cache->spans);
    jc_free(cache);
}

jc_status jc_session_step(jc_session *session, jc_cache *cache, const uint32_t *ids,
                          const float **h, jc_error *err)
{
    const jc_model *model = session->model;
    jc_work *work = &session->work;

    if (cache->length >= model->hp.context)
        return jc_fail(err, JC_E_ARG, "the texts have reached the context of %u tokens",
                       model->hp.context);
    jc_status st = jc_work_reserve(work, model, cache->n, cache->n, err);
    if (st)
        return st;
    for (size_t i = 0; i < cache->n; i++) {
        if (ids[i] >= model->hp.vocab)
            return jc_fail(err, JC_E_ARG, "token id %u is outside the vocabulary of %u",
                           ids[i], model->hp.vocab);
        embed(model, ids[i], cache->length, work->h + i * model->hp.width, work->x);
        cache->spans[i].past = cache->length;
    }
    for (uint32_t l = 0; l < model->hp.layers && st == JC_OK; l++)
        st = jc_block_run(model, l, work, cache->spans, cache->n, err);
    cache->length++;
    *h = work->h;
    return st;
}
