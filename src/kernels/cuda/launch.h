/* SPDX-License-Identifier: MIT */
/*
 * launch.h: what runs on the GPU, as C sees it. Every call queues work on one stream, which
 * all threads share, so that what is queued later sees what was queued before; it returns 0
 * or an error of CUDA, which jc_cuda_words() puts into words. Pointers are to memory of the
 * GPU unless they say `host`.
 */
#ifndef JC_CUDA_LAUNCH_H
#define JC_CUDA_LAUNCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- memory: device.cu ---- */

/* `why` [size] says what is missing, where it fails. */
int jc_cuda_start(char *why, size_t size);
const char *jc_cuda_words(int error);
int jc_cuda_memory_short(int error); /* whether that is what the error says */
void jc_cuda_room(size_t *free_bytes, size_t *all_bytes);
int jc_cuda_new(void **out, size_t bytes); /* not zeroed */
void jc_cuda_free(void *p);
int jc_cuda_fill_zero(void *p, size_t stride, size_t width, size_t rows); /* bytes */
/* Rows of `width` bytes, `stride` bytes apart in the GPU's memory, without gaps in host
 * memory. One thread at a time; the second waits until all work is done. */
int jc_cuda_put(void *to, size_t stride, const void *host, size_t width, size_t rows);
int jc_cuda_get(void *host, const void *from, size_t stride, size_t width, size_t rows);

/* ---- products: weights.cu, product.cu, tensor.cu, few.cu ---- */

enum { JC_CUDA_F32, JC_CUDA_F16, JC_CUDA_BF16, JC_CUDA_INT8 };

/* [n_out, n_in], rows `stride` numbers apart. */
typedef struct jc_cuda_weight {
    int type;
    void *data;
    float *scales; /* of int8: [n_out, stride / 32], of 32 neighbours each */
    size_t n_out, n_in, stride;
} jc_cuda_weight;

/* y [rows, n_out] = act(x W' + bias), or y += that; x and y without gaps. */
typedef struct jc_cuda_product {
    jc_cuda_weight w;
    const float *x, *bias; /* bias may be NULL */
    float *y;
    size_t rows;
    int act, add;
} jc_cuda_product;

int jc_cuda_transpose(float *to, const float *from, size_t rows, size_t cols);
/* float32 [n_out, n_in] without gaps to w's type, and zeros between rows; *inexact is set
 * where that changes a number. */
int jc_cuda_pack(jc_cuda_weight w, const float *from, int *host_inexact);
int jc_cuda_texts(const jc_cuda_product *p);
/* w is bfloat16 and its stride a multiple of 32; `room` has space for x [rows up to a
 * multiple of 128, stride] as bfloat16. */
int jc_cuda_texts_bf16(const jc_cuda_product *p, void *room);
int jc_cuda_few(const jc_cuda_product *p);

/* ---- by row: rows.cu ---- */

typedef struct jc_cuda_mat {
    void *data;
    size_t rows, cols, stride;
    int half;
} jc_cuda_mat;

/* What a jc_norm says; weight and bias on the GPU. */
int jc_cuda_norm(jc_cuda_mat x, jc_cuda_mat y, size_t d, double eps, int layer,
                 const float *weight, const float *bias);
int jc_cuda_rotate(jc_cuda_mat turns, jc_cuda_mat x, size_t heads, size_t width,
                   size_t half, int interleaved);
/* One number after another: */
enum {
    JC_CUDA_GATE,         /* y = act(x[:, :n]) * x[:, n:] */
    JC_CUDA_GATE_CLAMPED, /* by the limit `by` */
    JC_CUDA_ACCUMULATE,   /* y += x */
    JC_CUDA_SCALE,        /* y *= by */
    JC_CUDA_SOFTCAP,
    JC_CUDA_CLAMP
};
int jc_cuda_each(int what, jc_cuda_mat x, jc_cuda_mat y, int act, float by);
/* `host_rows` may be NULL. */
int jc_cuda_gather(jc_cuda_mat x, const size_t *host_rows, jc_cuda_mat y);
int jc_cuda_scatter(jc_cuda_mat x, const size_t *host_rows, const float *host_shares,
                    jc_cuda_mat y);
int jc_cuda_finite(jc_cuda_mat x, int *flag, int *host_finite);

/* ---- attention: attention.cu ---- */

typedef struct jc_cuda_span {
    const float *q;
    float *out;
    const void *k, *v;
    const int32_t
        *line; /* [n, n] of a tree: the rows that row i sees, oldest first; or NULL */
    const int32_t *depth; /* [n]: how many */
    uint32_t n, past, stride_k, stride_v;
} jc_cuda_span;

typedef struct jc_cuda_attention {
    uint32_t heads, kv_heads, width, value_width, window, stride_q, stride_out;
    float scale, softcap;
    int causal, chunked, half;
    const float *sinks, *slopes;                    /* [heads] or NULL */
    const uint32_t *which;                          /* of jc_relative; NULL: none */
    const float *relative, *rel_keys, *rel_queries; /* its tables */
    uint32_t n_relative, reach;
} jc_cuda_attention;

int jc_cuda_attend_texts(const jc_cuda_attention *a, const jc_cuda_span *host_spans,
                         size_t n);
/* `room`: jc_cuda_few_room() bytes. */
int jc_cuda_attend_few(const jc_cuda_attention *a, const jc_cuda_span *host_spans, size_t n,
                       void *room);
size_t jc_cuda_few_room(const jc_cuda_attention *a, const jc_cuda_span *host_spans,
                        size_t n);

#ifdef __cplusplus
}
#endif

#endif
