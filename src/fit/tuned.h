/* SPDX-License-Identifier: MIT */
/*
 * tuned.h: what is trained: for each layer an affine map to the last, in coordinates in
 * which steps of one size suit all of them.
 *
 * With m and s the mean and standard deviation of a coordinate, R = V diag(r) V' the
 * correlation matrix of the layer's states, and P = diag(r + RIDGE)^-1/2 V' diag(s)^-1,
 * the states u = P (h - m_h) are white, and what is trained is w in
 *
 *     y = m_y + diag(s_y) (w u + w_0)
 *
 * Least squares with the penalty RIDGE on standardised coordinates is then w = E[(y - m_y)
 * u'] / s_y, w_0 = 0: training starts there, without solving anything. The gradient by w is
 * that by the map's matrix A and constant b carried over: diag(s_y) (dA - db m_h') P'.
 */
#ifndef JC_FIT_TUNED_H
#define JC_FIT_TUNED_H

#include "fit/kl.h"
#include "jumpcut/train.h"

typedef struct jc_tuned_layer {
    float *basis;           /* P [d, d] */
    float *mean;            /* m_h [d] */
    float *w;               /* [d, d + 1]: w, then w_0 */
    float *moment, *square; /* [d, d + 1]: running means of the gradient and its square */
    float *best;            /* [d, d + 1]: w where the held-out loss was least */
    double start, least;    /* held-out loss at the start, and of the best; nats */
} jc_tuned_layer;

typedef struct jc_tuned {
    size_t d;
    uint32_t n;                /* layers: 0 .. n - 1 to n */
    jc_tuned_layer *layer;     /* [n] */
    float *mean, *scale;       /* m_y, s_y [d] */
    uint64_t step;             /* steps made */
    uint64_t vectors;          /* used for them */
    uint64_t texts;            /* of the present pass over the texts that were used */
    uint64_t best_step;        /* where a layer last improved */
    uint64_t checked;          /* vectors that were used when that was last looked at */
    uint64_t patience;         /* how many more times nothing may have improved */
    uint64_t total;            /* vectors to be used in all */
    uint64_t held;             /* vectors that are held out, at least */
    uint64_t held_texts;       /* the first texts, which have them */
    uint64_t rows, rows_texts; /* vectors and texts of the sums it started from */
} jc_tuned;

jc_status jc_tuned_new(jc_tuned **out, uint32_t layers, size_t d,
                       jc_error *err) JC_NODISCARD;
void jc_tuned_free(jc_tuned *tuned); /* takes NULL */

/* Coordinates and start, from sums of every layer to the last. */
jc_status jc_tuned_start(jc_tuned *tuned, const jc_stats *stats,
                         jc_error *err) JC_NODISCARD;

/* weight [d, d] and bias [d] of a layer's map, with w or the best. */
jc_status jc_tuned_map(const jc_tuned *tuned, uint32_t layer, const float *w, float *weight,
                       float *bias, jc_error *err) JC_NODISCARD;

/* One step (Adam) with the gradient of a layer's map summed over `rows`; by_weight is
 * spoilt. `rate` is how far a number of w may go. tuned->step counts this one already. */
jc_status jc_tuned_step(jc_tuned *tuned, uint32_t layer, double *by_weight,
                        const double *by_bias, size_t rows, double rate,
                        jc_error *err) JC_NODISCARD;

/* ---- the state of training in a file: tuned_file.c ---- */

/* A file of another model, or of other options that matter, is refused (E_MISMATCH).
 * Numbers come back bit for bit. */
jc_status jc_tuned_save(const jc_tuned *tuned, const char *path, const jc_model *model,
                        const jc_train_params *params, jc_error *err) JC_NODISCARD;
jc_status jc_tuned_load(jc_tuned *tuned, const char *path, const jc_model *model,
                        const jc_train_params *params, jc_error *err) JC_NODISCARD;

#endif
