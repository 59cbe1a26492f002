/* SPDX-License-Identifier: MIT */
/*
 * scores.c: read every row out from every tap, and keep four numbers of each read-out.
 *
 * Logits are far too many to keep: V a row, tap and method. Rows go through in groups whose
 * full logits and probabilities fit into GROUP_BYTES; for each tile of a group, each tap
 * and each method one task makes the logits of the mapped states, compares them with the
 * full ones, and drops them. Cost: 2 d V flops a read-out, which is what there is to pay.
 */
#include <math.h>
#include <string.h>

#include "eval/run.h"
#include "kernels/vector.h"

enum { TILE = 64, GROUP_BYTES = 64 << 20 };

struct job {
    const jc_eval_run *run;
    const float *last;          /* [rows, d]: the last layer's states */
    const float *const *states; /* [taps]: series are methods by taps; or NULL, and */
    const float *ends;          /* [series, rows, d] */
    size_t series;
    jc_score *scores;
    size_t rows, first, n; /* of all; the group's first row and count */
    size_t tiles;          /* in the group */
    float *full, *p;       /* [n, vocab]: logits, and their softmax */
    double *total;         /* [n]: ln of the sum of e^full */
    double *entropy;       /* [n]: - sum p ln p */
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
    size_t first = tile * TILE;
    const float *h = job->last + (job->first + first) * d;
    float *logits = job->full + first * vocab;
    jc_status st = jc_model_readout(job->run->model, h, n, logits, err);

    for (size_t r = 0; r < n && st == JC_OK; r++) {
        const float *z = logits + r * vocab;
        if (!vector->finite(vocab, z))
            return jc_fail(err, JC_E_NUMERIC, "a logit of '%s' is not a finite number",
                           job->run->info->path);
        float max = vector->top(vocab, z).first, *p = job->p + (first + r) * vocab;
        jc_row_sums sums = vector->row_sums(vocab, z, max, NULL, 0);
        job->total[first + r] = (double)max + log(sums.exp);
        job->entropy[first + r] = log(sums.exp) - sums.exp_z / sums.exp;
        memcpy(p, z, vocab * sizeof *p);
        vector->softmax(vocab, p);
    }
    return st;
}

/* Of row r of the group, read out as z. */
static jc_score score_row(const struct job *job, const float *z, size_t r)
{
    const jc_vector *vector = jc_vector_get();
    size_t vocab = job->run->info->vocab;
    const float *full = job->full + r * vocab;
    jc_top top = vector->top(vocab, z);
    jc_row_sums sums = vector->row_sums(vocab, z, top.first, job->p + r * vocab, 0);
    double gap = (1 - exp((double)top.second - (double)top.first)) / sums.exp;

    return (jc_score){
        .gap = (float)gap,
        .surprisal = (float)(job->total[r] - (double)full[top.index]),
        .kl = (float)fmax(log(sums.exp) - sums.p_z - job->entropy[r], 0),
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
        scores[r] = score_row(job, logits + r * vocab, tile * TILE + r);
    jc_free(mapped);
    jc_free(logits);
    return st;
}

static jc_status score_all(struct job *job, jc_error *err)
{
    size_t vocab = job->run->info->vocab, rows = job->rows;
    size_t tiles = GROUP_BYTES / (2 * TILE * vocab * sizeof(float));
    size_t group = (tiles ? tiles : 1) * TILE;
    jc_status st = JC_OK;

    group = group < rows ? group : rows;
    job->full = jc_matrix_new(group, vocab, sizeof *job->full);
    job->p = jc_matrix_new(group, vocab, sizeof *job->p);
    job->total = jc_matrix_new(group, 1, sizeof *job->total);
    job->entropy = jc_matrix_new(group, 1, sizeof *job->entropy);
    if (!job->full || !job->p || !job->total || !job->entropy)
        st = jc_fail_nomem(err, "read-outs");
    for (job->first = 0; job->first < rows && st == JC_OK; job->first += group) {
        job->n = rows - job->first < group ? rows - job->first : group;
        job->tiles = (job->n + TILE - 1) / TILE;
        st = jc_parallel(job->tiles, full_tile, job, err);
        if (st == JC_OK)
            st = jc_parallel(job->tiles * job->series, score_tile, job, err);
    }
    jc_free(job->full);
    jc_free(job->p);
    jc_free(job->total);
    jc_free(job->entropy);
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
