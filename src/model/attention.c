/* SPDX-License-Identifier: MIT */
/* attention.c: the attention of a block, up to its last layer: queries, keys and values of
 * all rows, then a plan that tells where each text begins and ends. */
#include "model/block.h"

#include <string.h>

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

jc_status jc_block_attend(const jc_model *model, uint32_t l, const float *in, jc_work *work,
                          const jc_span *spans, size_t n_spans, jc_error *err)
{
    jc_status st = jc_linear_run(model->blocks[l].qkv, in, work->rows, work->qkv, err);

    if (st)
        return st;
    place(model, &model->blocks[l], work);
    plan_attention(model, l, work, spans, n_spans);
    return jc_attention_run(model->backend, work->heads, work->n_heads, err);
}
