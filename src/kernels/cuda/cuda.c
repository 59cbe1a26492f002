/* SPDX-License-Identifier: MIT */
/*
 * cuda.c: the backend for NVIDIA GPUs: its entry, its memory and the operations on each row
 * by itself. Nothing here includes a header of CUDA: launch.h is what there is of it.
 */
#include "kernels/cuda/cuda.h"

#include <pthread.h>
#include <string.h>

#include "kernels/fallback.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t copying = PTHREAD_MUTEX_INITIALIZER;
static char missing[200]; /* why there is no GPU to be used */
static bool there;

static void start(void)
{
    there = jc_cuda_start(missing, sizeof missing) == 0;
}

static jc_status ready(jc_error *err)
{
    pthread_once(&once, start);
    return there ? JC_OK
                 : jc_fail(err, JC_E_UNSUPPORTED,
                           "the backend 'cuda' needs an NVIDIA GPU: %s; choose --backend "
                           "onednn for the processor",
                           missing);
}

static bool has(jc_precision precision)
{
    (void)precision;
    return ready(NULL) == JC_OK;
}

jc_status jc_cuda_check(int error, jc_error *err)
{
    if (error == 0)
        return JC_OK;
    if (jc_cuda_memory_short(error))
        return jc_fail(err, JC_E_NOMEM, "the GPU is out of memory");
    return jc_fail(err, JC_E_UNSUPPORTED, "the GPU failed: %s", jc_cuda_words(error));
}

/* ---- memory ---- */

jc_status jc_cuda_memory(void **out, size_t bytes, const char *what, jc_error *err)
{
    jc_status st = ready(err);
    size_t left, all;

    *out = NULL;
    if (st)
        return st;
    int error = jc_cuda_new(out, bytes);
    if (!jc_cuda_memory_short(error))
        return jc_cuda_check(error, err);
    jc_cuda_room(&left, &all);
    return jc_fail(err, JC_E_NOMEM,
                   "the GPU has no room for %s of %.1f MB: %.1f of its %.1f MB are free; a "
                   "smaller batch, or --backend onednn, may do",
                   what, (double)bytes / 1e6, (double)left / 1e6, (double)all / 1e6);
}

static jc_status buffer_new(jc_buffer *buffer, size_t bytes, const char *what,
                            jc_error *err)
{
    jc_status st = jc_cuda_memory(&buffer->data, bytes, what, err);

    return st ? st : jc_cuda_check(jc_cuda_fill_zero(buffer->data, bytes, bytes, 1), err);
}

static void buffer_free(jc_buffer *buffer)
{
    jc_cuda_free(buffer->data);
}

jc_status jc_cuda_send(void *to, size_t stride, const void *host, size_t width, size_t rows,
                       jc_error *err)
{
    pthread_mutex_lock(&copying);
    int error = jc_cuda_put(to, stride, host, width, rows);
    pthread_mutex_unlock(&copying);
    return jc_cuda_check(error, err);
}

jc_cuda_mat jc_cuda_view(jc_mat m)
{
    return (jc_cuda_mat){.data = (char *)m.buffer->data + m.offset * (m.half ? 2 : 4),
                         .rows = m.rows,
                         .cols = m.cols,
                         .stride = m.stride,
                         .half = m.half};
}

static jc_status upload(jc_mat to, const float *from, jc_error *err)
{
    jc_cuda_mat m = jc_cuda_view(to);

    return jc_cuda_send(m.data, m.stride * 4, from, m.cols * 4, m.rows, err);
}

static jc_status download(float *to, jc_mat from, jc_error *err)
{
    jc_cuda_mat m = jc_cuda_view(from);

    pthread_mutex_lock(&copying);
    int error = jc_cuda_get(to, m.data, m.stride * 4, m.cols * 4, m.rows);
    pthread_mutex_unlock(&copying);
    return jc_cuda_check(error, err);
}

/* ---- by row ---- */

static jc_status norm(const jc_norm *norm, jc_mat x, jc_mat y, jc_error *err)
{
    const void *weight, *bias = NULL;

    jc_cuda_begin();
    jc_status st = jc_cuda_vector(&weight, norm->weight, norm->d * sizeof(float), err);
    if (st == JC_OK)
        st = jc_cuda_vector(&bias, norm->bias, norm->d * sizeof(float), err);
    if (st == JC_OK)
        st =
            jc_cuda_check(jc_cuda_norm(jc_cuda_view(x), jc_cuda_view(y), norm->d, norm->eps,
                                       norm->kind == JC_NORM_LAYER, weight, bias),
                          err);
    jc_cuda_end();
    return st;
}

static jc_status rotate(const jc_rotation *rotation, jc_mat turns, jc_mat x, jc_error *err)
{
    return jc_cuda_check(jc_cuda_rotate(jc_cuda_view(turns), jc_cuda_view(x),
                                        rotation->heads, rotation->width, rotation->half,
                                        rotation->interleaved),
                         err);
}

static jc_status each(int what, jc_mat x, jc_mat y, jc_act act, float by, jc_error *err)
{
    return jc_cuda_check(jc_cuda_each(what, jc_cuda_view(x), jc_cuda_view(y), (int)act, by),
                         err);
}

static jc_status gate(jc_act act, jc_mat x, jc_mat y, jc_error *err)
{
    return each(JC_CUDA_GATE, x, y, act, 0, err);
}

static jc_status gate_clamped(float limit, jc_mat x, jc_mat y, jc_error *err)
{
    return each(JC_CUDA_GATE_CLAMPED, x, y, JC_ACT_NONE, limit, err);
}

static jc_status accumulate(jc_mat x, jc_mat y, jc_error *err)
{
    return each(JC_CUDA_ACCUMULATE, x, y, JC_ACT_NONE, 0, err);
}

static jc_status scale(float by, jc_mat x, jc_error *err)
{
    return each(JC_CUDA_SCALE, x, x, JC_ACT_NONE, by, err);
}

static jc_status softcap(float cap, jc_mat x, jc_error *err)
{
    return each(JC_CUDA_SOFTCAP, x, x, JC_ACT_NONE, cap, err);
}

static jc_status clamp(float limit, jc_mat x, jc_error *err)
{
    return each(JC_CUDA_CLAMP, x, x, JC_ACT_NONE, limit, err);
}

static jc_status zero(jc_mat x, jc_error *err)
{
    jc_cuda_mat m = jc_cuda_view(x);

    return jc_cuda_check(jc_cuda_fill_zero(m.data, m.stride * 4, m.cols * 4, m.rows), err);
}

static jc_status gather(jc_mat x, const size_t *rows, jc_mat y, jc_error *err)
{
    return jc_cuda_check(jc_cuda_gather(jc_cuda_view(x), rows, jc_cuda_view(y)), err);
}

static jc_status scatter(jc_mat x, const size_t *rows, const float *shares, jc_mat y,
                         jc_error *err)
{
    return jc_cuda_check(jc_cuda_scatter(jc_cuda_view(x), rows, shares, jc_cuda_view(y)),
                         err);
}

static jc_status all_finite(jc_mat x, bool *finite, jc_error *err)
{
    void *flag;
    int is = 0;

    jc_cuda_begin();
    jc_status st = jc_cuda_scratch(&flag, sizeof(int), err);

    if (st == JC_OK)
        st = jc_cuda_check(jc_cuda_finite(jc_cuda_view(x), flag, &is), err);
    jc_cuda_end();
    *finite = is;
    return st;
}

const jc_backend jc_backend_cuda = {
    .name = "cuda",
    .about = "an NVIDIA GPU: products, attention and all between",
    .has = has,
    .ready = ready,
    .slice = 1 << 14,
    .buffer_new = buffer_new,
    .buffer_free = buffer_free,
    .upload = upload,
    .download = download,
    .gather = gather,
    .linear_new = jc_cuda_linear_new,
    .linear_free = jc_cuda_linear_free,
    .linear = jc_cuda_linear,
    .linear_range = jc_cuda_linear_range,
    .norm = norm,
    .rotate = rotate,
    .gate = gate,
    .softcap = softcap,
    .clamp = clamp,
    .gate_clamped = gate_clamped,
    .scatter = scatter,
    .scale = scale,
    .accumulate = accumulate,
    .zero = zero,
    .all_finite = all_finite,
    .attention = jc_cuda_attention_run,
};
