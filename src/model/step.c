/* SPDX-License-Identifier: MIT */
/* step.c: texts that are being written, a token at a time: their keys and values are kept,
 * so that only the newest token is run. */
#include "model/session_impl.h"

struct jc_cache {
    size_t n, length, room; /* texts; tokens in each, and the most there can be */
    float *data;            /* [n, layers, room, 2 kv_width] */
    jc_span *spans;         /* [n] */
};

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
    jc_slice *first = jc_session_slice(session, 0);

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
        st = jc_session_embed(model, ids[i], cache->length, work->h + i * model->hp.width,
                              work->x, err);
        if (st)
            return st;
        cache->spans[i].past = cache->length;
    }
    jc_work_turn(model, work, cache->spans, cache->n);
    for (uint32_t l = 0; l < model->hp.layers && st == JC_OK; l++)
        st = jc_block_run(model, l, work, cache->spans, cache->n, err);
    cache->length++;
    *h = work->h;
    return st;
}
