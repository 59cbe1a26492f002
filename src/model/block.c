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
    jc_free(work->spare);
    jc_free(work->qkv);
    jc_free(work->ff);
    jc_free(work->gated);
    jc_free(work->turns);
    jc_free(work->heads);
    memset(work, 0, sizeof *work);
}

jc_status jc_work_reserve(jc_work *work, const jc_model *model, size_t rows, size_t texts,
                          jc_error *err)
{
    const jc_hparams *hp = &model->hp;
    size_t d = hp->width, heads, turned = 2 * model->rotary.half;
    size_t gated = model->arch->gated ? 2 * (size_t)hp->ff_width : 0;

    if (rows > work->capacity) {
        jc_work_release(work);
        work->h = jc_matrix_new(rows, d, sizeof(float));
        work->x = jc_matrix_new(rows, hp->q_width > d ? hp->q_width : d, sizeof(float));
        work->spare = jc_matrix_new(rows, d, sizeof(float));
        work->qkv = jc_matrix_new(rows, hp->q_width + 2 * hp->kv_width, sizeof(float));
        work->ff = jc_matrix_new(rows, hp->ff_width, sizeof(float));
        if (gated)
            work->gated = jc_matrix_new(rows, gated, sizeof(float));
        if (turned)
            work->turns = jc_matrix_new(rows, turned, sizeof(float));
        if (!work->h || !work->x || !work->spare || !work->qkv || !work->ff ||
            (gated && !work->gated) || (turned && !work->turns)) {
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
    size_t n = 2 * hp->kv_width, row = hp->q_width + n;
    float *kv = span->cache + l * span->room * n; /* [room, 2 kv_width] */

    for (size_t i = 0; i < span->n; i++)
        memcpy(kv + (span->past + i) * n, work->qkv + (span->row + i) * row + hp->q_width,
               n * sizeof *kv);
    return kv;
}

static void plan_attention(const jc_model *model, uint32_t l, jc_work *work,
                           const jc_span *spans, size_t n_spans)
{
    const jc_hparams *hp = &model->hp;
    size_t w = hp->head_width, row = hp->q_width + 2 * hp->kv_width;
    uint32_t sharing = hp->heads / hp->kv_heads; /* heads of queries, keys and values */

    work->n_heads = 0;
    for (size_t s = 0; s < n_spans; s++) {
        const jc_span *span = &spans[s];
        const float *qkv = work->qkv + span->row * row;
        const float *kv = span->cache ? extend_cache(hp, l, work, span) : qkv + hp->q_width;
        for (uint32_t h = 0; h < hp->heads; h++)
            work->heads[work->n_heads++] = (jc_attention){
                .q = qkv + h * w,
                .k = kv + h / sharing * w,
                .v = kv + hp->kv_width + h / sharing * w,
                .out = work->x + span->row * hp->q_width + h * w,
                .n_q = span->n,
                .n_k = span->past + span->n,
                .width = w,
                .stride_q = row,
                .stride_kv = span->cache ? 2 * hp->kv_width : row,
                .stride_out = hp->q_width,
                .scale = model->blocks[l].attention_scale,
                .causal = model->arch->causal,
                .window = model->blocks[l].window,
                .softcap = (float)hp->attention_softcap,
            };
    }
}

void jc_work_turn(const jc_model *model, jc_work *work, const jc_span *spans,
                  size_t n_spans)
{
    for (size_t s = 0; work->turns && s < n_spans; s++) {
        const jc_span *span = &spans[s];
        /* a text that is being written is taken for as long as it may become */
        size_t length = span->cache ? span->room : span->n;
        for (size_t i = 0; i < span->n; i++)
            jc_rotary_turns(&model->rotary, span->past + i, length,
                            work->turns + (span->row + i) * 2 * model->rotary.half);
    }
}

/* Norm and turn the queries and keys, where the model does. */
static void place(const jc_model *model, const jc_block *b, const jc_work *work)
{
    const jc_hparams *hp = &model->hp;
    size_t row = hp->q_width + 2 * hp->kv_width;
    float *k = work->qkv + hp->q_width;

    if (b->q_norm.weight)
        jc_model_norm(model, &b->q_norm, work->rows, hp->q_width / b->q_norm.d, row,
                      work->qkv, work->qkv);
    if (b->k_norm.weight)
        jc_model_norm(model, &b->k_norm, work->rows, hp->kv_width / b->k_norm.d, row, k, k);
    if (work->turns) {
        const jc_rotation rotation = {.heads = hp->heads + hp->kv_heads,
                                      .width = hp->head_width,
                                      .half = model->rotary.half,
                                      .interleaved = hp->rotary.interleaved,
                                      .turns = work->turns};
        jc_rotate(model->backend, &rotation, work->rows, row, work->qkv);
    }
}

/* out = the norm of h, or h where the model has no such norm; out may be h. */
static void norm(const jc_model *model, const jc_norm_weights *weights, const jc_work *work,
                 float *out)
{
    size_t d = model->hp.width;

    if (weights->weight)
        jc_model_norm(model, weights, work->rows, 1, d, work->h, out);
    else if (out != work->h)
        memcpy(out, work->h, work->rows * d * sizeof *out);
}

/* x = attention's output, before its last layer, of in [rows, width]. */
static jc_status attend(const jc_model *model, uint32_t l, const float *in, jc_work *work,
                        const jc_span *spans, size_t n_spans, jc_error *err)
{
    jc_status st = jc_linear_run(model->blocks[l].qkv, in, work->rows, work->qkv, err);

    if (st)
        return st;
    place(model, &model->blocks[l], work);
    plan_attention(model, l, work, spans, n_spans);
    return jc_attention_run(model->backend, work->heads, work->n_heads, err);
}

/* ff = the inside of the MLP, of in [rows, width]. */
static jc_status widen(const jc_model *model, const jc_block *b, const float *in,
                       const jc_work *work, jc_error *err)
{
    bool gated = model->arch->gated;
    jc_status st =
        jc_linear_run(b->up, in, work->rows, gated ? work->gated : work->ff, err);

    if (st == JC_OK && gated)
        jc_gate(model->backend, model->hp.act, work->rows, model->hp.ff_width, work->gated,
                work->ff);
    return st;
}

/* h += the contribution of a half of the block: its last layer, of x, and the norm after
 * it, if any. Without one the layer adds by itself. */
static jc_status add(const jc_model *model, const jc_linear *last,
                     const jc_norm_weights *after, const float *x, const jc_work *work,
                     jc_error *err)
{
    size_t floats = work->rows * model->hp.width;

    if (!after->weight)
        return jc_linear_run(last, x, work->rows, work->h, err);
    memcpy(work->spare, work->h, floats * sizeof *work->h);
    memset(work->h, 0, floats * sizeof *work->h);
    jc_status st = jc_linear_run(last, x, work->rows, work->h, err);
    norm(model, after, work, work->h);
    for (size_t i = 0; i < floats; i++)
        work->h[i] += work->spare[i];
    return st;
}

/* h = norm(h + f(h)) in both halves. */
static jc_status run_post_norm(const jc_model *model, uint32_t l, jc_work *work,
                               const jc_span *spans, size_t n_spans, jc_error *err)
{
    const jc_block *b = &model->blocks[l];
    jc_status st = attend(model, l, work->h, work, spans, n_spans, err);

    if (st == JC_OK)
        st = add(model, b->out, &b->norm1_after, work->x, work, err);
    if (st)
        return st;
    norm(model, &b->norm1, work, work->h);
    st = widen(model, b, work->h, work, err);
    if (st == JC_OK)
        st = add(model, b->down, &b->norm2_after, work->ff, work, err);
    norm(model, &b->norm2, work, work->h);
    return st;
}

/* h += f(norm(h)) in both halves, one after the other or both of the block's input; no
 * model has the latter and norms after the halves, which use `spare` as well. */
static jc_status run_pre_norm(const jc_model *model, uint32_t l, jc_work *work,
                              const jc_span *spans, size_t n_spans, jc_error *err)
{
    const jc_block *b = &model->blocks[l];
    bool parallel = model->hp.parallel;

    norm(model, &b->norm1, work, work->x);
    jc_status st = attend(model, l, work->x, work, spans, n_spans, err);
    if (parallel)
        norm(model, &b->norm2, work, work->spare);
    if (st == JC_OK)
        st = add(model, b->out, &b->norm1_after, work->x, work, err);
    if (!parallel)
        norm(model, &b->norm2, work, work->x);
    if (st == JC_OK)
        st = widen(model, b, parallel ? work->spare : work->x, work, err);
    return st ? st : add(model, b->down, &b->norm2_after, work->ff, work, err);
}

jc_status jc_block_run(const jc_model *model, uint32_t l, jc_work *work,
                       const jc_span *spans, size_t n_spans, jc_error *err)
{
    return model->hp.norm_before ? run_pre_norm(model, l, work, spans, n_spans, err)
                                 : run_post_norm(model, l, work, spans, n_spans, err);
}
