/* SPDX-License-Identifier: MIT */
/*
 * few_rows.c: attention of a few rows of one sequence. A row and a head are one task, which
 * goes through the keys that the row sees in their order, cached or of this pass; so its
 * bits do not depend on how many rows are run at once.
 */
#include <string.h>

#include "kernels/half.h"
#include "kernels/onednn/onednn.h"
#include "kernels/vector.h"

enum {
    KEYS = 32,      /* of float16 that are widened at a time */
    ALONE = 1 << 17 /* fewer products are not worth a second thread */
};

struct job {
    const jc_attention *a;
    const jc_attended *span;
    const float *q;
    const void *k, *v;
    float *out;
    size_t stride_q, stride_out;
};

/* What one task works with. */
struct task {
    const jc_attention *a;
    float *scores; /* of the keys that are seen, and of a sink */
    float *wide;   /* [KEYS, width], for float16 */
};

/* fn over rows [from, to) of a head's keys or values, some at a time, and their scores. */
static void each(const struct task *t, const jc_mat *mat, const void *x, size_t head,
                 size_t from, size_t to, const float *q, float *scores, float *out)
{
    const jc_vector *vector = jc_vector_get();
    size_t w = q ? t->a->width : jc_value_width(t->a);
    size_t step = mat->half ? KEYS : to - from;

    for (size_t at = from; at < to; at += step) {
        size_t n = to - at < step ? to - at : step, stride = mat->stride;
        const float *rows = (const float *)x + at * stride + head * w;
        for (size_t r = 0; mat->half && r < n; r++)
            jc_half_to(w, (const uint16_t *)x + (at + r) * mat->stride + head * w,
                       t->wide + r * w);
        if (mat->half) {
            rows = t->wide;
            stride = w;
        }
        if (q)
            vector->dots(n, w, stride, rows, q, t->a->scale, scores + (at - from));
        else
            vector->mix(n, w, stride, rows, scores + (at - from), out);
    }
}

/* Keys (with q) or values of all that a row sees. */
static void see(const struct task *t, const struct job *job, const jc_mat *mat,
                const void *x, size_t head, size_t first, size_t past, const size_t *line,
                size_t n, const float *q, float *out)
{
    each(t, mat, x, head, first, past, q, t->scores, out);
    for (size_t i = 0; i < n; i++)
        each(t, mat, x, head, job->span->past + line[i], job->span->past + line[i] + 1, q,
             t->scores + (past - first) + i, out);
}

static jc_status run(void *arg, size_t number, jc_error *err)
{
    const struct job *job = arg;
    const jc_attention *a = job->a;
    size_t row = number / a->heads, h = number % a->heads, w = a->width, first, past;
    size_t shared = h / (a->heads / a->kv_heads), vw = jc_value_width(a);
    const float *q = job->q + row * job->stride_q + h * w;
    float *out = job->out + row * job->stride_out + h * vw;
    size_t most = job->span->past + job->span->n;
    size_t *line = jc_alloc_array(job->span->n, sizeof *line);
    struct task t = {.a = a,
                     .scores = jc_matrix_new(most + 1, 1, sizeof(float)),
                     .wide = jc_matrix_new(KEYS, w > vw ? w : vw, sizeof(float))};
    jc_status st = line && t.scores && t.wide ? JC_OK : jc_fail_nomem(err, "attention");

    if (st == JC_OK) {
        size_t n = jc_attended_line(a, job->span, row, &first, &past, line);
        size_t seen = past - first + n;
        see(&t, job, &job->span->keys, job->k, shared, first, past, line, n, q, NULL);
        for (size_t i = 0; a->slopes && i < seen; i++)
            t.scores[i] -= a->slopes[h] * (float)(seen - 1 - i);
        if (a->softcap > 0)
            jc_vector_get()->softcap(seen, a->softcap, t.scores);
        if (a->sinks)
            t.scores[seen] = a->sinks[h];
        jc_vector_get()->softmax(a->sinks ? seen + 1 : seen, t.scores);
        memset(out, 0, vw * sizeof *out);
        see(&t, job, &job->span->values, job->v, shared, first, past, line, n, NULL, out);
    }
    jc_free(line);
    jc_free(t.scores);
    jc_free(t.wide);
    return st;
}

jc_status jc_onednn_few_rows(const jc_attention *attention, const jc_attended *span,
                             const float *q, size_t stride_q, const void *k, const void *v,
                             float *out, size_t stride_out, jc_error *err)
{
    struct job job = {attention, span, q, k, v, out, stride_q, stride_out};
    size_t tasks = span->n * attention->heads;
    jc_status st = JC_OK;

    if (tasks * (span->past + span->n) * attention->width >= ALONE)
        return jc_parallel(tasks, run, &job, err);
    for (size_t i = 0; i < tasks && st == JC_OK; i++)
        st = run(&job, i, err);
    return st;
}
