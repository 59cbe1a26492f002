/* SPDX-License-Identifier: MIT */
/*
 * vector.h: loops over one row, compiled for several instruction sets (vector_impl.h) and
 * chosen once at run time. Exponentials are within 2 ulp, and follow the definition
 * otherwise; sums within a row may be reassociated, always in the same way.
 */
#ifndef JC_VECTOR_H
#define JC_VECTOR_H

#include "kernels/kernels.h"

typedef struct jc_top {
    uint32_t index; /* of the largest; the lowest one among equals */
    float first, second;
} jc_top;

/* Of a row x of logits, with z = x - max. */
typedef struct jc_row_sums {
    double exp;   /* sum e^z */
    double exp_z; /* sum z e^z */
    double p_z;   /* sum p z; 0 without p */
    size_t above; /* of x > bound */
} jc_row_sums;

typedef struct jc_vector {
    const char *name;
    void (*norm)(const jc_norm *norm, const float *x, float *y);
    void (*rotate)(const jc_rotation *rotation, const float *turns, float *x);
    void (*gate)(jc_act act, size_t n, const float *x, float *y);
    void (*softcap)(size_t n, float cap, float *x);
    void (*act)(jc_act act, size_t n, float *x);
    void (*softmax)(size_t n, float *x);
    /* out [n] = scale * k q, for rows of k [n, width] that are `stride` apart */
    void (*dots)(size_t n, size_t width, size_t stride, const float *k, const float *q,
                 float scale, float *out);
    /* out [width] += v' p, a row after another, for v as k above */
    void (*mix)(size_t n, size_t width, size_t stride, const float *v, const float *p,
                float *out);
    /* s [n, width] = keep * s + k v' */
    void (*renew)(size_t n, size_t width, float keep, const float *k, const float *v,
                  float *s);
    /* out[i][r] = x[r][i] for x [rows, n]; rows of out are `stride` apart */
    void (*turn)(size_t rows, size_t n, const float *x, float *out, size_t stride);
    void (*to_bf16)(size_t n, const float *x, uint16_t *out); /* to nearest even */
    /* z = x - center, sum += z, square += z^2 */
    void (*center)(size_t n, const float *x, const float *center, float *z, double *sum,
                   double *square);
    /* sum += x * per * each, to the nearest whole number; below 2^51 */
    void (*fold)(size_t n, const float *x, double per, const double *each, int64_t *sum);
    /* The same, and what that leaves, in whole 2^-40ths, to rest [n]. */
    void (*fold_fine)(size_t n, const double *x, double per, const double *each,
                      int64_t *sum, int64_t *rest);
    /* product [m, n] += x' y, x [rows, m], y [rows, n], rows `stride` apart; where x is y,
     * on and above the diagonal at least. room: jc_product_room(m, n) numbers, to work in.
     */
    void (*product)(size_t m, size_t n, size_t rows, const float *x, const float *y,
                    size_t stride, double *product, double *room);
    bool (*finite)(size_t n, const float *x);
    jc_top (*top)(size_t n, const float *x);                /* n >= 2 */
    double (*sum_exp)(size_t n, const float *x, float max); /* of x - max */
    /* out [n] = scale e^(x - max); returns their sum */
    double (*exps)(size_t n, const float *x, float max, float scale, float *out);
    size_t (*count_above)(size_t n, const float *x, float bound);
    /* All in one pass; p [n] may be NULL. Where an x is not finite, `exp` or `exp_z` is
     * not. */
    jc_row_sums (*row_sums)(size_t n, const float *x, float max, const float *p,
                            float bound);
    /* The k <= n largest of x, best first, equal ones by their index. */
    void (*top_k)(size_t n, const float *x, size_t k, uint32_t *top);
} jc_vector;

const jc_vector *jc_vector_get(void);

/* The i-th that this processor can run, the fastest first; NULL beyond them. */
const jc_vector *jc_vector_at(size_t i);

enum { JC_PRODUCT_EDGE = 16, JC_PRODUCT_ROWS = 256 };

static inline size_t jc_product_room(size_t m, size_t n)
{
    return (m + n + 2 * JC_PRODUCT_EDGE) * JC_PRODUCT_ROWS;
}

#endif
