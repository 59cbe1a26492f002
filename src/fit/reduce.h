/* SPDX-License-Identifier: MIT */
/*
 * reduce.h: the best map of every rank, from one eigendecomposition.
 *
 * With W the least-squares map and S = W C W', C the moments of the sources (centred with
 * an intercept, raw without), reduced-rank regression for an error weighed by M takes the
 * eigenvectors v_1, v_2, ... of M^1/2 S M^1/2, largest first:
 *
 *     W_r = M^-1/2 V_r V_r' M^1/2 W
 *
 * and the residual of a coordinate c falls by s_k u_ck^2 with each direction, u_k = M^-1/2
 * v_k, whatever M is; so R2 by rank follows without another product.
 */
#ifndef JC_REDUCE_H
#define JC_REDUCE_H

#include "fit/least.h"

/* How errors are weighed. */
typedef struct jc_weighing {
    size_t d;
    double *root,
        *inverse; /* [d, d]: M^1/2 and its inverse; NULL: every coordinate alike */
} jc_weighing;

/* "state": M = I; "logits": M = G W_U' W_U G, G the weight of the final norm. */
jc_status jc_weighing_new(jc_weighing *out, const char *metric, const jc_model *model,
                          size_t d, jc_error *err) JC_NODISCARD;
void jc_weighing_release(jc_weighing *weighing);

typedef struct jc_reduced {
    size_t d_in, d; /* ranks are 1..d */
    double *down;   /* [d, d_in]: row k of direction k */
    double *up;     /* [d, d]: row k of direction k: W_r = sum over k < r of up_k down_k' */
    double *r2;     /* [d]: of rank k + 1, on the vectors of the sums */
} jc_reduced;

jc_status jc_reduce(jc_reduced *out, const jc_least *least, bool bias,
                    const jc_weighing *weighing, jc_error *err) JC_NODISCARD;
void jc_reduced_release(jc_reduced *reduced);

/* Add the map of that rank to a shortcut, in float32. */
jc_status jc_reduced_store(const jc_fit_job *job, jc_shortcut *shortcut,
                           const jc_least *least, const jc_reduced *reduced,
                           size_t rank) JC_NODISCARD;

/* params->rank, by default a hundredth of the width. E_ARG when it is out of bounds. */
jc_status jc_rank_of(const jc_fit_job *job, size_t *rank) JC_NODISCARD;

#endif
