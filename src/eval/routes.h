/* SPDX-License-Identifier: MIT */
/* routes.h: routes through the model, each a series of scores: some are run for every
 * batch, others have been read out already. */
#ifndef JC_EVAL_ROUTES_H
#define JC_EVAL_ROUTES_H

#include "eval/run.h"
#include "eval/tally.h"
#include "model/session.h"

typedef struct jc_scored_route {
    jc_route route; /* its steps are owned */
    size_t known;   /* SIZE_MAX, or of batch->scores [n_methods * taps]: nothing is run */
    size_t same;    /* SIZE_MAX, or an earlier route of the same steps: likewise */
} jc_scored_route;

typedef struct jc_routes {
    jc_scored_route *list; /* [n] */
    size_t n, capacity;
    jc_tally *tally;  /* series i is that of route i */
    jc_score *scores; /* [n, rows] of the last batch */
    size_t scores_capacity;
    float *ends; /* of some routes at a time */
    size_t ends_capacity;
} jc_routes;

/* Add one; the steps are copied. */
jc_status jc_routes_add(jc_routes *routes, const jc_route *route,
                        jc_error *err) JC_NODISCARD;
/* Add what a method reads from a layer, which is scored in any case. */
jc_status jc_routes_add_known(jc_routes *routes, const jc_eval_run *run, size_t method,
                              uint32_t layer, jc_error *err) JC_NODISCARD;

/* After the last was added: be ready for batches. */
jc_status jc_routes_begin(jc_routes *routes, const jc_eval_run *run,
                          jc_error *err) JC_NODISCARD;
/* Fill `scores`, which are then to be added to the tally. */
jc_status jc_routes_run(jc_routes *routes, const jc_eval_run *run,
                        const jc_eval_batch *batch, jc_error *err) JC_NODISCARD;
void jc_routes_release(jc_routes *routes);

#endif
