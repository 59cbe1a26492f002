/* SPDX-License-Identifier: MIT */
/* onednn.c: the onednn backend's row, its engine, scratch memory and small entries. */
#include "kernels/onednn/onednn.h"

#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "kernels/vector.h"

struct scratch {
    size_t bytes;
    void *data;
};

static once_flag once = ONCE_FLAG_INIT;
static dnnl_engine_t engine;
static tss_t scratch_key;
static bool scratch_ready;

static void scratch_free(void *p)
{
    struct scratch *s = p;

    jc_free(s->data);
    jc_free(s);
}

static void start(void)
{
    if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success)
        engine = NULL;
    scratch_ready = tss_create(&scratch_key, scratch_free) == thrd_success;
}

dnnl_engine_t jc_onednn_engine(void)
{
    call_once(&once, start);
    return scratch_ready ? engine : NULL;
}

void *jc_onednn_scratch(size_t bytes)
{
    call_once(&once, start);
    struct scratch *s = scratch_ready ? tss_get(scratch_key) : NULL;

    if (scratch_ready && !s) {
        s = jc_alloc_array(1, sizeof *s);
        if (s && tss_set(scratch_key, s) != thrd_success) {
            jc_free(s);
            s = NULL;
        }
    }
    if (!s)
        return NULL;
    if (s->bytes < bytes) {
        jc_free(s->data);
        s->data = jc_matrix_new(bytes, 1, 1);
        s->bytes = s->data ? bytes : 0;
    }
    return s->data;
}

sigset_t jc_onednn_quiet(void)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    sigset_t all, before;

    sigfillset(&all);
    for (size_t i = 0; i < JC_COUNT(faults); i++)
        sigdelset(&all, faults[i]);
    sigemptyset(&before);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    return before;
}

void jc_onednn_quiet_end(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

jc_status jc_onednn_fail(jc_error *err, dnnl_status_t status, const char *what)
{
    if (status == dnnl_out_of_memory)
        return jc_fail_nomem(err, what);
    return jc_fail(err, JC_E_UNSUPPORTED, "oneDNN cannot make %s (its status %d)", what,
                   (int)status);
}

bool jc_onednn_has(jc_precision precision)
{
    switch (precision) {
    case JC_PRECISION_F32:
        return jc_onednn_engine() != NULL;
    case JC_PRECISION_BF16: /* without these instructions it would run slower than f32 */
        return jc_onednn_engine() != NULL &&
               dnnl_get_effective_cpu_isa() >= dnnl_cpu_isa_avx512_core_bf16;
    }
    return false;
}

static void norm(const jc_norm *norm, const float *x, float *y)
{
    jc_vector_get()->norm(norm, x, y);
}

static void rotate(const jc_rotation *rotation, const float *turns, float *x)
{
    jc_vector_get()->rotate(rotation, turns, x);
}

static void gate(jc_act act, size_t n, const float *x, float *y)
{
    jc_vector_get()->gate(act, n, x, y);
}

static void softcap(size_t n, float cap, float *x)
{
    jc_vector_get()->softcap(n, cap, x);
}

jc_status jc_onednn_gram_tile(size_t m, size_t n, size_t rows, const float *x,
                              const float *y, size_t stride, float *product, jc_error *err)
{
    JC_ONEDNN_QUIET();
    dnnl_status_t status =
        dnnl_sgemm('T', 'N', (dnnl_dim_t)m, (dnnl_dim_t)n, (dnnl_dim_t)rows, 1.0f, x,
                   (dnnl_dim_t)stride, y, (dnnl_dim_t)stride, 0.0f, product, (dnnl_dim_t)n);
    return status == dnnl_success ? JC_OK : jc_onednn_fail(err, status, "a product");
}

jc_status jc_onednn_gram_tile_double(size_t m, size_t n, size_t rows, const float *x,
                                     const float *y, size_t stride, double *product,
                                     jc_error *err)
{
    double *room = jc_onednn_scratch(jc_product_room(m, n) * sizeof *room);

    if (!room)
        return jc_fail_nomem(err, "a tile of second moments");
    memset(product, 0, m * n * sizeof *product);
    jc_vector_get()->product(m, n, rows, x, y, stride, product, room);
    return JC_OK;
}

static const jc_host host = {
    .linear_new = jc_onednn_linear_new,
    .linear_free = jc_onednn_linear_free,
    .linear_run = jc_onednn_linear_run,
    .linear_range = jc_onednn_linear_range,
    .norm = norm,
    .rotate = rotate,
    .gate = gate,
    .softcap = softcap,
    .head = jc_onednn_head,
    .few_rows = jc_onednn_few_rows,
    .gram_tile = jc_onednn_gram_tile,
    .gram_tile_double = jc_onednn_gram_tile_double,
};

const jc_backend jc_backend_onednn = {
    .name = "onednn",
    .about = "products by oneDNN, packed for this processor; float32 and bfloat16",
    .has = jc_onednn_has,
    .borrows = true,
    JC_HOST_OPERATIONS,
    .host = &host,
};
