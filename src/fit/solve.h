/* SPDX-License-Identifier: MIT */
/* solve.h: least squares from sums, prepared once for a source and used for many targets.
 */
#ifndef JC_SOLVE_H
#define JC_SOLVE_H

#include "base/base.h"

/* The sums of one source tap. All borrowed for the life of the solver. */
typedef struct jc_source {
    const double *square; /* [d, d]: sum of (x - mean)(x - mean)' */
    const double *mean;   /* [d] */
    double rows;          /* number of vectors, 1 or more */
    size_t d;
    bool bias;    /* the map has an intercept */
    double ridge; /* penalty, relative to the mean diagonal of the matrix being solved */
    const char *what; /* subject of messages: "layer 3" */
} jc_source;

typedef struct jc_solver jc_solver;

/* E_NUMERIC when a sum is not finite. */
jc_status jc_solver_new(jc_solver **out, const jc_source *source,
                        jc_error *err) JC_NODISCARD;
void jc_solver_free(jc_solver *solver);

/* cross [d, d_out] holds the sum of (x - mean)(y - mean)', row from x; mean_y [d_out].
 * w [d_out, d] gets the map, y ~ W x (+ b), row from y. */
void jc_solver_solve(const jc_solver *solver, size_t d_out, const double *cross,
                     const double *mean_y, double *w);

/* R2 on the vectors of the sums, of the map w that jc_solver_solve() has found: the mean
 * over coordinates of 1 - residual / variance. square_y [d_out]: the sum of (y - mean)^2.
 */
double jc_solver_r2(const jc_solver *solver, size_t d_out, const double *cross,
                    const double *mean_y, const double *square_y, const double *w);

#endif
