/* SPDX-License-Identifier: MIT */
/*
 * fallback.c: operations that a backend leaves out: its matrices are brought to host
 * memory, `ref` computes there, and what it wrote is taken back. A backend that only has
 * memory and gather() can run the whole library so, if slowly.
 */
#include "kernels/fallback.h"

/* A matrix of a backend, and its copy in ref's memory. */
typedef struct copy {
    jc_mat from, mat;
    jc_buffer *buffer;
} copy;

static jc_status download(copy *c, jc_error *err)
{
    jc_buffer *wide = NULL;
    jc_mat from = c->from;
    jc_status st = JC_OK;

    if (from.half) { /* as float32 first, which gather() makes */
        st = jc_buffer_new(&wide, from.buffer->backend,
                           from.rows * from.cols * sizeof(float), "a matrix", err);
        if (st)
            return st;
        from = jc_mat_of(wide, 0, from.rows, from.cols);
        st = jc_copy(c->from, from, err);
    }
    if (st == JC_OK)
        st = jc_mat_download(c->buffer->data, from, err);
    jc_buffer_free(wide);
    return st;
}

static jc_status take(copy *c, jc_mat from, bool read, jc_error *err)
{
    *c = (copy){.from = from};
    jc_status st = jc_buffer_new(&c->buffer, jc_backend_find("ref"),
                                 from.rows * from.cols * sizeof(float), "a matrix", err);

    if (st)
        return st;
    c->mat = jc_mat_of(c->buffer, 0, from.rows, from.cols);
    return read ? download(c, err) : JC_OK;
}

static jc_status give_back(copy *c, bool written, jc_status st, jc_error *err)
{
    if (st == JC_OK && written)
        st = jc_mat_upload(c->from, c->buffer->data, err);
    jc_buffer_free(c->buffer);
    return st;
}

/* Copies of what an operation reads and of what it writes; with `read` it reads both. */
static jc_status take_both(copy *in, jc_mat x, copy *out, jc_mat y, bool read,
                           jc_error *err)
{
    *out = (copy){.buffer = NULL};
    jc_status st = take(in, x, true, err);

    return st ? st : take(out, y, read, err);
}

static jc_status give_both(copy *in, copy *out, jc_status st, jc_error *err)
{
    st = give_back(out, true, st, err);
    return give_back(in, false, st, err);
}

jc_status jc_fallback_linear(const jc_linear *linear, jc_plan plan, jc_mat x, jc_mat y,
                             jc_error *err)
{
    copy in, out;
    jc_status st = take_both(&in, x, &out, y, linear->add, err);

    if (st == JC_OK)
        st = jc_backend_ref.host->linear_run(linear, plan, in.buffer->data, x.rows,
                                             out.buffer->data, err);
    return give_both(&in, &out, st, err);
}

jc_status jc_fallback_norm(const jc_norm *norm, jc_mat x, jc_mat y, jc_error *err)
{
    copy in, out;
    jc_status st = take_both(&in, x, &out, y, false, err);

    if (st == JC_OK)
        st = jc_host_norm(norm, in.mat, out.mat, err);
    return give_both(&in, &out, st, err);
}

jc_status jc_fallback_rotate(const jc_rotation *rotation, jc_mat turns, jc_mat x,
                             jc_error *err)
{
    copy by, out;
    jc_status st = take_both(&by, turns, &out, x, true, err);

    if (st == JC_OK)
        st = jc_host_rotate(rotation, by.mat, out.mat, err);
    return give_both(&by, &out, st, err);
}

jc_status jc_fallback_gate(jc_act act, jc_mat x, jc_mat y, jc_error *err)
{
    copy in, out;
    jc_status st = take_both(&in, x, &out, y, false, err);

    if (st == JC_OK)
        st = jc_host_gate(act, in.mat, out.mat, err);
    return give_both(&in, &out, st, err);
}

jc_status jc_fallback_gate_clamped(float limit, jc_mat x, jc_mat y, jc_error *err)
{
    copy in, out;
    jc_status st = take_both(&in, x, &out, y, false, err);

    if (st == JC_OK)
        st = jc_host_gate_clamped(limit, in.mat, out.mat, err);
    return give_both(&in, &out, st, err);
}

jc_status jc_fallback_scatter(jc_mat x, const size_t *rows, const float *shares, jc_mat y,
                              jc_error *err)
{
    copy in, out;
    jc_status st = take_both(&in, x, &out, y, true, err);

    if (st == JC_OK)
        st = jc_host_scatter(in.mat, rows, shares, out.mat, err);
    return give_both(&in, &out, st, err);
}

jc_status jc_fallback_scale(float by, jc_mat x, jc_error *err)
{
    copy out = {.buffer = NULL};
    jc_status st = take(&out, x, true, err);

    if (st == JC_OK)
        st = jc_host_scale(by, out.mat, err);
    return give_back(&out, true, st, err);
}

jc_status jc_fallback_scale_rows(const float *by, jc_mat x, jc_error *err)
{
    copy out = {.buffer = NULL};
    jc_status st = take(&out, x, true, err);

    if (st == JC_OK)
        st = jc_host_scale_rows(by, out.mat, err);
    return give_back(&out, true, st, err);
}

jc_status jc_fallback_softcap(float cap, jc_mat x, jc_error *err)
{
    copy out = {.buffer = NULL};
    jc_status st = take(&out, x, true, err);

    if (st == JC_OK)
        st = jc_host_softcap(cap, out.mat, err);
    return give_back(&out, true, st, err);
}

jc_status jc_fallback_clamp(float limit, jc_mat x, jc_error *err)
{
    copy out = {.buffer = NULL};
    jc_status st = take(&out, x, true, err);

    if (st == JC_OK)
        st = jc_host_clamp(limit, out.mat, err);
    return give_back(&out, true, st, err);
}

jc_status jc_fallback_accumulate(jc_mat x, jc_mat y, jc_error *err)
{
    copy in, out;
    jc_status st = take_both(&in, x, &out, y, true, err);

    if (st == JC_OK)
        st = jc_host_accumulate(in.mat, out.mat, err);
    return give_both(&in, &out, st, err);
}

jc_status jc_fallback_zero(jc_mat x, jc_error *err)
{
    copy out = {.buffer = NULL};
    jc_status st = take(&out, x, false, err); /* new memory is zero */

    return give_back(&out, true, st, err);
}

jc_status jc_fallback_all_finite(jc_mat x, bool *finite, jc_error *err)
{
    copy in = {.buffer = NULL};
    jc_status st = take(&in, x, true, err);

    if (st == JC_OK)
        st = jc_host_all_finite(in.mat, finite, err);
    return give_back(&in, false, st, err);
}

jc_status jc_fallback_attention(const jc_attention *attention, jc_plan plan,
                                const jc_attended *spans, size_t n_spans, jc_mat q,
                                jc_mat out, jc_error *err)
{
    copy in, to;
    jc_status st = take_both(&in, q, &to, out, false, err);

    for (size_t s = 0; s < n_spans && st == JC_OK; s++) {
        copy keys = {.buffer = NULL}, values = {.buffer = NULL};
        jc_attended span = spans[s];
        st = take(&keys, span.keys, true, err);
        if (st == JC_OK)
            st = take(&values, span.values, true, err);
        span.keys = keys.mat;
        span.values = values.mat;
        if (st == JC_OK)
            st = jc_host_attention(attention, plan, &span, 1, in.mat, to.mat, err);
        st = give_back(&values, false, st, err);
        st = give_back(&keys, false, st, err);
    }
    return give_both(&in, &to, st, err);
}
