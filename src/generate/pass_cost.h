/* SPDX-License-Identifier: MIT */
/* pass_cost.h: what a pass of so many rows takes, learnt while text is written. */
#ifndef JC_PASS_COST_H
#define JC_PASS_COST_H

#include "generate/pass_times.h"

enum { JC_COST_ROWS = 32 };

/* Zeroed at first. Older passes fade. */
typedef struct jc_pass_cost {
    double n, k, kk, t, kt;       /* sums of rows and seconds, for a line through them */
    double seen[JC_COST_ROWS];    /* passes of 1, 2, ... rows, */
    double seconds[JC_COST_ROWS]; /* and their mean */
} jc_pass_cost;

/* A pass is over. */
void jc_pass_cost_took(jc_pass_cost *cost, double rows, double seconds);

/* Of passes with step, 2 step, ... n step rows; ascending. `times` gives the shape where
 * something was measured before, and these passes the scale; or it is NULL. */
void jc_pass_cost_expect(const jc_pass_cost *cost, const jc_pass_times *times, size_t step,
                         size_t n, double *seconds);

#endif
