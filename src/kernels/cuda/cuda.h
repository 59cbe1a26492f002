/* SPDX-License-Identifier: MIT */
/* cuda.h: what the files of this backend share. */
#ifndef JC_CUDA_CUDA_H
#define JC_CUDA_CUDA_H

#include "kernels/backend.h"
#include "kernels/cuda/launch.h"

/* An error of CUDA as one of ours; 0 is none. */
jc_status jc_cuda_check(int error, jc_error *err);

/* `bytes` of the GPU's memory for `what`; where they do not fit, the message says how much
 * there is. */
jc_status jc_cuda_memory(void **out, size_t bytes, const char *what, jc_error *err);

/* Rows of `width` bytes without gaps in host memory, to rows `stride` bytes apart. */
jc_status jc_cuda_send(void *to, size_t stride, const void *host, size_t width, size_t rows,
                       jc_error *err);

jc_cuda_mat jc_cuda_view(jc_mat m);

/* Operations that need the two below queue their work between these: one thread at a time
 * has the scratch memory and the copies. */
void jc_cuda_begin(void);
void jc_cuda_end(void);

/* At least `bytes` of scratch memory, until the end. */
jc_status jc_cuda_scratch(void **out, size_t bytes, jc_error *err);

/* A copy on the GPU, until the end, of a vector in host memory, such as a norm's weight. It
 * is compared with what was copied before, which costs little beside a copy. NULL stays
 * NULL. */
jc_status jc_cuda_vector(const void **out, const void *host, size_t bytes, jc_error *err);

jc_status jc_cuda_linear_new(jc_linear **out, const jc_backend *backend,
                             const jc_linear_spec *spec, jc_error *err);
void jc_cuda_linear_free(jc_linear *linear);
jc_status jc_cuda_linear(const jc_linear *linear, jc_plan plan, jc_mat x, jc_mat y,
                         jc_error *err);
jc_status jc_cuda_linear_range(const jc_linear *linear, size_t first, jc_mat x, jc_mat y,
                               jc_error *err);
jc_status jc_cuda_attention_run(const jc_attention *attention, jc_plan plan,
                                const jc_attended *spans, size_t n_spans, jc_mat q,
                                jc_mat out, jc_error *err);

#endif
