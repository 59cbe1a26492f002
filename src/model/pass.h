/* SPDX-License-Identifier: MIT */
/*
 * pass.h: a pass: some rows taken along a route, from the embedding or from states that are
 * given. There is one loop over blocks, jc_pass_run(), for texts, prompts, steps, trees of
 * drafts, replaced parts and schedules.
 */
#ifndef JC_PASS_H
#define JC_PASS_H

#include "model/model.h"
#include "model/seq.h"
#include "model/session.h"

/* Rows [row, row + n) of a pass: tokens of one sequence, or a text on its own. */
typedef struct jc_span {
    const uint32_t *ids; /* [n] */
    size_t row, n;
    jc_seq *seq;            /* whose cache they see and extend; NULL: the rows are all */
    size_t past;            /* tokens of seq before them, whose keys and values are there */
    const int32_t *parents; /* [n], of a tree; see jc_attended. NULL: one after another */
} jc_span;

/* Where a block's operations read and write. */
typedef enum jc_reg {
    JC_REG_H,      /* [rows, width]: the residual stream */
    JC_REG_A,      /* [rows, width] that attention reads; then its output [rows, q_width] */
    JC_REG_B,      /* [rows, width] that the MLP reads */
    JC_REG_Y,      /* [rows, width] to be added to h */
    JC_REG_QKV,    /* [rows, q_width + 2 kv_width] */
    JC_REG_RAW,    /* of latent attention: queries, or what each head saw of latents */
    JC_REG_LOW,    /* and its narrow parts, without gaps: see latent.c */
    JC_REG_WIDE,   /* [rows, latent] */
    JC_REG_GATED,  /* [rows, 2 ff_width], of a gated MLP */
    JC_REG_FF,     /* [rows, ff_width] */
    JC_REG_ROUTER, /* [rows, experts], of a mixture of experts */
    JC_REG_MIX,    /* [rows, width], the sum of theirs */
    JC_REGS
} jc_reg;

/* Who wants states as they come about. x [rows, width] is the state at the tap of every row
 * that is still in the pass, borrowed for the call. */
typedef struct jc_sink {
    jc_status (*take)(void *arg, jc_tap tap, jc_mat x, jc_error *err); /* NULL: nobody */
    void *arg;
    bool points; /* at the points inside blocks, too */
    bool added;  /* and at "attn" and "mlp": what is added is made apart for it */
    /* shares [rows, experts] of the experts of each row in a block that is a mixture, 0 of
     * those that it does not take; NULL: nobody wants them */
    jc_status (*shares)(void *arg, uint32_t block, const float *shares, jc_error *err);
} jc_sink;

/* Zeroed at first; one thread at a time. */
typedef struct jc_pass {
    const jc_model *model;
    jc_plan plan;
    size_t rows, capacity;
    jc_buffer *buffer;         /* of all registers and turns */
    size_t offset[JC_REGS];    /* in the buffer, in numbers */
    jc_mat turns[JC_ROTARIES]; /* [rows, rotated], of rotary positions */
    const jc_span *spans;      /* [n_spans] */
    size_t n_spans;
    jc_attended *attended; /* [n_spans] */
    size_t attended_capacity;
    float *host; /* where embeddings and turns are made */
    size_t host_capacity;
    uint32_t *positions; /* [rows] */
    size_t positions_capacity;
    const jc_part_maps *maps; /* in the place of parts of the block that is run */
    jc_sink sink;
} jc_pass;

void jc_pass_release(jc_pass *pass);

/* Take in the spans: room, and turns for their positions. `spans` is borrowed until the
 * last run. E_ARG where a sequence has no room for its rows. */
jc_status jc_pass_begin(jc_pass *pass, const jc_model *model, jc_plan plan,
                        const jc_span *spans, size_t n_spans, jc_error *err) JC_NODISCARD;

/* h = the embeddings of the rows, which the sink sees as layer 0. */
jc_status jc_pass_embed(jc_pass *pass, jc_error *err) JC_NODISCARD;

/* Take the rows along a route. It begins with h as the state after the layer before its
 * first step; `pick` [n_pick] are the rows that go on once no step that is left mixes
 * positions (NULL: all). The sink sees the states after the steps and inside blocks. */
jc_status jc_pass_run(jc_pass *pass, const jc_route_step *route, size_t n_steps,
                      const size_t *pick, size_t n_pick, jc_error *err) JC_NODISCARD;

/* From h, the states before block 1..L: keys and values of the block of all rows, as if it
 * were run, but nothing else of it. */
jc_status jc_pass_keys(jc_pass *pass, uint32_t block, jc_error *err) JC_NODISCARD;

/* A register as [rows, cols]. */
jc_mat jc_pass_reg(const jc_pass *pass, jc_reg reg, size_t cols);

#endif
