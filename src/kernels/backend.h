/* SPDX-License-Identifier: MIT */
/* backend.h: an entry of the table of backends. */
#ifndef JC_BACKEND_H
#define JC_BACKEND_H

#include "kernels/kernels.h"

struct jc_linear { /* the first member of a backend's own struct */
    const jc_backend *backend;
    size_t n_in, n_out, bytes;
    size_t step; /* outputs that linear_range() makes at a time; 0: there is none */
    bool add;
    jc_weight_source kept; /* zeroed where the weight is packed */
};

/* One head of one sequence in host memory: out = softmax(scale * q k') v. */
typedef struct jc_head_job {
    const float *q, *k, *v; /* [n_q, width], [n_k, width], [n_k, value_width] */
    float *out;             /* [n_q, value_width] */
    size_t n_q, n_k, width, value_width;
    size_t stride_q, stride_k, stride_v, stride_out; /* numbers between rows */
    float scale;
    bool causal;   /* query i sees keys 0 .. n_k - n_q + i; otherwise all */
    size_t window; /* see jc_attention, as `chunked` */
    bool chunked;
    float softcap;
    const float *sink; /* NULL: none */
    float slope;
    const jc_relative *relative; /* NULL: none */
    size_t head;                 /* which, of its tables */
    size_t stride_relative;      /* between rows of its keys and queries */
} jc_head_job;

/* The first key that token `at` sees of those before it. */
static inline size_t jc_window_first(size_t window, bool chunked, size_t at)
{
    if (chunked)
        return window ? at / window * window : 0;
    return window && at >= window ? at + 1 - window : 0;
}

/* Query i sees keys [*from, *to). */
static inline void jc_head_sees(const jc_head_job *h, size_t i, size_t *from, size_t *to)
{
    size_t at = h->n_k - h->n_q + i, half = h->window / 2;

    *to = h->causal ? at + 1 : h->n_k;
    *from = h->causal                ? jc_window_first(h->window, h->chunked, at)
            : h->window && at > half ? at - half
                                     : 0;
    if (!h->causal && h->window && at + half + 1 < h->n_k)
        *to = at + half + 1;
}

static inline size_t jc_value_width(const jc_attention *a)
{
    return a->value_width ? a->value_width : a->width;
}

/* What a backend whose buffers are host memory brings: arithmetic on plain pointers, from
 * which host.c makes operations over matrices. Any member but the linear layers may be
 * `ref`'s. */
typedef struct jc_host {
    /* x and y without gaps; by the calling thread's team, in tiles of its own choice. */
    jc_status (*linear_new)(jc_linear **out, const jc_linear_spec *spec, jc_error *err);
    void (*linear_free)(jc_linear *linear);
    jc_status (*linear_run)(const jc_linear *linear, jc_plan plan, const float *x,
                            size_t rows, float *y, jc_error *err);
    /* Outputs first .. first + step of layers that have a step. */
    jc_status (*linear_range)(const jc_linear *linear, size_t first, const float *x,
                              size_t rows, float *y, jc_error *err);
    /* One row of each: */
    void (*norm)(const jc_norm *norm, const float *x, float *y);
    void (*rotate)(const jc_rotation *rotation, const float *turns, float *x);
    void (*gate)(jc_act act, size_t n, const float *x, float *y);
    void (*softcap)(size_t n, float cap, float *x);
    /* Many queries of one head, and one sequence's few rows, all heads of them. */
    jc_status (*head)(const jc_head_job *job, jc_error *err);
    jc_status (*few_rows)(const jc_attention *attention, const jc_attended *span,
                          const float *q, size_t stride_q, const void *k, const void *v,
                          float *out, size_t stride_out, jc_error *err);
    /* One tile: product [m, n] = x' y, x [rows, m], y [rows, n], rows `stride` apart. */
    jc_status (*gram_tile)(size_t m, size_t n, size_t rows, const float *x, const float *y,
                           size_t stride, float *product, jc_error *err);
    /* The same in float64; where x is y, on and above the diagonal at least. */
    jc_status (*gram_tile_double)(size_t m, size_t n, size_t rows, const float *x,
                                  const float *y, size_t stride, double *product,
                                  jc_error *err);
} jc_host;

/* Operations as kernels.h documents them. Those from linear_new() on may be
 * NULL: `ref` computes them, in host memory (fallback.h). */
struct jc_backend {
    const char *name;
    const char *about; /* what it is, in a few words */
    bool (*has)(jc_precision precision);
    /* Whether it can be used on this machine, in words; NULL: always. `has` says no where
     * it cannot. */
    jc_status (*ready)(jc_error *err);
    size_t slice; /* rows that are best run together; 0: a few hundred, a thread each */
    bool borrows; /* reads and writes matrices of callers where they lie */
    jc_status (*buffer_new)(jc_buffer *buffer, size_t bytes, const char *what,
                            jc_error *err); /* zeroed; E_NOMEM says `what` it was for */
    void (*buffer_free)(jc_buffer *buffer);
    jc_status (*upload)(jc_mat to, const float *from, jc_error *err);
    jc_status (*download)(float *to, jc_mat from, jc_error *err);
    /* y's row i = x's row rows[i], or i; each float32 or float16 */
    jc_status (*gather)(jc_mat x, const size_t *rows, jc_mat y, jc_error *err);
    jc_status (*linear_new)(jc_linear **out, const jc_backend *backend,
                            const jc_linear_spec *spec, jc_error *err);
    void (*linear_free)(jc_linear *linear);
    jc_status (*linear)(const jc_linear *linear, jc_plan plan, jc_mat x, jc_mat y,
                        jc_error *err);
    /* NULL: all outputs at once */
    jc_status (*linear_range)(const jc_linear *linear, size_t first, jc_mat x, jc_mat y,
                              jc_error *err);
    jc_status (*norm)(const jc_norm *norm, jc_mat x, jc_mat y, jc_error *err);
    jc_status (*rotate)(const jc_rotation *rotation, jc_mat turns, jc_mat x, jc_error *err);
    jc_status (*gate)(jc_act act, jc_mat x, jc_mat y, jc_error *err);
    jc_status (*softcap)(float cap, jc_mat x, jc_error *err);
    jc_status (*clamp)(float limit, jc_mat x, jc_error *err);
    jc_status (*gate_clamped)(float limit, jc_mat x, jc_mat y, jc_error *err);
    jc_status (*scatter)(jc_mat x, const size_t *rows, const float *shares, jc_mat y,
                         jc_error *err);
    jc_status (*scale)(float by, jc_mat x, jc_error *err);
    jc_status (*scale_rows)(const float *by, jc_mat x, jc_error *err);
    jc_status (*accumulate)(jc_mat x, jc_mat y, jc_error *err);
    jc_status (*zero)(jc_mat x, jc_error *err);
    jc_status (*all_finite)(jc_mat x, bool *finite, jc_error *err);
    jc_status (*attention)(const jc_attention *attention, jc_plan plan,
                           const jc_attended *spans, size_t n_spans, jc_mat q, jc_mat out,
                           jc_error *err);
    const jc_host *host; /* of a backend on the CPU; NULL: second moments by onednn's */
    /* Open and close a buffer for the CPU; NULL where it always is. */
    void (*open)(const jc_buffer *buffer);
    void (*close)(const jc_buffer *buffer);
};

extern const jc_backend jc_backend_ref;
extern const jc_backend jc_backend_onednn;

/* Tests only: from now on this backend is found by its name, whatever the table says. */
void jc_backend_stand_in(const jc_backend *backend);

/* host.c: the operations over matrices, for backends that have `host`. */
jc_status jc_host_buffer_new(jc_buffer *buffer, size_t bytes, const char *what,
                             jc_error *err);
void jc_host_buffer_free(jc_buffer *buffer);
jc_status jc_host_upload(jc_mat to, const float *from, jc_error *err);
jc_status jc_host_download(float *to, jc_mat from, jc_error *err);
jc_status jc_host_linear_new(jc_linear **out, const jc_backend *backend,
                             const jc_linear_spec *spec, jc_error *err);
void jc_host_linear_free(jc_linear *linear);
jc_status jc_host_linear(const jc_linear *linear, jc_plan plan, jc_mat x, jc_mat y,
                         jc_error *err);
jc_status jc_host_linear_range(const jc_linear *linear, size_t first, jc_mat x, jc_mat y,
                               jc_error *err);
jc_status jc_host_norm(const jc_norm *norm, jc_mat x, jc_mat y, jc_error *err);
jc_status jc_host_rotate(const jc_rotation *rotation, jc_mat turns, jc_mat x,
                         jc_error *err);
jc_status jc_host_gate(jc_act act, jc_mat x, jc_mat y, jc_error *err);
jc_status jc_host_softcap(float cap, jc_mat x, jc_error *err);
jc_status jc_host_clamp(float limit, jc_mat x, jc_error *err);
jc_status jc_host_gate_clamped(float limit, jc_mat x, jc_mat y, jc_error *err);
jc_status jc_host_scatter(jc_mat x, const size_t *rows, const float *shares, jc_mat y,
                          jc_error *err);
jc_status jc_host_scale(float by, jc_mat x, jc_error *err);
jc_status jc_host_scale_rows(const float *by, jc_mat x, jc_error *err);
jc_status jc_host_accumulate(jc_mat x, jc_mat y, jc_error *err);
jc_status jc_host_zero(jc_mat x, jc_error *err);
jc_status jc_host_gather(jc_mat x, const size_t *rows, jc_mat y, jc_error *err);
jc_status jc_host_all_finite(jc_mat x, bool *finite, jc_error *err);
jc_status jc_host_attention(const jc_attention *attention, jc_plan plan,
                            const jc_attended *spans, size_t n_spans, jc_mat q, jc_mat out,
                            jc_error *err);

/* The operations of such a backend. */
#define JC_HOST_OPERATIONS                                                                 \
    .buffer_new = jc_host_buffer_new, .buffer_free = jc_host_buffer_free,                  \
    .upload = jc_host_upload, .download = jc_host_download,                                \
    .linear_new = jc_host_linear_new, .linear_free = jc_host_linear_free,                  \
    .linear = jc_host_linear, .linear_range = jc_host_linear_range, .norm = jc_host_norm,  \
    .rotate = jc_host_rotate, .gate = jc_host_gate, .softcap = jc_host_softcap,            \
    .clamp = jc_host_clamp, .gate_clamped = jc_host_gate_clamped,                          \
    .scatter = jc_host_scatter, .scale = jc_host_scale, .accumulate = jc_host_accumulate,  \
    .scale_rows = jc_host_scale_rows, .zero = jc_host_zero, .gather = jc_host_gather,      \
    .all_finite = jc_host_all_finite, .attention = jc_host_attention

/* ref.c: attention of few rows by its definition. */
jc_status jc_ref_few_rows(const jc_attention *attention, const jc_attended *span,
                          const float *q, size_t stride_q, const void *k, const void *v,
                          float *out, size_t stride_out, jc_error *err);

/* In the generation plan: what a row of `few_rows` may see, for definitions: the cached
 * keys [*first, *past) and its line, written to line [n] from the oldest; returns its
 * length. */
size_t jc_attended_line(const jc_attention *attention, const jc_attended *span, size_t row,
                        size_t *first, size_t *past, size_t *line);

#endif
