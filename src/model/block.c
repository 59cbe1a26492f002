/* SPDX-License-Identifier: MIT */
/*
 * block.c: the runner. One block over the rows of a batch: texts lie one after another
 * without padding, so nothing can leak from one to the next but through attention, and
 * attention is told where each begins and ends.
 */
#include "model/block.h"

#include <string.h>

void jc_work_release(jc_work *work)
{
    jc_free(work->h);
    jc_free(work->x);
    jc_free(work->qkv);
    jc_free(work->ff);
    jc_free(work->heads);
    memset(work, 0, sizeof *work);
}

jc_status jc_work_reserve(jc_work *work, const jc_model *model, size_t rows, size_t texts,
                          jc_error *err)
{
    const jc_hparams *hp = &model->hp;
    size_t d = hp->width, heads;

    if (rows > work->capacity) {
        jc_work_release(work);
        work->h = jc_matrix_new(rows, d, sizeof(float));
        work->x = jc_matrix_new(rows, d, sizeof(float));
        work->qkv = jc_matrix_new(rows, 3 * d, sizeof(float));
        work->ff = jc_matrix_new(rows, hp->ff_width, sizeof(float));
        if (!work->h || !work->x || !work->qkv || !work->ff) {
            jc_work_release(work);
            return jc_fail_nomem(err, "a batch of texts");
        }
        work->capacity = rows;
    }
    if (!jc_mul(texts, hp->heads, &heads) ||
        !jc_grow(&work->heads, &work->heads_capacity, heads, sizeof *work->heads))
        return jc_fail_nomem(err, "a batch of texts");
    work->rows = rows;
    return JC_OK;
}

/* Move the new keys and values to the end of the cache's part for this block. */
static float *extend_cache(const jc_hparams *hp, uint32_t l, const jc_work *work,
                           const jc_span *span)
{
    size_t d = hp->width;
    float *kv = span->cache + l * span->room * 2 * d; /* [room, 2 width] */

    for (size_t i = 0; i < span->n; i++)
        memcpy(kv + (span->past + i) * 2 * d, work->qkv + (span->row + i) * 3 * d + d,
               2 * d * sizeof *kv);
    return kv;
}

static void plan_attention(const jc_model *model, uint32_t l, jc_work *work,
                           const jc_span *spans, size_t n_spans)
{
    const jc_hparams *hp = &model->hp;
    size_t d = hp->width, w = hp->head_width;

    work->n_heads = 0;
    for (size_t s = 0; s < n_spans; s++) {
        const jc_span *span = &spans[s];
        const float *qkv = work->qkv + span->row * 3 * d;
        const float *kv = span->cache ? extend_cache(hp, l, work, span) : qkv + d;
        for (uint32_t h = 0; h < hp->heads; h++)
            work->heads[work->n_heads++] = (jc_attention){
                .q = qkv + h * w,
                .k = kv + h * w,
                .v = kv + d + h * w,
                .out = work->x + span->row * d + h * w,
                .n_q = span->n,
                .n_k = span->past + span->n,
                .width = w,
                .stride_q = 3 * d,
                .stride_kv = span->cache ? 2 * d : 3 * d,
                .stride_out = d,
                .scale = model->blocks[l].attention_scale,
                .causal = model->arch->causal,
            };
    }
}

static void norm(const jc_model *model, const jc_norm_weights *weights, const jc_work *work,
                 float *out)
{
    jc_layer_norm(model->backend, work->rows, model->hp.width, work->h, weights->weight,
                  weights->bias, model->hp.eps, out);
}

jc_status jc_block_run(const jc_model *model, uint32_t l, jc_work *work,
                       const jc_span *spans, size_t n_spans, jc_error *err)
{
    const jc_block *b = &model->blocks[l];
    bool post = model->arch->post_norm;
    const float *in = post ? work->h : work->x; /* of both halves */

    if (!post)
        norm(model, &b->norm1, work, work->x);
    jc_status st = jc_linear_run(b->qkv, in, work->rows, work->qkv, err);
    if (st)
        return st;
    plan_attention(model, l, work, spans, n_spans);
    st = jc_attention_run(model->backend, work->heads, work->n_heads, err);
    if (st == JC_OK)
        st = jc_linear_run(b->out, work->x, work->rows, work->h, err);
    if (st)
        return st;
    norm(model, post ? &b->norm1 : &b->norm2, work, post ? work->h : work->x);
    st = jc_linear_run(b->up, in, work->rows, work->ff, err);
    if (st == JC_OK)
        st = jc_linear_run(b->down, work->ff, work->rows, work->h, err);
    if (st == JC_OK && post)
        norm(model, &b->norm2, work, work->h);
    return st;
}
