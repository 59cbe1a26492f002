/* SPDX-License-Identifier: MIT */
/* block.h: one block over the rows of several texts. */
#ifndef JC_BLOCK_H
#define JC_BLOCK_H

#include "model/model.h"

/* The rows of one text in the work arrays. With a cache, they are the text's newest tokens,
 * and attention also sees the `past` ones before them. */
typedef struct jc_span {
    size_t row, n, past;
    float *cache; /* [layers, room, 2 kv_width]: keys and values, or NULL */
    size_t room;
} jc_span;

/* Room for `capacity` rows. */
typedef struct jc_work {
    size_t rows, capacity;
    float *h;            /* [rows, width]: the residual stream */
    float *x;            /* [rows, width], or [rows, q_width] where that is wider */
    float *spare;        /* [rows, width] */
    float *qkv;          /* [rows, q_width + 2 kv_width] */
    float *ff;           /* [rows, ff_width] */
    float *gated;        /* [rows, 2 ff_width], of a gated MLP */
    float *turns;        /* [rows, rotated], of rotary positions */
    jc_attention *heads; /* [n_heads] */
    size_t n_heads, heads_capacity;
} jc_work;

jc_status jc_work_reserve(jc_work *work, const jc_model *model, size_t rows, size_t texts,
                          jc_error *err) JC_NODISCARD;
void jc_work_release(jc_work *work);

/* Fill `turns` for the spans. */
void jc_work_turn(const jc_model *model, jc_work *work, const jc_span *spans,
                  size_t n_spans);

/* h: output of block l - 1 -> output of block l. */
jc_status jc_block_run(const jc_model *model, uint32_t l, jc_work *work,
                       const jc_span *spans, size_t n_spans, jc_error *err) JC_NODISCARD;

#endif
