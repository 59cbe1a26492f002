/* SPDX-License-Identifier: MIT */
/*
 * scores.c: read every row out from every tap, and keep three numbers of each read-out.
 *
 * Logits are far too many to keep: V a row, tap and method. Rows go through in groups whose
 * full logits fit into GROUP_BYTES; for each tile of a group, each tap and each method one
 * task makes the logits of the mapped states, compares them with the full ones, and drops
 * them. Cost: 2 d V flops a read-out, which is what there is to pay.
 */
#include <math.h>

#include "eval/run.h"
#include "kernels/vector.h"

enum { TILE = 64, GROUP_BYTES = 32 << 20 };

struct job {
    const jc_eval_run *run;
    const float *last;          /* [rows, d]: the last layer's states */
    const float *const *states; /* [taps]: series are methods by taps; or NULL, and */
    const float *ends;          /* [series, rows, d] */
    size_t series;
    jc_score *scores;
    size_t rows, first, n; /* of all; the group's first row and count */
    size_t tiles;          /* in the group */
    float *full;           /* [n, vocab] */
    double *total;         /* [n]: ln of the sum of e^full */
};

static size_t tile_rows(const struct job *job, size_t tile)
{
    size_t left = job->n - tile * TILE;

    return left < TILE ? left : TILE;
}

static jc_status full_tile(void *arg, size_t tile, jc_error *err)
{
    const struct job *job = arg;
    const jc_vector *vector = jc_vector_get();
    size_t vocab = job->run->info->vocab, d = job->run->width, n = tile_rows(job, tile);
    const float *h = job->last + (job->first + tile * TILE) * d;
    float *logits = job->full + tile * TILE * vocab;
    jc_status st = jc_model_readout(job->run->model, h, n, logits, err);

    for (size_t r = 0; r < n && st == JC_OK; r++) {
        const float *z = logits + r * vocab;
        if (!vector->finite(vocab, z))
            return jc_fail(err, JC_E_NUMERIC, "a logit of '%s' is not a finite number",
                           job->run->info->path);
        float max = vector->top(vocab, z).first;
        job->total[tile * TILE + r] = (double)max + log(vector->sum_exp(vocab, z, max));
    }
    return st;
}

static jc_score score_row(const float *z, const float *full, double total, size_t vocab)
{
    const jc_vector *vector = jc_vector_get();
    jc_top top = vector->top(vocab, z);
    double sum = vector->sum_exp(vocab, z, top.first);
    double gap = (1 - exp((double)top.second - (double)top.first)) / sum;

    return (jc_score){
        .gap = (float)gap,
        .surprisal = (float)(total - (double)full[top.index]),
        .rank = (uint32_t)vector->count_above(vocab, full, full[top.index]),
    };
}

/* *h [n, d]: what stands for the last layer's states in rows row .. row + n of a series. */
static jc_status end_states(const struct job *job, size_t series, size_t row, size_t n,
                            float *buffer, const float **h, jc_error *err)
{
    const jc_eval_run *run = job->run;
    size_t d = run->width, method = series / run->taps;
    uint32_t tap = (uint32_t)(series % run->taps);

    if (job->states)
        return jc_packed_map(&run->methods[method], tap, run->taps - 1,
                             job->states[tap] + row * d, n, buffer, h, err);
    *h = job->ends + (series * job->rows + row) * d;
    return JC_OK;
}

static jc_status score_tile(void *arg, size_t task, jc_error *err)
{
    const struct job *job = arg;
    const jc_eval_run *run = job->run;
    size_t vocab = run->info->vocab, d = run->width;
    size_t tile = task / job->series, series = task % job->series;
    size_t n = tile_rows(job, tile), row = job->first + tile * TILE;
    jc_score *scores = job->scores + series * job->rows + row;

    float *mapped = jc_matrix_new(n, d, sizeof *mapped);
    float *logits = jc_matrix_new(n, vocab, sizeof *logits);
    const float *h;
    jc_status st = mapped && logits ? JC_OK : jc_fail_nomem(err, "a read-out");
    if (st == JC_OK)
        st = end_states(job, series, row, n, mapped, &h, err);
    if (st == JC_OK)
        st = jc_model_readout(run->model, h, n, logits, err);
    for (size_t r = 0; r < n && st == JC_OK; r++)
        scores[r] = score_row(logits + r * vocab, job->full + (tile * TILE + r) * vocab,
                              job->total[tile * TILE + r], vocab);
    jc_free(mapped);
    jc_free(logits);
    return st;
}

static jc_status score_all(struct job *job, jc_error *err)
{
    size_t vocab = job->run->info->vocab, rows = job->rows;
    size_t tiles = GROUP_BYTES / (TILE * vocab * sizeof(float));
    size_t group = (tiles ? tiles : 1) * TILE;
    jc_status st = JC_OK;

    group = group < rows ? group : rows;
    job->full = jc_matrix_new(group, vocab, sizeof *job->full);
    job->total = jc_matrix_new(group, 1, sizeof *job->total);
    if (!job->full || !job->total)
        st = jc_fail_nomem(err, "read-outs");
    for (job->first = 0; job->first < rows && st == JC_OK; job->first += group) {
        job->n = rows - job->first < group ? rows - job->first : group;
        job->tiles = (job->n + TILE - 1) / TILE;
        st = jc_parallel(job->tiles, full_tile, job, err);
        if (st == JC_OK)
            st = jc_parallel(job->tiles * job->series, score_tile, job, err);
    }
    jc_free(job->full);
    jc_free(job->total);
    return st;
}

jc_status jc_eval_scores(const jc_eval_run *run, const float *const *states, size_t rows,
                         jc_score *scores, jc_error *err)
{
    struct job job = {.run = run,
                      .last = states[run->taps - 1],
                      .states = states,
                      .series = run->n_methods * run->taps,
                      .scores = scores,
                      .rows = rows};

    return score_all(&job, err);
}

jc_status jc_eval_score_states(const jc_eval_run *run, const float *last, const float *ends,
                               size_t n, size_t rows, jc_score *scores, jc_error *err)
{
    struct job job = {.run = run,
                      .last = last,
                      .ends = ends,
                      .series = n,
                      .scores = scores,
                      .rows = rows};

    return score_all(&job, err);
}
