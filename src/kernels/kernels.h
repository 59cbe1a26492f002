/* SPDX-License-Identifier: MIT */
/*
 * kernels.h: arithmetic as the rooms above see it: backends with prepared linear layers,
 * norms, attention and second moments, and the threads they run on.
 *
 * All matrices are row-major float32 unless said otherwise. Whatever the number of threads
 * or of rows in a call, a row's result is the same: work is cut into tiles of fixed size,
 * and one thread computes a tile.
 */
#ifndef JC_KERNELS_H
#define JC_KERNELS_H

#include "base/base.h"

typedef enum jc_act {
    JC_ACT_NONE,
    JC_ACT_GELU,
    JC_ACT_GELU_TANH,
    JC_ACT_RELU,
    JC_ACT_SILU
} jc_act;
typedef enum jc_precision { JC_PRECISION_F32, JC_PRECISION_BF16 } jc_precision;

/* Where a linear layer reads its weight: elements [first, first + n) of a matrix stored
 * [n_out, n_in], or [n_in, n_out] when `in_out` is set.
 *
 * It is read while the layer is prepared, and packed. With `release`, the layer keeps the
 * source instead, which must outlive the call: whole rows of a matrix stored [n_out, n_in]
 * are read whenever the layer runs, by several threads, and jc_linear_free() calls
 * release(arg). It is not called when jc_linear_new() fails. */
typedef struct jc_weight_source {
    bool in_out;
    void *arg;
    void (*read)(void *arg, size_t first, size_t n, float *out);
    void (*release)(void *arg);
    size_t bytes; /* of the weight as it is stored, where it is kept */
} jc_weight_source;

/* y [rows, n_out] = act(x [rows, n_in] W' + bias), or y += that when `add` is set. */
typedef struct jc_linear_spec {
    size_t n_in, n_out;
    jc_weight_source weight;
    const float *bias; /* [n_out] or NULL; copied */
    jc_act act;
    bool add;
    jc_precision precision; /* of x and W in the products; sums are float32 */
} jc_linear_spec;

typedef struct jc_backend jc_backend;
typedef struct jc_linear jc_linear; /* read-only once made; shared between threads */

/* By row of d values: JC_NORM_LAYER (x - mean) / sqrt(variance + eps) * weight + bias, or
 * JC_NORM_RMS x / sqrt(mean of x^2 + eps) * weight. */
typedef enum jc_norm_kind { JC_NORM_LAYER, JC_NORM_RMS } jc_norm_kind;

typedef struct jc_norm {
    jc_norm_kind kind;
    double eps;
    size_t d;
    const float *weight, *bias; /* [d]; no bias with JC_NORM_RMS */
} jc_norm;

/* Rotary positions: each of `heads` neighbouring pieces of `width` values in a row has its
 * first 2 half values turned, pair by pair, by the row's angles. */
typedef struct jc_rotation {
    size_t heads, width, half;
    bool interleaved; /* pairs are (0, 1), (2, 3), ...; else (0, half), (1, half + 1) ... */
    const float *turns; /* [rows, 2 half]: the cosines, then the sines */
} jc_rotation;

/* One head of one text: out = softmax(scale * q k') v. */
typedef struct jc_attention {
    const float *q, *k, *v; /* [n_q, width], [n_k, width], [n_k, width] */
    float *out;             /* [n_q, width] */
    size_t n_q, n_k, width;
    size_t stride_q, stride_kv, stride_out; /* floats between rows */
    float scale;
    bool causal;   /* query i sees keys 0 .. n_k - n_q + i; otherwise all */
    size_t window; /* of a causal head: only the last so many of them; 0: all */
    float softcap; /* of a score s: softcap * tanh(s / softcap); 0: s */
} jc_attention;

const jc_backend *jc_backend_find(const char *name); /* NULL when there is no such row */
const char *const *jc_backend_names(void); /* NULL-ended; the first is the default */
const char *jc_backend_name(const jc_backend *backend);
bool jc_backend_has(const jc_backend *backend,
                    jc_precision precision); /* on this machine */

jc_status jc_linear_new(jc_linear **out, const jc_backend *backend,
                        const jc_linear_spec *spec, jc_error *err) JC_NODISCARD;
void jc_linear_free(jc_linear *linear);
size_t jc_linear_bytes(const jc_linear *linear); /* of its weight in memory */
jc_status jc_linear_run(const jc_linear *linear, const float *x, size_t rows, float *y,
                        jc_error *err) JC_NODISCARD;

/* The first `pieces` runs of d values in each row are normed alike; rows of x and y are
 * `stride` apart. y may be x. */
void jc_norm_run(const jc_backend *backend, const jc_norm *norm, size_t rows, size_t pieces,
                 size_t stride, const float *x, float *y);

/* In place; rows of x are `stride` apart. */
void jc_rotate(const jc_backend *backend, const jc_rotation *rotation, size_t rows,
               size_t stride, float *x);

/* y [rows, n] = act(x[:, :n]) * x[:, n:] for x [rows, 2 n]. */
void jc_gate(const jc_backend *backend, jc_act act, size_t rows, size_t n, const float *x,
             float *y);

/* x = cap * tanh(x / cap), in place. */
void jc_softcap(const jc_backend *backend, size_t n, float cap, float *x);

jc_status jc_attention_run(const jc_backend *backend, const jc_attention *heads, size_t n,
                           jc_error *err) JC_NODISCARD;

/* One block of second moments: sum [d, d] += x' y for x, y [rows, d]. With `symmetric`
 * (x is y) only the tiles on and above the diagonal are added, and their products are
 * float64: of a tap's own sums the inverse is wanted, which tells directions apart that
 * products in float32 would mix. */
typedef struct jc_gram_block {
    const float *x, *y;
    double *sum;
    bool symmetric;
} jc_gram_block;

jc_status jc_gram_add(const jc_backend *backend, const jc_gram_block *blocks, size_t n,
                      size_t rows, size_t d, jc_error *err) JC_NODISCARD;
/* Copy the upper triangle of sum [d, d] to the lower one. */
void jc_gram_mirror(double *sum, size_t d);

/* ---- threads ---- */

void jc_threads_set(uint32_t n); /* 0: as many as there are processors */
uint32_t jc_threads_max(void);

/* Call fn(arg, i) for i in [0, n), on all threads; the calls within run alone. The first
 * failure (in order of time) is the result, and no further calls are started after it. */
typedef jc_status jc_task_fn(void *arg, size_t i, jc_error *err);
jc_status jc_parallel(size_t n, jc_task_fn *fn, void *arg, jc_error *err) JC_NODISCARD;

#endif
