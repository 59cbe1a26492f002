/* SPDX-License-Identifier: MIT */
/* backend.h: one row of the backend table. A backend fills what it does better than `ref`
 * and points to ref's functions for the rest. */
#ifndef JC_BACKEND_H
#define JC_BACKEND_H

#include "kernels/kernels.h"

struct jc_linear { /* the first member of a backend's own struct */
    const jc_backend *backend;
    size_t n_in, n_out, bytes;
    jc_weight_source kept; /* zeroed where the weight is packed */
};

struct jc_backend {
    const char *name;
    bool (*has)(jc_precision precision);
    jc_status (*linear_new)(jc_linear **out, const jc_linear_spec *spec, jc_error *err);
    void (*linear_free)(jc_linear *linear);
    jc_status (*linear_run)(const jc_linear *linear, const float *x, size_t rows, float *y,
                            jc_error *err);
    /* One row of each: */
    void (*norm)(const jc_norm *norm, const float *x, float *y);
    void (*rotate)(const jc_rotation *rotation, const float *turns, float *x);
    void (*gate)(jc_act act, size_t n, const float *x, float *y);
    void (*softcap)(size_t n, float cap, float *x);
    jc_status (*attention)(const jc_attention *head, jc_error *err);
    /* One tile: sum [m, n] (rows stride apart) += x' y, x [rows, m], y [rows, n]. */
    jc_status (*gram_tile)(size_t m, size_t n, size_t rows, const float *x, const float *y,
                           size_t stride, double *sum, size_t sum_stride, jc_error *err);
    /* The same with products in float64; where x is y, on and above the diagonal at least.
     */
    jc_status (*gram_tile_double)(size_t m, size_t n, size_t rows, const float *x,
                                  const float *y, size_t stride, double *sum,
                                  size_t sum_stride, jc_error *err);
};

extern const jc_backend jc_backend_ref;
extern const jc_backend jc_backend_onednn;

#endif
