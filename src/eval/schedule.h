/* SPDX-License-Identifier: MIT */
/* schedule.h: which blocks are jumped over. */
#ifndef JC_EVAL_SCHEDULE_H
#define JC_EVAL_SCHEDULE_H

#include "base/base.h"

typedef struct jc_jump {
    uint32_t from, to; /* layers, from < to */
} jc_jump;

/* Jumps of `layers` blocks in order, not overlapping; all other blocks are run. */
typedef struct jc_schedule {
    jc_jump *jumps; /* [n], with room for layers */
    size_t n;
    uint32_t blocks; /* that are run */
    double product;  /* of the R2 of the jumps; NAN where one is not known */
} jc_schedule;

/* Run `run` blocks, jump over `jump`, and again to the end; run + jump divides layers. */
void jc_schedule_alternate(jc_schedule *schedule, uint32_t layers, uint32_t run,
                           uint32_t jump);

/* The schedule that runs just so many of the blocks whose jumps have the largest product of
 * R2; r2 [layers + 1, layers + 1], row = from. Jumps that have none above 0 are not taken,
 * nor two in a row. False when there is no such schedule. E_NOMEM. */
jc_status jc_schedule_best(jc_schedule *schedule, bool *found, const float *r2,
                           uint32_t layers, uint32_t blocks, jc_error *err) JC_NODISCARD;

/* product, from r2 as above. */
void jc_schedule_rate(jc_schedule *schedule, const float *r2, uint32_t layers);

#endif
