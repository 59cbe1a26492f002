/* SPDX-License-Identifier: MIT */
/* saved.h: how many blocks an exit curve saves at a given precision. */
#ifndef JC_EVAL_SAVED_H
#define JC_EVAL_SAVED_H

#include <stddef.h>

typedef struct jc_exit_point {
    double layers, p1; /* mean blocks run, precision@1 */
} jc_exit_point;

/* The most blocks of `layers` that may be saved with p1 still >= target. The curve is
 * joined with (layers, 1), sorted by blocks (the array is reordered), and walked from the
 * full model down to the first point below the target; between it and the point before it
 * the curve is a straight line. */
double jc_blocks_saved(jc_exit_point *points, size_t n, double layers, double target);

#endif
