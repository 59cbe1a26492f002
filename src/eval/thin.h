/* SPDX-License-Identifier: MIT */
/*
 * thin.h: some texts of an evaluation, and some positions of each, for the metrics that run
 * the model again in many ways. Every N-th text is taken, with positions spread evenly from
 * a random start, so which they are depends on the stream and the seed alone.
 */
#ifndef JC_EVAL_THIN_H
#define JC_EVAL_THIN_H

#include "eval/run.h"

typedef struct jc_thin jc_thin;

/* Whether the parameters ask for less than all. */
bool jc_thin_wanted(const jc_eval_params *params);

/* The run is borrowed. */
jc_status jc_thin_new(jc_thin **out, const jc_eval_run *run, jc_error *err) JC_NODISCARD;
void jc_thin_free(jc_thin *thin); /* takes NULL */

/* Keep what is wanted of a batch. */
jc_status jc_thin_add(jc_thin *thin, const jc_eval_batch *batch,
                      jc_error *err) JC_NODISCARD;
/* Whether there is enough for jc_thin_run(). */
bool jc_thin_full(const jc_thin *thin);
/* Run what was kept: *batch, valid until the next call; 0 rows: nothing was. */
jc_status jc_thin_run(jc_thin *thin, jc_eval_batch *batch, jc_error *err) JC_NODISCARD;

/* What has been run in all. */
void jc_thin_count(const jc_thin *thin, uint64_t *texts, uint64_t *rows);

#endif
