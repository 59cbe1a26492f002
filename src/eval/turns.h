/* SPDX-License-Identifier: MIT */
/*
 * turns.h: an evaluation that is shared by the ranks of a team.
 *
 * All ranks read the whole stream and cut it into the same batches. In a round each of them
 * runs one batch and reads it out, which is nearly all of the work; then the batches are
 * taken in the order of the stream: the rank that ran one tells the others its states and
 * scores, and what is added up of them is added in the order of one process, so it has the
 * same bits. Only rank 0 adds up scores; residuals are divided among the ranks by pair
 * of layers (metric_r2.c).
 */
#ifndef JC_EVAL_TURNS_H
#define JC_EVAL_TURNS_H

#include "eval/run.h"

typedef struct jc_turns jc_turns;

/* After all metrics have said what they want of the batches; run->team is several ranks. */
jc_status jc_turns_new(jc_turns **out, const jc_eval_run *run, jc_batch *batch,
                       jc_error *err) JC_NODISCARD;
void jc_turns_free(jc_turns *turns); /* takes NULL */

/* Keep rows and texts of the batch that rank `i` runs in this round. */
jc_status jc_turns_note(jc_turns *turns, uint32_t i, const jc_batch *batch, size_t rows,
                        jc_error *err) JC_NODISCARD;
/* What rank `i` has run: states [taps] of [rows, width] and scores [n_methods, taps, rows]
 * are the own ones, and are told where i is this rank. *batch has no rows at the end of the
 * stream; its texts are *texts. E_MISMATCH where the ranks read other texts. */
jc_status jc_turns_take(jc_turns *turns, uint32_t i, const float *const *states,
                        const jc_score *scores, jc_eval_batch *batch, size_t *texts,
                        jc_error *err) JC_NODISCARD;
/* Bytes of rank `i`: its own are told; *told is these, or the others' until the next call.
 */
jc_status jc_turns_tell(jc_turns *turns, uint32_t i, const void *own, size_t bytes,
                        const void **told, jc_error *err) JC_NODISCARD;
/* The total of what all ranks have counted, with rank 0. */
jc_status jc_turns_count(const jc_turns *turns, uint64_t *n, jc_error *err) JC_NODISCARD;

#endif
