/* SPDX-License-Identifier: MIT */
/*
 * host.c: operations over matrices for backends whose buffers are host memory, made from
 * the arithmetic on plain pointers that such a backend brings (jc_host).
 */
#include <math.h>
#include <string.h>

#include "kernels/backend.h"
#include "kernels/half.h"
#include "kernels/vector.h"

enum { ROWS_TASK = 64 };

/* The numbers of a matrix, open to the CPU until leave(). */
static float *enter(jc_mat m)
{
    if (m.buffer->backend->open)
        m.buffer->backend->open(m.buffer);
    return (float *)m.buffer->data + m.offset;
}

static uint16_t *enter_half(jc_mat m)
{
    enter(m);
    return (uint16_t *)m.buffer->data + m.offset;
}

static void leave(jc_mat m)
{
    if (m.buffer->backend->close)
        m.buffer->backend->close(m.buffer);
}

static const jc_host *host_of(jc_mat m)
{
    return m.buffer->backend->host;
}

jc_status jc_host_buffer_new(jc_buffer *buffer, size_t bytes, const char *what,
                             jc_error *err)
{
    buffer->data = jc_matrix_new(bytes, 1, 1);
    return buffer->data ? JC_OK : jc_fail_nomem(err, what);
}

void jc_host_buffer_free(jc_buffer *buffer)
{
    jc_free(buffer->data);
}

jc_status jc_host_upload(jc_mat to, const float *from, jc_error *err)
{
    float *x = enter(to);

    (void)err;
    for (size_t r = 0; r < to.rows; r++)
        memcpy(x + r * to.stride, from + r * to.cols, to.cols * sizeof *x);
    leave(to);
    return JC_OK;
}

jc_status jc_host_download(float *to, jc_mat from, jc_error *err)
{
    const float *x = enter(from);

    (void)err;
    for (size_t r = 0; r < from.rows; r++)
        memcpy(to + r * from.cols, x + r * from.stride, from.cols * sizeof *x);
    leave(from);
    return JC_OK;
}

/* ---- linear layers ---- */

jc_status jc_host_linear_new(jc_linear **out, const jc_backend *backend,
                             const jc_linear_spec *spec, jc_error *err)
{
    return backend->host->linear_new(out, spec, err);
}

void jc_host_linear_free(jc_linear *linear)
{
    linear->backend->host->linear_free(linear);
}

jc_status jc_host_linear(const jc_linear *linear, jc_plan plan, jc_mat x, jc_mat y,
                         jc_error *err)
{
    const float *from = enter(x);
    float *to = enter(y);
    jc_status st = linear->backend->host->linear_run(linear, plan, from, x.rows, to, err);

    leave(x);
    leave(y);
    return st;
}

jc_status jc_host_linear_range(const jc_linear *linear, size_t first, jc_mat x, jc_mat y,
                               jc_error *err)
{
    const float *from = enter(x);
    float *to = enter(y);
    jc_status st =
        linear->backend->host->linear_range(linear, first, from, x.rows, to, err);

    leave(x);
    leave(y);
    return st;
}

/* ---- by row ---- */

/* In tasks of ROWS_TASK rows; which of the members a function needs is its matter. */
struct row_job {
    const jc_host *host;
    size_t rows, n, stride_x, stride_y, stride_t;
    const jc_norm *norm;
    const jc_rotation *rotation;
    jc_act act;
    float cap; /* or a factor */
    const float *x, *turns, *by;
    float *y;
    void (*row)(const struct row_job *job, size_t r);
};

static jc_status run_rows(void *arg, size_t task, jc_error *err)
{
    const struct row_job *job = arg;
    size_t end = (task + 1) * ROWS_TASK < job->rows ? (task + 1) * ROWS_TASK : job->rows;

    (void)err;
    for (size_t r = task * ROWS_TASK; r < end; r++)
        job->row(job, r);
    return JC_OK;
}

static jc_status by_rows(struct row_job *job, jc_mat x, jc_mat y, jc_error *err)
{
    job->host = host_of(y);
    job->rows = y.rows;
    job->stride_x = x.stride;
    job->stride_y = y.stride;
    job->x = enter(x);
    job->y = enter(y);
    jc_status st = jc_parallel((job->rows + ROWS_TASK - 1) / ROWS_TASK, run_rows, job, err);
    leave(x);
    leave(y);
    return st;
}

static void norm_row(const struct row_job *job, size_t r)
{
    for (size_t at = 0; at < job->n; at += job->norm->d)
        job->host->norm(job->norm, job->x + r * job->stride_x + at,
                        job->y + r * job->stride_y + at);
}

jc_status jc_host_norm(const jc_norm *norm, jc_mat x, jc_mat y, jc_error *err)
{
    struct row_job job = {.n = x.cols, .norm = norm, .row = norm_row};

    return by_rows(&job, x, y, err);
}

static void rotate_row(const struct row_job *job, size_t r)
{
    const jc_rotation *rotation = job->rotation;

    for (size_t h = 0; h < rotation->heads; h++)
        job->host->rotate(rotation, job->turns + r * job->stride_t,
                          job->y + r * job->stride_y + h * rotation->width);
}

jc_status jc_host_rotate(const jc_rotation *rotation, jc_mat turns, jc_mat x, jc_error *err)
{
    struct row_job job = {.rotation = rotation,
                          .turns = enter(turns),
                          .stride_t = turns.stride,
                          .row = rotate_row};
    jc_status st = by_rows(&job, x, x, err);

    leave(turns);
    return st;
}

static void gate_row(const struct row_job *job, size_t r)
{
    job->host->gate(job->act, job->n, job->x + r * job->stride_x,
                    job->y + r * job->stride_y);
}

jc_status jc_host_gate(jc_act act, jc_mat x, jc_mat y, jc_error *err)
{
    struct row_job job = {.n = y.cols, .act = act, .row = gate_row};

    return by_rows(&job, x, y, err);
}

static void clamp_row(const struct row_job *job, size_t r)
{
    const float *x = job->x + r * job->stride_x;
    float *y = job->y + r * job->stride_y, limit = job->cap;

    for (size_t i = 0; i < job->n; i++) {
        float g = x[i] < limit ? x[i] : limit, u = x[job->n + i];
        u = u < -limit ? -limit : u > limit ? limit : u;
        y[i] = (u + 1) * g / (1 + expf(-1.702f * g));
    }
}

jc_status jc_host_gate_clamped(float limit, jc_mat x, jc_mat y, jc_error *err)
{
    struct row_job job = {.n = y.cols, .cap = limit, .row = clamp_row};

    return by_rows(&job, x, y, err);
}

jc_status jc_host_scatter(jc_mat x, const size_t *rows, const float *shares, jc_mat y,
                          jc_error *err)
{
    const float *from = enter(x);
    float *to = enter(y);

    (void)err;
    for (size_t r = 0; r < x.rows; r++)
        for (size_t i = 0; i < x.cols; i++)
            to[rows[r] * y.stride + i] += shares[r] * from[r * x.stride + i];
    leave(x);
    leave(y);
    return JC_OK;
}

static void softcap_row(const struct row_job *job, size_t r)
{
    job->host->softcap(job->n, job->cap, job->y + r * job->stride_y);
}

jc_status jc_host_softcap(float cap, jc_mat x, jc_error *err)
{
    struct row_job job = {.n = x.cols, .cap = cap, .row = softcap_row};

    return by_rows(&job, x, x, err);
}

static void clip_row(const struct row_job *job, size_t r)
{
    float *x = job->y + r * job->stride_y;

    for (size_t i = 0; i < job->n; i++)
        x[i] = x[i] > job->cap ? job->cap : x[i] < -job->cap ? -job->cap : x[i];
}

jc_status jc_host_clamp(float limit, jc_mat x, jc_error *err)
{
    struct row_job job = {.n = x.cols, .cap = limit, .row = clip_row};

    return by_rows(&job, x, x, err);
}

static void scale_row(const struct row_job *job, size_t r)
{
    float *x = job->y + r * job->stride_y;

    for (size_t i = 0; i < job->n; i++)
        x[i] *= job->cap;
}

jc_status jc_host_scale(float by, jc_mat x, jc_error *err)
{
    struct row_job job = {.n = x.cols, .cap = by, .row = scale_row};

    return by_rows(&job, x, x, err);
}

static void scale_row_by(const struct row_job *job, size_t r)
{
    float *x = job->y + r * job->stride_y;

    for (size_t i = 0; i < job->n; i++)
        x[i] *= job->by[r];
}

jc_status jc_host_scale_rows(const float *by, jc_mat x, jc_error *err)
{
    struct row_job job = {.n = x.cols, .by = by, .row = scale_row_by};

    return by_rows(&job, x, x, err);
}

static void add_row(const struct row_job *job, size_t r)
{
    const float *x = job->x + r * job->stride_x;
    float *y = job->y + r * job->stride_y;

    for (size_t i = 0; i < job->n; i++)
        y[i] += x[i];
}

jc_status jc_host_accumulate(jc_mat x, jc_mat y, jc_error *err)
{
    struct row_job job = {.n = y.cols, .row = add_row};

    return by_rows(&job, x, y, err);
}

jc_status jc_host_zero(jc_mat x, jc_error *err)
{
    float *to = enter(x);

    (void)err;
    for (size_t r = 0; r < x.rows; r++)
        memset(to + r * x.stride, 0, x.cols * sizeof *to);
    leave(x);
    return JC_OK;
}

jc_status jc_host_all_finite(jc_mat x, bool *finite, jc_error *err)
{
    const float *from = enter(x);

    (void)err;
    *finite = true;
    for (size_t r = 0; r < x.rows && *finite; r++)
        *finite = jc_vector_get()->finite(x.cols, from + r * x.stride);
    leave(x);
    return JC_OK;
}

/* ---- copies ---- */

static void copy_row(const jc_mat *x, size_t from, const jc_mat *y, size_t to)
{
    const char *source = x->buffer->data;
    char *target = y->buffer->data;
    size_t width_x = x->half ? 2 : 4, width_y = y->half ? 2 : 4;

    source += (x->offset + from * x->stride) * width_x;
    target += (y->offset + to * y->stride) * width_y;
    if (x->half == y->half)
        memmove(target, source, y->cols * width_y);
    else if (y->half)
        jc_half_from(y->cols, (const float *)(const void *)source,
                     (uint16_t *)(void *)target);
    else
        jc_half_to(y->cols, (const uint16_t *)(const void *)source,
                   (float *)(void *)target);
}

jc_status jc_host_gather(jc_mat x, const size_t *rows, jc_mat y, jc_error *err)
{
    (void)err;
    enter(x);
    enter(y);
    for (size_t i = 0; i < y.rows; i++)
        copy_row(&x, rows ? rows[i] : i, &y, i);
    leave(x);
    leave(y);
    return JC_OK;
}

/* ---- attention ---- */

size_t jc_attended_line(const jc_attention *attention, const jc_attended *span, size_t row,
                        size_t *first, size_t *past, size_t *line)
{
    const int32_t *parents = span->parents;
    size_t n = 0;

    if (!parents)
        for (; n <= row; n++)
            line[n] = n;
    else
        for (int32_t at = (int32_t)row; at >= 0; at = parents[at])
            line[n++] = (size_t)at;
    for (size_t i = 0; parents && i < n / 2; i++) { /* the oldest first */
        size_t swap = line[i];
        line[i] = line[n - 1 - i];
        line[n - 1 - i] = swap;
    }
    *past = span->past;
    *first = jc_window_first(attention->window, attention->chunked, span->past + n - 1);
    if (*first > *past) { /* none of the cache, and not all of the line */
        size_t skip = *first - *past;
        memmove(line, line + skip, (n - skip) * sizeof *line);
        n -= skip;
        *first = *past;
    }
    return n;
}

struct attention_job {
    const jc_host *host;
    const jc_attention *attention;
    const jc_attended *spans;
    const float *q;
    float *out;
    size_t stride_q, stride_out;
};

/* Keys or values of a span, which are open. */
static const void *numbers(const jc_mat *m)
{
    return (const char *)m->buffer->data + m->offset * (m->half ? 2 : 4);
}

static jc_status few_span(void *arg, size_t i, jc_error *err)
{
    const struct attention_job *job = arg;
    const jc_attended *span = &job->spans[i];

    return job->host->few_rows(job->attention, span, job->q + span->row * job->stride_q,
                               job->stride_q, numbers(&span->keys), numbers(&span->values),
                               job->out + span->row * job->stride_out, job->stride_out,
                               err);
}

/* Keys or values of one head as float32 without gaps. */
static float *widened(const jc_mat *m, size_t head, size_t width)
{
    const uint16_t *x = numbers(m);
    float *y = jc_matrix_new(m->rows, width, sizeof *y);

    for (size_t r = 0; y && r < m->rows; r++)
        jc_half_to(width, x + r * m->stride + head * width, y + r * width);
    return y;
}

/* One head of one sequence. */
static jc_status head(void *arg, size_t task, jc_error *err)
{
    const struct attention_job *job = arg;
    const jc_attention *a = job->attention;
    const jc_attended *span = &job->spans[task / a->heads];
    size_t h = task % a->heads, shared = h / (a->heads / a->kv_heads), w = a->width;
    size_t vw = jc_value_width(a);
    float *k = NULL, *v = NULL;
    jc_head_job one = {
        .q = job->q + span->row * job->stride_q + h * w,
        .out = job->out + span->row * job->stride_out + h * vw,
        .n_q = span->n,
        .n_k = span->past + span->n,
        .width = w,
        .value_width = vw,
        .stride_q = job->stride_q,
        .stride_k = span->keys.stride,
        .stride_v = span->values.stride,
        .stride_out = job->stride_out,
        .scale = a->scale,
        .causal = a->causal,
        .window = a->window,
        .chunked = a->chunked,
        .softcap = a->softcap,
        .sink = a->sinks ? a->sinks + h : NULL,
        .slope = a->slopes ? a->slopes[h] : 0,
        .relative = a->relative,
        .head = h,
        .stride_relative = a->heads * w,
    };

    if (span->keys.half) {
        one.k = k = widened(&span->keys, shared, w);
        one.v = v = widened(&span->values, shared, vw);
        one.stride_k = w;
        one.stride_v = vw;
    } else {
        one.k = (const float *)numbers(&span->keys) + shared * w;
        one.v = (const float *)numbers(&span->values) + shared * vw;
    }
    jc_status st =
        one.k && one.v ? job->host->head(&one, err) : jc_fail_nomem(err, "attention");
    jc_free(k);
    jc_free(v);
    return st;
}

jc_status jc_host_attention(const jc_attention *attention, jc_plan plan,
                            const jc_attended *spans, size_t n_spans, jc_mat q, jc_mat out,
                            jc_error *err)
{
    struct attention_job job = {.host = host_of(out),
                                .attention = attention,
                                .spans = spans,
                                .q = enter(q),
                                .out = enter(out),
                                .stride_q = q.stride,
                                .stride_out = out.stride};
    jc_status st = JC_OK;

    for (size_t i = 0; i < n_spans; i++) {
        enter_half(spans[i].keys);
        enter_half(spans[i].values);
    }
    if (plan != JC_PLAN_GENERATION)
        st = jc_parallel(n_spans * attention->heads, head, &job, err);
    else if (n_spans > 1) /* few_rows() shares one sequence's heads among threads */
        st = jc_parallel(n_spans, few_span, &job, err);
    else if (n_spans == 1)
        st = few_span(&job, 0, err);
    for (size_t i = 0; i < n_spans; i++) {
        leave(spans[i].keys);
        leave(spans[i].values);
    }
    leave(q);
    leave(out);
    return st;
}
