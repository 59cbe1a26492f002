/* SPDX-License-Identifier: MIT */
/* backends.c: the table of backends, and what is the same for all of them. */
#include "kernels/fallback.h"

#include <string.h>

/* The entries; the first is the default: jc_backend_<name> is in <name>/<name>.c. */
#ifdef JC_CUDA /* built with it: see docs/cuda.md */
#define ON_GPUS(X) X(cuda)
#else
#define ON_GPUS(X)
#endif
#define BACKENDS(X)                                                                        \
    X(onednn)                                                                              \
    ON_GPUS(X)                                                                             \
    X(ref)

#define JC_X(name) extern const jc_backend jc_backend_##name;
BACKENDS(JC_X)
#undef JC_X

#define JC_X(name) &jc_backend_##name,
static const jc_backend *const table[] = {BACKENDS(JC_X)};
#undef JC_X
#define JC_X(name) #name,
static const char *const names[] = {BACKENDS(JC_X) NULL};
#undef JC_X

#define JC_X(name) "|" #name
const char jc_backend_choices[] = BACKENDS(JC_X);
#undef JC_X

static const jc_backend *substitute; /* see jc_backend_stand_in() */

void jc_backend_stand_in(const jc_backend *backend)
{
    substitute = backend;
}

const jc_backend *jc_backend_find(const char *name)
{
    if (substitute && strcmp(substitute->name, name) == 0)
        return substitute;
    for (size_t i = 0; i < JC_COUNT(table); i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}

const char *const *jc_backend_names(void)
{
    return names;
}

const char *jc_backend_summary(size_t i)
{
    return i < JC_COUNT(table) ? table[i]->about : NULL;
}

const char *jc_backend_name(const jc_backend *backend)
{
    return backend->name;
}

jc_status jc_backend_ready(const jc_backend *backend, jc_error *err)
{
    return backend->ready ? backend->ready(err) : JC_OK;
}

size_t jc_backend_slice(const jc_backend *backend)
{
    return backend->slice;
}

bool jc_backend_has(const jc_backend *backend, jc_precision precision)
{
    return backend->has(precision);
}

/* ---- buffers and matrices ---- */

jc_status jc_buffer_new(jc_buffer **out, const jc_backend *backend, size_t bytes,
                        const char *what, jc_error *err)
{
    *out = jc_alloc_array(1, sizeof **out);
    if (!*out)
        return jc_fail_nomem(err, what);
    **out = (jc_buffer){.backend = backend, .bytes = bytes};
    jc_status st = backend->buffer_new(*out, bytes, what, err);
    if (st) {
        jc_free(*out);
        *out = NULL;
    }
    return st;
}

void jc_buffer_free(jc_buffer *buffer)
{
    if (!buffer)
        return;
    buffer->backend->buffer_free(buffer);
    jc_free(buffer);
}

jc_mat jc_mat_of(jc_buffer *buffer, size_t offset, size_t rows, size_t cols)
{
    return (jc_mat){buffer, offset, rows, cols, cols, false};
}

jc_mat jc_mat_rows(jc_mat mat, size_t first, size_t n)
{
    mat.offset += first * mat.stride;
    mat.rows = n;
    return mat;
}

jc_mat jc_mat_cols(jc_mat mat, size_t first, size_t n)
{
    mat.offset += first;
    mat.cols = n;
    return mat;
}

jc_status jc_mat_upload(jc_mat to, const float *from, jc_error *err)
{
    return to.buffer->backend->upload(to, from, err);
}

jc_status jc_mat_download(float *to, jc_mat from, jc_error *err)
{
    return from.buffer->backend->download(to, from, err);
}

static jc_status lend(jc_loan *loan, const jc_backend *backend, void *x, size_t rows,
                      size_t cols, bool keep, jc_error *err)
{
    jc_status st = JC_OK;

    loan->own = (jc_buffer){
        .backend = backend, .data = x, .bytes = rows * cols * 4, .borrowed = true};
    loan->mat = jc_mat_of(&loan->own, 0, rows, cols);
    if (backend->borrows)
        return JC_OK;
    st = jc_buffer_new(&loan->copy, backend, rows * cols * sizeof(float), "a matrix", err);
    loan->mat.buffer = loan->copy;
    return st == JC_OK && keep ? jc_mat_upload(loan->mat, x, err) : st;
}

jc_status jc_loan_read(jc_loan *loan, const jc_backend *backend, const float *x,
                       size_t rows, size_t cols, jc_error *err)
{
    void *unread; /* operations do not write to it */

    memcpy(&unread, &x, sizeof unread);
    *loan = (jc_loan){.home = NULL};
    return lend(loan, backend, unread, rows, cols, true, err);
}

jc_status jc_loan_write(jc_loan *loan, const jc_backend *backend, float *x, size_t rows,
                        size_t cols, bool keep, jc_error *err)
{
    *loan = (jc_loan){.home = x};
    return lend(loan, backend, x, rows, cols, keep, err);
}

jc_status jc_loan_end(jc_loan *loan, jc_status st, jc_error *err)
{
    if (st == JC_OK && loan->copy && loan->home)
        st = jc_mat_download(loan->home, loan->mat, err);
    jc_buffer_free(loan->copy);
    loan->copy = NULL;
    return st;
}

/* ---- linear layers ---- */

jc_status jc_linear_new(jc_linear **out, const jc_backend *backend,
                        const jc_linear_spec *spec, jc_error *err)
{
    *out = NULL;
    jc_status st = backend->linear_new ? backend->linear_new(out, backend, spec, err)
                                       : jc_backend_ref.host->linear_new(out, spec, err);
    if (st)
        return st;
    (*out)->backend = backend;
    (*out)->add = spec->add;
    if (spec->weight.release)
        (*out)->kept = spec->weight;
    return JC_OK;
}

void jc_linear_free(jc_linear *linear)
{
    if (!linear)
        return;
    const jc_weight_source kept = linear->kept;
    if (linear->backend->linear_free)
        linear->backend->linear_free(linear);
    else
        jc_backend_ref.host->linear_free(linear);
    if (kept.release)
        kept.release(kept.arg);
}

size_t jc_linear_bytes(const jc_linear *linear)
{
    return linear ? linear->bytes : 0;
}

jc_status jc_linear_apply(const jc_linear *linear, jc_plan plan, jc_mat x, jc_mat y,
                          jc_error *err)
{
    const jc_backend *backend = linear->backend;

    return (backend->linear ? backend->linear : jc_fallback_linear)(linear, plan, x, y,
                                                                    err);
}

size_t jc_linear_step(const jc_linear *linear)
{
    return linear->backend->linear_range && linear->step ? linear->step : linear->n_out;
}

jc_status jc_linear_range(const jc_linear *linear, size_t first, jc_mat x, jc_mat y,
                          jc_error *err)
{
    if (jc_linear_step(linear) == linear->n_out)
        return jc_linear_apply(linear, JC_PLAN_TEXTS, x, y, err);
    return linear->backend->linear_range(linear, first, x, y, err);
}

jc_status jc_linear_run(const jc_linear *linear, const float *x, size_t rows, float *y,
                        jc_error *err)
{
    jc_loan in, out = {.home = NULL};
    jc_status st = jc_loan_read(&in, linear->backend, x, rows, linear->n_in, err);

    if (st == JC_OK)
        st = jc_loan_write(&out, linear->backend, y, rows, linear->n_out, linear->add, err);
    if (st == JC_OK)
        st = jc_linear_apply(linear, JC_PLAN_TEXTS, in.mat, out.mat, err);
    st = jc_loan_end(&out, st, err);
    return jc_loan_end(&in, st, err);
}

/* ---- operations ---- */

jc_status jc_norm_run(const jc_norm *norm, jc_mat x, jc_mat y, jc_error *err)
{
    const jc_backend *backend = y.buffer->backend;

    return (backend->norm ? backend->norm : jc_fallback_norm)(norm, x, y, err);
}

jc_status jc_rotate(const jc_rotation *rotation, jc_mat turns, jc_mat x, jc_error *err)
{
    const jc_backend *backend = x.buffer->backend;

    return (backend->rotate ? backend->rotate : jc_fallback_rotate)(rotation, turns, x,
                                                                    err);
}

jc_status jc_gate(jc_act act, jc_mat x, jc_mat y, jc_error *err)
{
    const jc_backend *backend = y.buffer->backend;

    return (backend->gate ? backend->gate : jc_fallback_gate)(act, x, y, err);
}

jc_status jc_gate_clamped(float limit, jc_mat x, jc_mat y, jc_error *err)
{
    const jc_backend *backend = y.buffer->backend;

    return (backend->gate_clamped ? backend->gate_clamped
                                  : jc_fallback_gate_clamped)(limit, x, y, err);
}

jc_status jc_scatter(jc_mat x, const size_t *rows, const float *shares, jc_mat y,
                     jc_error *err)
{
    const jc_backend *backend = y.buffer->backend;

    return (backend->scatter ? backend->scatter : jc_fallback_scatter)(x, rows, shares, y,
                                                                       err);
}

jc_status jc_scale(float by, jc_mat x, jc_error *err)
{
    const jc_backend *backend = x.buffer->backend;

    return (backend->scale ? backend->scale : jc_fallback_scale)(by, x, err);
}

jc_status jc_scale_rows(const float *by, jc_mat x, jc_error *err)
{
    const jc_backend *backend = x.buffer->backend;

    return (backend->scale_rows ? backend->scale_rows : jc_fallback_scale_rows)(by, x, err);
}

jc_status jc_softcap(float cap, jc_mat x, jc_error *err)
{
    const jc_backend *backend = x.buffer->backend;

    return (backend->softcap ? backend->softcap : jc_fallback_softcap)(cap, x, err);
}

jc_status jc_clamp(float limit, jc_mat x, jc_error *err)
{
    const jc_backend *backend = x.buffer->backend;

    return (backend->clamp ? backend->clamp : jc_fallback_clamp)(limit, x, err);
}

jc_status jc_accumulate(jc_mat x, jc_mat y, jc_error *err)
{
    const jc_backend *backend = y.buffer->backend;

    return (backend->accumulate ? backend->accumulate : jc_fallback_accumulate)(x, y, err);
}

jc_status jc_zero(jc_mat x, jc_error *err)
{
    const jc_backend *backend = x.buffer->backend;

    return (backend->zero ? backend->zero : jc_fallback_zero)(x, err);
}

jc_status jc_copy(jc_mat x, jc_mat y, jc_error *err)
{
    return y.buffer->backend->gather(x, NULL, y, err);
}

jc_status jc_gather(jc_mat x, const size_t *rows, jc_mat y, jc_error *err)
{
    return y.buffer->backend->gather(x, rows, y, err);
}

jc_status jc_all_finite(jc_mat x, bool *finite, jc_error *err)
{
    const jc_backend *backend = x.buffer->backend;

    return (backend->all_finite ? backend->all_finite : jc_fallback_all_finite)(x, finite,
                                                                                err);
}

jc_status jc_attention_run(const jc_attention *attention, jc_plan plan,
                           const jc_attended *spans, size_t n_spans, jc_mat q, jc_mat out,
                           jc_error *err)
{
    const jc_backend *backend = out.buffer->backend;

    return (backend->attention ? backend->attention : jc_fallback_attention)(
        attention, plan, spans, n_spans, q, out, err);
}
