/* SPDX-License-Identifier: MIT */
/*
 * metric_r2.c: R2 of every map: one minus residual over variance for each coordinate,
 * uniform mean over coordinates, as scikit-learn's r2_score has it (a coordinate that does
 * not vary counts 1 when it is met exactly and 0 otherwise).
 *
 * Residuals are summed as they are, (h_j - W h_i)^2 a coordinate, so nothing cancels; cost
 * 2 d^2 flops a row and pair, memory d a pair.
 */
#include <math.h>
#include <string.h>

#include "eval/run.h"

enum { TILE = 64 };

struct r2 {
    double rows;
    bool begun;
    float *shift; /* [taps, d]: the first row, so that the squares below stay small */
    double *sum, *square; /* [taps, d] of h less the shift */
    double *residual;     /* [n_methods, taps, taps, d]: of pair (i, j), i < j */
};

struct job {
    struct r2 *r2;
    const jc_eval_run *run;
    const jc_eval_batch *batch;
};

static void release(void *state)
{
    struct r2 *s = state;

    if (s) {
        jc_free(s->shift);
        jc_free(s->sum);
        jc_free(s->square);
        jc_free(s->residual);
    }
    jc_free(s);
}

static jc_status begin(void **state, const jc_eval_run *run, jc_error *err)
{
    struct r2 *s = jc_alloc_array(1, sizeof *s);

    *state = s;
    if (!s)
        return jc_fail_nomem(err, "R2");
    s->shift = jc_matrix_new(run->taps, run->width, sizeof *s->shift);
    s->sum = jc_matrix_new(run->taps, run->width, sizeof *s->sum);
    s->square = jc_matrix_new(run->taps, run->width, sizeof *s->square);
    s->residual = jc_matrix_new(run->n_methods * run->taps * run->taps, run->width,
                                sizeof *s->residual);
    return s->shift && s->sum && s->square && s->residual ? JC_OK
                                                          : jc_fail_nomem(err, "R2");
}

static jc_status add_variance(void *arg, size_t tap, jc_error *err)
{
    const struct job *job = arg;
    size_t d = job->run->width;
    const float *shift = job->r2->shift + tap * d;
    double *sum = job->r2->sum + tap * d, *square = job->r2->square + tap * d;

    (void)err;
    for (size_t r = 0; r < job->batch->rows; r++) {
        const float *h = job->batch->states[tap] + r * d;
        for (size_t c = 0; c < d; c++) {
            double x = (double)h[c] - (double)shift[c];
            sum[c] += x;
            square[c] += x * x;
        }
    }
    return JC_OK;
}

static jc_status add_residual(void *arg, size_t task, jc_error *err)
{
    const struct job *job = arg;
    const jc_eval_run *run = job->run;
    size_t d = run->width, method = task / run->taps / run->taps;
    uint32_t i = (uint32_t)(task / run->taps % run->taps), j = (uint32_t)(task % run->taps);
    double *residual = job->r2->residual + task * d;

    if (i >= j || !jc_packed_has(&run->methods[method], i, j))
        return JC_OK;
    float *buffer = jc_matrix_new(TILE, d, sizeof *buffer);
    jc_status st = buffer ? JC_OK : jc_fail_nomem(err, "R2");
    for (size_t row = 0; row < job->batch->rows && st == JC_OK; row += TILE) {
        size_t n = job->batch->rows - row < TILE ? job->batch->rows - row : TILE;
        const float *want = job->batch->states[j] + row * d, *got;
        st = jc_packed_map(&run->methods[method], i, j, job->batch->states[i] + row * d, n,
                           buffer, &got, err);
        for (size_t r = 0; r < n && st == JC_OK; r++)
            for (size_t c = 0; c < d; c++) {
                double x = (double)want[r * d + c] - (double)got[r * d + c];
                residual[c] += x * x;
            }
    }
    jc_free(buffer);
    return st;
}

static jc_status add(void *state, const jc_eval_run *run, const jc_eval_batch *batch,
                     jc_error *err)
{
    struct r2 *s = state;
    struct job job = {s, run, batch};

    for (uint32_t t = 0; t < run->taps && !s->begun; t++)
        memcpy(s->shift + t * run->width, batch->states[t], run->width * sizeof *s->shift);
    s->begun = true;
    s->rows += (double)batch->rows;
    jc_status st = jc_parallel(run->taps, add_variance, &job, err);
    return st ? st
              : jc_parallel(run->n_methods * run->taps * run->taps, add_residual, &job,
                            err);
}

static double r2_of(const struct r2 *s, const jc_eval_run *run, size_t method, uint32_t i,
                    uint32_t j)
{
    size_t d = run->width;
    const double *residual = s->residual + ((method * run->taps + i) * run->taps + j) * d;
    double total = 0;

    for (size_t c = 0; c < d; c++) {
        double sum = s->sum[j * d + c];
        double variance = fmax(s->square[j * d + c] - sum * sum / s->rows, 0);
        if (variance > 0)
            total += 1 - residual[c] / variance;
        else
            total += residual[c] > 0 ? 0 : 1;
    }
    return total / (double)d;
}

static json_t *table_of(const struct r2 *s, const jc_eval_run *run, size_t method)
{
    json_t *table = json_array();

    for (uint32_t i = 0; i < run->taps; i++) {
        json_t *row = json_array();
        for (uint32_t j = 0; j < run->taps; j++) {
            bool known = i <= j && jc_packed_has(&run->methods[method], i, j);
            double r2 = i == j ? 1 : known ? r2_of(s, run, method, i, j) : (double)NAN;
            json_array_append_new(row, jc_json_number(r2));
        }
        json_array_append_new(table, row);
    }
    return table;
}

static jc_status finish(void *state, const jc_eval_run *run, json_t *results, jc_error *err)
{
    json_t *section = jc_json_section(results, "r2");
    int failed = 0;

    for (size_t m = 0; m < run->n_methods; m++)
        failed |=
            json_object_set_new(section, run->methods[m].name, table_of(state, run, m));
    return failed ? jc_fail_nomem(err, "R2") : JC_OK;
}

const jc_metric jc_metric_r2 = {
    .info = {"r2", "share of the variance of layer j that a map from layer i explains, for "
                   "every pair"},
    .begin = begin,
    .add = add,
    .finish = finish,
    .release = release,
};
