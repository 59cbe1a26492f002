/* SPDX-License-Identifier: MIT */
/*
 * kernels.h: arithmetic as the rooms above see it: backends, which own buffers and run
 * whole operations over the rows of matrices in them, and the threads they run on.
 *
 * There are three plans of arithmetic, and each keeps a promise: a row's bits depend on its
 * own values and on what it attends to, not on the other rows of a call nor on the number
 * of threads. Between the plans, and between backends, last digits differ.
 */
#ifndef JC_KERNELS_H
#define JC_KERNELS_H

#include "base/base.h"

typedef enum jc_act {
    JC_ACT_NONE,
    JC_ACT_GELU,
    JC_ACT_GELU_TANH,
    JC_ACT_RELU,
    JC_ACT_RELU2, /* its square */
    JC_ACT_SILU,
    JC_ACT_SIGMOID
} jc_act;
typedef enum jc_precision { JC_PRECISION_F32, JC_PRECISION_BF16 } jc_precision;

typedef struct jc_backend jc_backend;

/* ---- buffers and matrices ---- */

/* Memory of a backend. Only its operations look inside. */
typedef struct jc_buffer {
    const jc_backend *backend;
    void *data; /* what the backend makes of it */
    size_t bytes;
    bool borrowed; /* from a caller in host memory */
} jc_buffer;

/* A view of [rows, cols] numbers in a buffer, passed by value. Row-major; rows are `stride`
 * numbers apart, and the first is number `offset` of the buffer. Float32, or float16 where
 * `half` is set: keys and values in a cache. */
typedef struct jc_mat {
    jc_buffer *buffer;
    size_t offset, rows, cols, stride;
    bool half;
} jc_mat;

/* Many rows, in tiles; or few rows (a step, a tree of drafts), for which each weight is
 * read from memory once, in the type it is stored in. A prompt is many rows before few: in
 * tiles too, but a quantised weight may round x as it will for the steps. */
typedef enum jc_plan { JC_PLAN_TEXTS, JC_PLAN_PROMPT, JC_PLAN_GENERATION } jc_plan;

const jc_backend *jc_backend_find(const char *name); /* NULL when there is no such entry */
const char *const *jc_backend_names(void); /* NULL-ended; the first is the default */
extern const char jc_backend_choices[];    /* "|onednn|ref", for options */
const char *
jc_backend_summary(size_t i); /* of names[i], in a few words; NULL past the last */
const char *jc_backend_name(const jc_backend *backend);
/* Whether it can be used on this machine, and why not. */
jc_status jc_backend_ready(const jc_backend *backend, jc_error *err) JC_NODISCARD;
size_t jc_backend_slice(const jc_backend *backend); /* see backend.h */
bool jc_backend_has(const jc_backend *backend,
                    jc_precision precision); /* on this machine */

jc_status jc_buffer_new(jc_buffer **out, const jc_backend *backend, size_t bytes,
                        const char *what, jc_error *err) JC_NODISCARD;
void jc_buffer_free(jc_buffer *buffer); /* takes NULL */

/* [rows, cols] from number `offset` of a buffer on, without gaps. */
jc_mat jc_mat_of(jc_buffer *buffer, size_t offset, size_t rows, size_t cols);
jc_mat jc_mat_rows(jc_mat mat, size_t first, size_t n);
jc_mat jc_mat_cols(jc_mat mat, size_t first, size_t n);
/* Rows without gaps, from and to host memory. */
jc_status jc_mat_upload(jc_mat to, const float *from, jc_error *err) JC_NODISCARD;
jc_status jc_mat_download(float *to, jc_mat from, jc_error *err) JC_NODISCARD;

/* A matrix in host memory, lent to a backend for some operations: used where it lies by
 * backends that can, copied to a buffer and back for others. Must be ended. */
typedef struct jc_loan {
    jc_mat mat;
    jc_buffer own;   /* of a backend that reads host memory */
    jc_buffer *copy; /* of any other */
    float *home;     /* where to download to; NULL: it was only read */
} jc_loan;

jc_status jc_loan_read(jc_loan *loan, const jc_backend *backend, const float *x,
                       size_t rows, size_t cols, jc_error *err) JC_NODISCARD;
/* x is written; what it holds is there for the operations only with `keep`. */
jc_status jc_loan_write(jc_loan *loan, const jc_backend *backend, float *x, size_t rows,
                        size_t cols, bool keep, jc_error *err) JC_NODISCARD;
/* Bring back what was written, unless `st` says that something failed, and let go. Returns
 * st, or the failure. */
jc_status jc_loan_end(jc_loan *loan, jc_status st, jc_error *err) JC_NODISCARD;

/* ---- linear layers ---- */

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

/* Some outputs of a weight as a file has them: [n_out, n_in], or [n_in, n_out] where the
 * source is in_out. The bytes outlive the layer. */
typedef struct jc_stored {
    const char *type; /* "F32", "BF16", "Q8_0", ... */
    const void *data;
    size_t n_out, step;    /* rows of `data` from one output to the next; 0: 1 */
    const uint32_t *order; /* [n_in] or NULL: which inputs those of `data` are */
    /* For types that have no kernel of their own, or NULL: numbers [from + first, + n) of
     * arg, `from` being the first of `data`. Called by several threads. */
    void (*read)(const void *arg, size_t first, size_t n, float *out);
    const void *arg;
    size_t from;
} jc_stored;

/* y [rows, n_out] = act(x [rows, n_in] W' + bias), or y += that when `add` is set. */
typedef struct jc_linear_spec {
    size_t n_in, n_out;
    jc_weight_source weight;
    /* The same weight where it lies, one part below the other, for the generation plan;
     * none: that plan uses the packed weight. Copied. */
    const jc_stored *stored;
    size_t n_stored;
    const float *bias; /* [n_out] or NULL; copied */
    jc_act act;
    bool add;
    jc_precision precision; /* of x and W in the texts plan; sums are float32 */
    bool expert; /* it mostly takes some dozens of rows: tiles are low, so that few of
                    their rows are padding */
} jc_linear_spec;

typedef struct jc_linear jc_linear; /* read-only once made; shared between threads */

jc_status jc_linear_new(jc_linear **out, const jc_backend *backend,
                        const jc_linear_spec *spec, jc_error *err) JC_NODISCARD;
void jc_linear_free(jc_linear *linear);
size_t
jc_linear_bytes(const jc_linear *linear); /* of its weight in memory; NULL has none */
/* x and y without gaps between rows. */
jc_status jc_linear_apply(const jc_linear *linear, jc_plan plan, jc_mat x, jc_mat y,
                          jc_error *err) JC_NODISCARD;
/* Of a layer with many outputs, some at a time, in the texts plan and with its bits: those
 * from `first` on, a multiple of jc_linear_step(), as many of them as there are up to the
 * next multiple: y [rows, that many]. */
size_t jc_linear_step(const jc_linear *linear);
jc_status jc_linear_range(const jc_linear *linear, size_t first, jc_mat x, jc_mat y,
                          jc_error *err) JC_NODISCARD;
/* The same in the texts plan, for matrices in host memory. */
jc_status jc_linear_run(const jc_linear *linear, const float *x, size_t rows, float *y,
                        jc_error *err) JC_NODISCARD;

/* ---- operations by row ---- */

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
} jc_rotation;

/* Every run of d values in each row is normed alike. y may be x. */
jc_status jc_norm_run(const jc_norm *norm, jc_mat x, jc_mat y, jc_error *err) JC_NODISCARD;
/* In place; turns [rows, 2 half]: the cosines, then the sines. */
jc_status jc_rotate(const jc_rotation *rotation, jc_mat turns, jc_mat x,
                    jc_error *err) JC_NODISCARD;
/* y [rows, n] = act(x[:, :n]) * x[:, n:] for x [rows, 2 n]. */
jc_status jc_gate(jc_act act, jc_mat x, jc_mat y, jc_error *err) JC_NODISCARD;
/* The gate of gpt-oss: both halves are clamped, g to at most `limit` and u to as much on
 * either side; y = (u + 1) g / (1 + exp(-1.702 g)). */
jc_status jc_gate_clamped(float limit, jc_mat x, jc_mat y, jc_error *err) JC_NODISCARD;
/* x *= by, in place. */
jc_status jc_scale(float by, jc_mat x, jc_error *err) JC_NODISCARD;
/* x's row i *= by[i], in place. */
jc_status jc_scale_rows(const float *by, jc_mat x, jc_error *err) JC_NODISCARD;
/* x = cap * tanh(x / cap), in place. */
jc_status jc_softcap(float cap, jc_mat x, jc_error *err) JC_NODISCARD;
/* Each value is brought into -limit .. limit. */
jc_status jc_clamp(float limit, jc_mat x, jc_error *err) JC_NODISCARD;
/* y += x */
jc_status jc_accumulate(jc_mat x, jc_mat y, jc_error *err) JC_NODISCARD;
jc_status jc_zero(jc_mat x, jc_error *err) JC_NODISCARD;
/* y = x, or y's row i = x's row rows[i]; also from float32 to float16. */
jc_status jc_copy(jc_mat x, jc_mat y, jc_error *err) JC_NODISCARD;
jc_status jc_gather(jc_mat x, const size_t *rows, jc_mat y, jc_error *err) JC_NODISCARD;
/* y's row rows[i] += shares[i] times x's row i; no row of y twice. */
jc_status jc_scatter(jc_mat x, const size_t *rows, const float *shares, jc_mat y,
                     jc_error *err) JC_NODISCARD;
/* Whether every number is finite. */
jc_status jc_all_finite(jc_mat x, bool *finite, jc_error *err) JC_NODISCARD;

/* ---- attention ---- */

/* Scores that depend on how far apart a query and a key are, of attention that is not
 * causal, in the texts plan. Distances fall into n classes; the score of query i and key j
 * of class c is scale * (q_i k_j + q_i keys_c + k_j queries_c) + bias_c. */
typedef struct jc_relative {
    size_t n;
    size_t reach;                /* no text has more than reach + 1 rows */
    const uint32_t *which;       /* [2 reach + 1]: the class of j - i at reach + j - i */
    const float *bias;           /* [heads, n], or NULL */
    const float *keys, *queries; /* [n, heads * width], or NULL */
} jc_relative;

typedef struct jc_attention {
    size_t heads, kv_heads, width; /* of one head; heads share those of keys and values */
    size_t value_width;            /* of a value; 0: width */
    float scale;
    bool causal;        /* otherwise every row sees every other */
    size_t window;      /* 0: all; else the last so many tokens, or, where it is not causal,
                           those at most window / 2 away */
    bool chunked;       /* causal: all since the last multiple of `window` tokens */
    float softcap;      /* of a score s: softcap * tanh(s / softcap); 0: s */
    const float *sinks; /* [heads]: a score for a key without a value; NULL: none */
    const float *slopes; /* [heads]: of a score, this times how far the key is behind, taken
                            off; NULL: none */
    const jc_relative *relative; /* NULL: none */
} jc_attention;

/* Rows [row, row + n) of the queries belong to one sequence. Its keys and values are
 * [past + n, kv_heads * width], the last n of them those of these rows; values may be a
 * part of the keys' columns. Causal: a row sees the past and the rows up to itself; with
 * `parents` ([n], a row's index in 0..n-1, before it, or -1 for the last of the past) it
 * sees the past and its line of parents. */
typedef struct jc_attended {
    size_t row, n, past;
    jc_mat keys, values;
    const int32_t *parents;
} jc_attended;

/* out = softmax(scale * q k') v by head; q [rows, heads * width], out [rows, heads * value
 * width]. */
jc_status jc_attention_run(const jc_attention *attention, jc_plan plan,
                           const jc_attended *spans, size_t n_spans, jc_mat q, jc_mat out,
                           jc_error *err) JC_NODISCARD;

/* ---- recurrence, in host memory ---- */

/* One token of one head of a recurrence along a text, whose state S is [n, width]: S = keep
 * S + key v', then y = S' query. v is write times the value; of the delta rule, write times
 * what the value is beyond that which keep S has for the key. */
typedef struct jc_recurrence {
    size_t n, width;
    bool delta;
    float keep, write;
    const float *key, *query; /* [n] */
    const float *value;       /* [width] */
} jc_recurrence;

/* y [width] may be NULL: only the state is wanted. `spare` [width]. */
void jc_recur(const jc_recurrence *token, float *state, float *y, float *spare);

/* ---- second moments, of matrices in host memory ---- */

/* One block of second moments: the products x' y of x, y [rows, d] are added to whole
 * numbers, sum [d, d]: entry (a, b) counts units of 1 / (per_x[a] per_y[b]), both powers of
 * two. Whole numbers make the same sum in any order. A product must be below 2^51 units.
 *
 * With `symmetric` (x is y) products are float64: of a tap's own sums the inverse is
 * wanted, which tells directions apart that products in float32 would mix. Above the
 * diagonal `sum` then has units, and below it, at (b, a), 2^40ths of those that (a, b)
 * lacks; the diagonal is left alone. */
typedef struct jc_gram_block {
    const float *x, *y;
    const double *per_x, *per_y; /* [d] */
    int64_t *sum;
    bool symmetric;
} jc_gram_block;

enum { JC_GRAM_FINE = 40 }; /* bits: a unit has 2^40 parts */

jc_status jc_gram_add(const jc_backend *backend, const jc_gram_block *blocks, size_t n,
                      size_t rows, size_t d, jc_error *err) JC_NODISCARD;
/* Copy the upper triangle of sum [d, d] to the lower one. */
void jc_gram_mirror(double *sum, size_t d);

/* ---- threads ---- */

/* From here to the end of the block, products and loops that this thread begins use n
 * threads, 0: as many as there are processors. Every call that the library offers begins
 * so; other threads of a caller are not affected. */
#define JC_USE_THREADS(n)                                                                  \
    __attribute__((cleanup(jc_threads_leave), unused)) const uint32_t jc_threads_before_ = \
        jc_threads_enter(n)

uint32_t jc_threads_enter(uint32_t n); /* returns how many there were */
void jc_threads_leave(const uint32_t *before);
uint32_t jc_threads_max(void);

/* Call fn(arg, i) for i in [0, n), on all threads; the calls within run alone. The first
 * failure (in order of time) is the result, and no further calls are started after it. */
typedef jc_status jc_task_fn(void *arg, size_t i, jc_error *err);
jc_status jc_parallel(size_t n, jc_task_fn *fn, void *arg, jc_error *err) JC_NODISCARD;

/* From now on, until it is called with NULL, jc_parallel() asks the hooks between tasks of
 * the calling thread, a few times a second, whether to go on: a batch of a large model
 * takes far longer than a user waits who has pressed Ctrl-C. Only where work that ends
 * midway is thrown away. The hooks are borrowed, and the progress is told again as it is.
 */
void jc_watch(const jc_hooks *hooks, const jc_progress *progress);

#endif
