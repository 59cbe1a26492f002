/* SPDX-License-Identifier: MIT */
/*
 * run.h: an evaluation in progress: methods, what is known of each batch of validation
 * rows, and the interface of a metric.
 */
#ifndef JC_EVAL_RUN_H
#define JC_EVAL_RUN_H

#include "base/base.h"
#include "eval/results.h"
#include "eval/score.h"
#include "jumpcut/eval.h"
#include "kernels/kernels.h"
#include "model/session.h"
#include "shortcut/packed.h"
#include "stats/batch.h"

typedef struct jc_eval_run {
    const jc_model *model;
    const jc_model_info *info;
    const jc_eval_params *params;
    uint32_t taps; /* L + 1 */
    size_t width;
    jc_packed *methods; /* [n_methods], the identity first */
    size_t n_methods;
    const jc_shortcut *const *shortcuts;         /* [n_shortcuts]: all that were given */
    char (*names)[sizeof((jc_packed *)0)->name]; /* [n_shortcuts]: theirs in results */
    size_t n_shortcuts;
    const jc_team *team; /* of several ranks; NULL: alone */
} jc_eval_run;

typedef struct jc_eval_batch {
    size_t rows;
    const float *const *states; /* [taps] of [rows, width] */
    const uint32_t *positions;  /* [rows], in the text */
    const uint32_t *owners;     /* [rows]: number of the text in this batch, ascending */
    uint64_t first_text;        /* number of text 0 in the stream */
    const jc_score *scores; /* [n_methods, taps, rows]; at the last tap: the model's own */
    jc_session *session;    /* that has run it; for routes; NULL: another rank has */
    const jc_batch *source; /* NULL: the rows are those of the session */
} jc_eval_batch;

/* The position that early exit takes for every token, -1 for each its own. */
int64_t jc_eval_exit_position(const jc_eval_run *run);

/* Read every row out from every tap through every method: scores [n_methods, taps, rows].
 */
jc_status jc_eval_scores(const jc_eval_run *run, const float *const *states, size_t rows,
                         jc_score *scores, jc_error *err) JC_NODISCARD;

/* The same of states that stand for the last layer's: ends [n, rows, width] -> scores [n,
 * rows]; last [rows, width] are the last layer's own. */
jc_status jc_eval_score_states(const jc_eval_run *run, const float *last, const float *ends,
                               size_t n, size_t rows, jc_score *scores,
                               jc_error *err) JC_NODISCARD;

/* A metric keeps what it sums up in `*state`, which may be NULL. */
typedef struct jc_metric {
    jc_metric_info info;
    bool reads_out; /* needs a head; without one it is left out */
    bool (*wants_routes)(const jc_eval_run *run); /* NULL: never */
    struct jc_routes *(*routes)(void *state);     /* theirs; it adds up nothing else */
    jc_status (*begin)(void **state, const jc_eval_run *run, jc_error *err);
    /* Say what the texts must be run for; NULL: nothing more. */
    jc_status (*prepare)(void *state, const jc_eval_run *run, jc_batch *batch,
                         jc_error *err);
    jc_status (*add)(void *state, const jc_eval_run *run, const jc_eval_batch *batch,
                     jc_error *err);
    /* Of a team every rank adds what it takes on, and this gives all of it to rank 0, the
     * first; NULL: only rank 0 adds. */
    jc_status (*unite)(void *state, const jc_eval_run *run, jc_error *err);
    /* Make the section's figures; without any the results have no such section. */
    jc_status (*finish)(void *state, const jc_eval_run *run, jc_section *section,
                        jc_error *err);
    /* Put them into the document. */
    void (*write)(const jc_section *section, jc_json *json, json_t *root);
    void (*release)(void *state); /* takes NULL */
} jc_metric;

const jc_metric *jc_metric_row(size_t i); /* NULL past the end */

#endif
