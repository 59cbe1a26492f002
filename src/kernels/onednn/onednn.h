/* SPDX-License-Identifier: MIT */
/* onednn.h: what the files of this backend share. */
#ifndef JC_ONEDNN_H
#define JC_ONEDNN_H

#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <threads.h>

#include "kernels/backend.h"

/* The CPU engine, made on first use and kept; NULL when oneDNN has none. */
dnnl_engine_t jc_onednn_engine(void);

/* This thread's scratch memory, at least `bytes` long and 64-byte aligned; the contents do
 * not survive the next call. NULL when memory is short. Freed when the thread ends. */
void *jc_onednn_scratch(size_t bytes);

jc_status jc_onednn_fail(jc_error *err, dnnl_status_t status, const char *what);

/* To the end of the block this thread takes no signals. Products of oneDNN use the stack
 * pointer for memory of their own: what a handler puts on the stack then, kilobytes with
 * AVX-512, overwrites the heap. */
#define JC_ONEDNN_QUIET()                                                                  \
    __attribute__((cleanup(jc_onednn_quiet_end), unused)) const sigset_t jc_quiet_ =       \
        jc_onednn_quiet()
sigset_t jc_onednn_quiet(void);
void jc_onednn_quiet_end(const sigset_t *before);

/* A weight where it lies, for the generation plan. n 0: the packed one is used. */
typedef struct jc_generation {
    jc_stored *stored; /* [n] */
    size_t n;
    struct jc_few_part *parts; /* [n] */
    bool in_out, has_bias, expert;
    pthread_mutex_t lock;
    bool lock_ready;
    atomic_bool ready;
} jc_generation;

jc_status jc_generation_init(jc_generation *g, const jc_linear_spec *spec, jc_error *err);
void jc_generation_release(jc_generation *g);
/* Whether jc_generation_run() is for this plan: for prompts where all weights are
 * quantised, as products of bytes outrun tiles of floats, or narrow floats of an expert,
 * whose few rows are no work beside packing a panel. */
bool jc_generation_serves(const jc_generation *g, jc_plan plan);
/* y (+)= act(x W' + bias); bias [n_out]. */
jc_status jc_generation_run(jc_generation *g, const jc_linear *linear, const float *bias,
                            jc_act act, bool add, const float *x, size_t rows, float *y,
                            jc_error *err);

bool jc_onednn_has(jc_precision precision);
jc_status jc_onednn_linear_new(jc_linear **out, const jc_linear_spec *spec, jc_error *err);
void jc_onednn_linear_free(jc_linear *linear);
jc_status jc_onednn_linear_run(const jc_linear *linear, jc_plan plan, const float *x,
                               size_t rows, float *y, jc_error *err);
jc_status jc_onednn_linear_range(const jc_linear *linear, size_t first, const float *x,
                                 size_t rows, float *y, jc_error *err);
jc_status jc_onednn_head(const jc_head_job *head, jc_error *err);
jc_status jc_onednn_few_rows(const jc_attention *attention, const jc_attended *span,
                             const float *q, size_t stride_q, const void *k, const void *v,
                             float *out, size_t stride_out, jc_error *err);
jc_status jc_onednn_gram_tile(size_t m, size_t n, size_t rows, const float *x,
                              const float *y, size_t stride, float *product, jc_error *err);
jc_status jc_onednn_gram_tile_double(size_t m, size_t n, size_t rows, const float *x,
                                     const float *y, size_t stride, double *product,
                                     jc_error *err);

#endif
