/* SPDX-License-Identifier: MIT */
/* block.h: one block over the rows of several texts. */
#ifndef JC_BLOCK_H
#define JC_BLOCK_H

#include "model/model.h"
#include "model/parts.h"

/* The rows of one text in the work arrays. With a cache, they are the text's newest tokens,
 * and attention also sees the `past` ones before them. */
typedef struct jc_span {
    size_t row, n, past;
    float *cache; /* [layers, room, 2 kv_width]: keys and values, or NULL */
    size_t room;
} jc_span;

/* Who looks at the points of blocks while they run. */
typedef struct jc_watch {
    /* x [rows, width] is the state at the tap, borrowed for the call. */
    void (*see)(void *arg, jc_tap tap, const float *x); /* NULL: nobody */
    void *arg;
    bool added; /* at "attn" and "mlp", too: what is added is made apart for it */
} jc_watch;

/* Room for `capacity` rows. */
typedef struct jc_work {
    size_t rows, capacity;
    float *h;            /* [rows, width]: the residual stream */
    float *x;            /* [rows, width], or [rows, q_width] where that is wider */
    float *spare;        /* [rows, width] */
    float *qkv;          /* [rows, q_width + 2 kv_width], or wider: [rows, width] */
    float *ff;           /* [rows, ff_width], or the same */
    float *gated;        /* [rows, 2 ff_width], of a gated MLP */
    float *turns;        /* [rows, rotated], of rotary positions */
    jc_attention *heads; /* [n_heads] */
    size_t n_heads, heads_capacity;
    jc_watch watch;
    const jc_part_maps *maps; /* in the place of parts of the next block, or NULL */
} jc_work;

jc_status jc_work_reserve(jc_work *work, const jc_model *model, size_t rows, size_t texts,
                          jc_error *err) JC_NODISCARD;
void jc_work_release(jc_work *work);

/* Fill `turns` for the spans. */
void jc_work_turn(const jc_model *model, jc_work *work, const jc_span *spans,
                  size_t n_spans);

/* x = attention's output in block l (from 0), before its last layer, of in [rows, width].
 */
jc_status jc_block_attend(const jc_model *model, uint32_t l, const float *in, jc_work *work,
                          const jc_span *spans, size_t n_spans, jc_error *err) JC_NODISCARD;

/* h: what block l (from 0) is given -> its output. The spans are not looked at where a map
 * stands for attention. */
jc_status jc_block_run(const jc_model *model, uint32_t l, jc_work *work,
                       const jc_span *spans, size_t n_spans, jc_error *err) JC_NODISCARD;

#endif
