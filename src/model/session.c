/* SPDX-License-Identifier: MIT */
/* session.c: texts in, states at the wanted positions out, at every layer tap. */
#include "model/session.h"

#include <math.h>
#include <string.h>

#include "kernels/vector.h"
#include "model/block.h"

/* A cut of the batch: whole texts, run through all blocks by one thread. Nothing is shared
 * between slices, so threads meet once a batch and not once a product. */
typedef struct slice {
    jc_work work;
    size_t text, n_texts; /* the first, and how many */
    size_t pick, n_picks;
    size_t rows;
} slice;

enum { SLICE_ROWS = 256 };

struct jc_session {
    const jc_model *model;
    const jc_text *texts; /* of the run */
    slice *slices;        /* [n_slices] */
    size_t n_slices, slices_capacity;
    jc_span *spans; /* [n_texts]: rows within the slice */
    size_t spans_capacity;
    size_t *picks; /* [n_picks]: wanted rows within the slice */
    size_t n_picks, picks_capacity;
    float *states;          /* [layers + 1, n_picks, width] */
    size_t states_capacity; /* in floats */
};

struct jc_cache {
    size_t n, length, room; /* texts; tokens in each, and the most there can be */
    float *data;            /* [n, layers, room, 2 kv_width] */
    jc_span *spans;         /* [n] */
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
    for (size_t i = 0; i < session->slices_capacity; i++)
        jc_work_release(&session->slices[i].work);
    jc_free(session->slices);
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

/* h [1, d] += a row of a table. */
static void add_row(const jc_tensor *table, size_t row, size_t d, float *h, float *spare)
{
    jc_tensor_read(table, row * d, d, spare);
    for (size_t i = 0; i < d; i++)
        h[i] += spare[i];
}

/* h [1, width] = the embedding of a token at a position; `spare` is [width]. */
static void embed(const jc_model *model, uint32_t id, size_t position, float *h,
                  float *spare)
{
    const jc_hparams *hp = &model->hp;
    size_t d = hp->width;

    jc_tensor_read(model->tokens, id * d, d, h);
    if (model->arch->scale_embedding)
        for (size_t i = 0; i < d; i++)
            h[i] *= sqrtf((float)d);
    if (model->positions)
        add_row(model->positions, hp->first_position + position, d, h, spare);
    if (model->types)
        add_row(model->types, 0, d, h, spare);
    if (model->embed_norm.weight)
        jc_model_norm(model, &model->embed_norm, 1, 1, d, h, h);
}

/* Slice i, made when it is not there. */
static slice *slice_at(jc_session *s, size_t i)
{
    size_t had = s->slices_capacity;

    if (!jc_grow(&s->slices, &s->slices_capacity, i + 1, sizeof *s->slices))
        return NULL;
    memset(s->slices + had, 0, (s->slices_capacity - had) * sizeof *s->slices);
    return &s->slices[i];
}

/* Cut the batch into slices of about SLICE_ROWS rows; or, where that makes fewer of them
 * than there are threads, into one, whose products then use all threads. The states are
 * the same either way. */
static jc_status cut(jc_session *s, size_t n_texts, jc_error *err)
{
    size_t total = 0;

    for (size_t t = 0; t < n_texts; t++)
        total += s->texts[t].n;
    size_t most = total / SLICE_ROWS >= jc_threads_max() ? SLICE_ROWS : total;
    s->n_slices = 0;
    s->n_picks = 0;
    slice *cut = NULL;
    for (size_t t = 0; t < n_texts; t++) {
        const jc_text *text = &s->texts[t];
        if (!cut || cut->rows >= most) {
            cut = slice_at(s, s->n_slices++);
            if (!cut)
                return jc_fail_nomem(err, "a batch of texts");
            cut->text = t;
            cut->pick = s->n_picks;
            cut->n_texts = cut->n_picks = cut->rows = 0;
        }
        if (!jc_grow(&s->picks, &s->picks_capacity, s->n_picks + text->n_positions,
                     sizeof *s->picks))
            return jc_fail_nomem(err, "a batch of texts");
        s->spans[t] = (jc_span){.row = cut->rows, .n = text->n};
        for (size_t i = 0; i < text->n_positions; i++)
            s->picks[s->n_picks++] = cut->rows + text->positions[i];
        cut->rows += text->n;
        cut->n_texts++;
        cut->n_picks += text->n_positions;
    }
    return JC_OK;
}

static jc_status plan(jc_session *s, size_t n_texts, jc_error *err)
{
    const jc_model *model = s->model;
    size_t floats;
    jc_status st = JC_OK;

    if (!jc_grow(&s->spans, &s->spans_capacity, n_texts, sizeof *s->spans))
        return jc_fail_nomem(err, "a batch of texts");
    for (size_t t = 0; t < n_texts && st == JC_OK; t++)
        st = check_text(model, &s->texts[t], t, err);
    if (st == JC_OK)
        st = cut(s, n_texts, err);
    if (st)
        return st;
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
    return JC_OK;
}

/* Copy the wanted rows of the residual stream out. */
static jc_status tap(const jc_session *s, const slice *cut, uint32_t layer, jc_error *err)
{
    size_t d = s->model->hp.width;
    float *states = s->states + (layer * s->n_picks + cut->pick) * d;

    for (size_t i = 0; i < cut->n_picks; i++)
        memcpy(states + i * d, cut->work.h + s->picks[cut->pick + i] * d,
               d * sizeof *states);
    if (!jc_vector_get()->finite(cut->n_picks * d, states))
        return jc_fail(err, JC_E_NUMERIC,
                       "a hidden state of '%s' at layer %u is not a finite number; its "
                       "weights overflow or hold such values",
                       s->model->path, layer);
    return JC_OK;
}

static jc_status run_slice(void *arg, size_t i, jc_error *err)
{
    const jc_session *s = arg;
    const jc_model *model = s->model;
    slice *cut = &s->slices[i];
    const jc_span *spans = s->spans + cut->text;
    jc_status st = jc_work_reserve(&cut->work, model, cut->rows, cut->n_texts, err);

    if (st)
        return st;
    for (size_t t = 0; t < cut->n_texts; t++)
        for (size_t p = 0; p < spans[t].n; p++)
            embed(model, s->texts[cut->text + t].ids[p], p,
                  cut->work.h + (spans[t].row + p) * model->hp.width, cut->work.x);
    jc_work_turn(model, &cut->work, spans, cut->n_texts);
    st = tap(s, cut, 0, err);
    for (uint32_t l = 0; l < model->hp.layers && st == JC_OK; l++) {
        st = jc_block_run(model, l, &cut->work, spans, cut->n_texts, err);
        if (st == JC_OK)
            st = tap(s, cut, l + 1, err);
    }
    return st;
}

jc_status jc_session_run(jc_session *session, const jc_text *texts, size_t n_texts,
                         jc_error *err)
{
    session->texts = texts;
    jc_status st = plan(session, n_texts, err);

    if (st == JC_OK && session->n_slices == 1)
        return run_slice(session, 0, err);
    return st ? st : jc_parallel(session->n_slices, run_slice, session, err);
}

size_t jc_session_rows(const jc_session *session)
{
    return session->n_picks;
}

const float *jc_session_states(const jc_session *session, uint32_t layer)
{
    return session->states + layer * session->n_picks * session->model->hp.width;
}

jc_status jc_cache_new(jc_cache **out, const jc_model *model, size_t n, size_t length,
                       jc_error *err)
{
    const jc_hparams *hp = &model->hp;
    size_t room = length < hp->context ? length : hp->context, each = hp->layers * room;

    *out = NULL;
    jc_cache *cache = jc_alloc_array(1, sizeof *cache);
    if (!cache)
        return jc_fail_nomem(err, "a cache");
    cache->n = n;
    cache->room = room;
    cache->spans = jc_alloc_array(n, sizeof *cache->spans);
    if (jc_mul(each, 2 * hp->kv_width, &each))
        cache->data = jc_matrix_new(n, each, sizeof *cache->data);
    if (!cache->spans || !cache->data) {
        jc_cache_free(cache);
        return jc_fail_nomem(err, "a cache");
    }
    for (size_t i = 0; i < n; i++)
        cache->spans[i] =
            (jc_span){.row = i, .n = 1, .cache = cache->data + i * each, .room = room};
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
    slice *first = slice_at(session, 0);

    if (!first)
        return jc_fail_nomem(err, "a step");
    jc_work *work = &first->work;
    if (cache->length >= cache->room)
        return jc_fail(err, JC_E_ARG,
                       "the texts have reached %zu tokens, the most that fit", cache->room);
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
    jc_work_turn(model, work, cache->spans, cache->n);
    for (uint32_t l = 0; l < model->hp.layers && st == JC_OK; l++)
        st = jc_block_run(model, l, work, cache->spans, cache->n, err);
    cache->length++;
    *h = work->h;
    return st;
}
