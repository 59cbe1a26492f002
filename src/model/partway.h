/* SPDX-License-Identifier: MIT */
/* partway.h: rows behind sequences that are taken through some blocks only, by the
 * arithmetic of steps: early exit, and drafts from early layers. */
#ifndef JC_PARTWAY_H
#define JC_PARTWAY_H

#include "kernels/kernels.h"
#include "jumpcut/sequence.h"

typedef struct jc_partway jc_partway; /* one thread at a time */

jc_status jc_partway_new(jc_partway **out, const jc_model *model,
                         jc_error *err) JC_NODISCARD;
void jc_partway_free(jc_partway *way); /* takes NULL */

/* Neighbouring tokens of a sequence that stand after the same block. */
typedef struct jc_stretch {
    jc_seq *seq;
    size_t first, n;     /* tokens first .. first + n - 1 */
    const uint32_t *ids; /* [n]; needed before block 1 only */
    float *h;            /* [n, width]: their states */
    const int32_t
        *parents; /* [n], of a tree behind `first` tokens, as in jc_feed; or NULL */
} jc_stretch;

/* Take the rows of all stretches from their states h after block `from` to those after
 * block `to`; from 0 their ids are embedded. Their keys and values of the blocks between go
 * into the sequences, where those of all tokens before them must be. The bits are those of
 * a whole step. E_NUMERIC where a state is not finite. */
jc_status jc_partway_run(jc_partway *way, const jc_stretch *stretches, size_t n,
                         uint32_t from, uint32_t to, jc_error *err) JC_NODISCARD;

/* A map as up to two layers, one after the other; n 0: the state itself. */
typedef struct jc_map_layers {
    const jc_linear *layer[2]; /* [n] */
    size_t n;
    size_t rank; /* numbers of a row between two; at most half the width */
} jc_map_layers;

/* Fill in keys and values of blocks from + 1 .. L that the rows do not run: those of block
 * j + 1 as its own products of maps[j] of h, the state after block `from`. maps [L], or
 * NULL: of h itself in all blocks. */
jc_status jc_partway_fill(jc_partway *way, const jc_stretch *stretches, size_t n,
                          uint32_t from, const jc_map_layers *maps,
                          jc_error *err) JC_NODISCARD;

/* The sequence has n tokens, whose keys and values are there or will be by the time that
 * they are read. */
void jc_partway_length(jc_seq *seq, size_t n);

/* n rows behind the sequence have keys and values of all blocks, and are to be committed.
 */
void jc_partway_pending(jc_seq *seq, size_t n);

/* Of rows behind the sequence, whose keys and values of blocks 1 .. `to` are there, keep
 * rows[n], ascending, as the first ones. */
jc_status jc_partway_pick(jc_seq *seq, uint32_t to, const uint32_t *rows, size_t n,
                          jc_error *err) JC_NODISCARD;

/* y [rows, width] = a map of x [rows, width], by the same arithmetic. */
jc_status jc_partway_map(const jc_model *model, const jc_map_layers *map, const float *x,
                         size_t rows, float *y, jc_error *err) JC_NODISCARD;

/* Logits [n, vocab] of states h [n, width] that stand for the last block's, by the same
 * arithmetic. */
jc_status jc_partway_logits(const jc_model *model, const float *h, size_t n, float *logits,
                            jc_error *err) JC_NODISCARD;

#endif
