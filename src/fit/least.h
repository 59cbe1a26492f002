/* SPDX-License-Identifier: MIT */
/* least.h: least squares for all maps that are wanted, for methods that begin with it. */
#ifndef JC_LEAST_H
#define JC_LEAST_H

#include "fit/methods.h"
#include "fit/solve.h"

/* A map that was found, in float64, and what it was found from; valid during the call. */
typedef struct jc_least {
    const jc_wanted *wanted;
    size_t d_in, d_out;
    double rows;                     /* number of vectors */
    const double *mean_x;            /* [d_in] */
    const double *mean_y, *square_y; /* [d_out] */
    const double *square;            /* [d_in, d_in]: sum of (x - mean)(x - mean)' */
    const double *cross;             /* [d_in, d_out]: sum of (x - mean)(y - mean)' */
    double *w;                       /* [d_out, d_in] */
    double r2;                       /* on the vectors of the sums */
} jc_least;

/* Find each wanted map in turn, with a penalty `ridge`, and hand it to `found`. */
jc_status jc_least_each(jc_fit_job *job, double ridge,
                        jc_status (*found)(jc_fit_job *job, const jc_least *least,
                                           void *arg),
                        void *arg) JC_NODISCARD;

/* Store the map as a matrix, with an intercept if the params say so. */
jc_status jc_least_store(jc_fit_job *job, const jc_least *least, void *arg) JC_NODISCARD;

/* R2 of any map on the vectors of the sums. */
jc_status jc_least_r2(const jc_wanted *wanted, const jc_map *map, double *r2,
                      jc_error *err) JC_NODISCARD;

/* Keep a shortcut's maps as the params say, and note what that costs. */
jc_status jc_fit_store(const jc_fit_job *job, jc_shortcut *shortcut) JC_NODISCARD;

/* E_NUMERIC, naming the map, unless n numbers are finite. */
jc_status jc_fit_finite(const jc_fit_job *job, const jc_map *map, const float *x,
                        size_t n) JC_NODISCARD;

#endif
