/* SPDX-License-Identifier: MIT */
/*
 * score.c: R2 and precision@1 of maps to the last layer on held states.
 *
 * A task takes 256 rows of one tap, maps them in tiles of 64, adds up residuals, and reads
 * out the first tokens. Cost: L read-outs of 2 d V flops a vector, next to which the maps
 * (2 d^2) are little.
 */
#include <math.h>
#include <string.h>

#include "eval/bootstrap.h"
#include "eval/jackknife.h"
#include "kernels/kernels.h"
#include "kernels/vector.h"
#include "shortcut/packed.h"
#include "study/validation.h"

enum { TILE = 64 };

struct job {
    const jc_validation *v;
    const jc_packed *method;
    size_t tiles;
    double *residual; /* [L, tiles, groups, d]: sums of squares, by group of texts */
    uint32_t *hits;   /* [L, rows]: 1 where the first token is the model's own */
};

/* Tile `tile` of a tap: mapped [n, d], and its residuals. */
static jc_status map_tile(const struct job *job, uint32_t tap, size_t tile, size_t n,
                          float *mapped, jc_error *err)
{
    const jc_validation *v = job->v;
    uint32_t last = v->taps - 1;
    size_t d = v->width, first = tile * TILE;
    const float *want = v->states[last] + first * d, *got;
    double *residual = job->residual + (tap * job->tiles + tile) * v->groups * d;
    jc_status st = jc_packed_map(job->method, tap, last, v->states[tap] + first * d, n,
                                 mapped, &got, err);

    if (st)
        return st;
    if (got != mapped)
        memcpy(mapped, got, n * d * sizeof *mapped);
    for (size_t r = 0; r < n; r++) {
        double *sums = residual + jc_validation_group(v, first + r) * d;
        for (size_t c = 0; c < d; c++) {
            double x = (double)want[r * d + c] - (double)got[r * d + c];
            sums[c] += x * x;
        }
    }
    return JC_OK;
}

/* Some tiles of one tap, read out together. */
static jc_status score_rows(void *arg, size_t task, jc_error *err)
{
    const struct job *job = arg;
    const jc_validation *v = job->v;
    uint32_t last = v->taps - 1, tap = (uint32_t)(task % last), top[JC_VALIDATION_ROWS];
    size_t d = v->width, first = task / last * JC_VALIDATION_ROWS, left = v->rows - first;
    size_t n = left < JC_VALIDATION_ROWS ? left : JC_VALIDATION_ROWS;
    float *mapped = jc_matrix_new(n, d, sizeof *mapped);
    jc_status st = mapped ? JC_OK : jc_fail_nomem(err, "a read-out");

    for (size_t at = 0; at < n && st == JC_OK; at += TILE)
        st = map_tile(job, tap, (first + at) / TILE, n - at < TILE ? n - at : TILE,
                      mapped + at * d, err);
    if (st == JC_OK && jc_model_get_info(v->model)->has_head) {
        st = jc_validation_tops(v->model, mapped, n, top, err);
        for (size_t r = 0; r < n && st == JC_OK; r++)
            job->hits[tap * v->rows + first + r] = top[r] == v->top[first + r];
    }
    jc_free(mapped);
    return st;
}

/* Of one tap, over the texts that are not of group `without`. */
static double r2_of_tap(const struct job *job, uint32_t tap, size_t without)
{
    const jc_validation *v = job->v;
    size_t d = v->width, row = without == SIZE_MAX ? 0 : 1 + without;
    const double *sums = job->residual + tap * job->tiles * v->groups * d;
    double total = 0;

    for (size_t c = 0; c < d; c++) {
        double residual = 0, variance = v->variance[row * d + c];
        for (size_t g = 0; g < v->groups; g++)
            residual += g == without ? 0 : sums[g * d + c];
        if (variance > 0)
            total += 1 - residual / variance;
        else
            total += residual > 0 ? 0 : 1;
    }
    return total / (double)d;
}

static double mean_r2(const struct job *job, size_t without)
{
    uint32_t last = job->v->taps - 1;
    double sum = 0;

    for (uint32_t l = 0; l < last; l++)
        sum += r2_of_tap(job, l, without);
    return sum / last;
}

/* Add the sums of a tap's tiles up in those of the first one. */
static void add_tiles(const struct job *job)
{
    size_t n = job->v->groups * job->v->width;

    for (uint32_t l = 0; l + 1 < job->v->taps; l++) {
        double *sums = job->residual + l * job->tiles * n;
        for (size_t tile = 1; tile < job->tiles; tile++)
            for (size_t i = 0; i < n; i++)
                sums[i] += sums[tile * n + i];
    }
}

static void find_r2(const struct job *job, jc_fit_score *score)
{
    double without[JC_JACKKNIFE_GROUPS];

    add_tiles(job);
    for (size_t g = 0; g < job->v->groups; g++)
        without[g] = mean_r2(job, g);
    double r2 = mean_r2(job, SIZE_MAX);
    double half = jc_jackknife_half(without, job->v->groups);
    score->r2 = (jc_estimate){r2, r2 - half, r2 + half};
}

/* precision@1 over the rows and layers as a ratio of sums over texts. */
static jc_status find_precision(const struct job *job, jc_fit_score *score, jc_error *err)
{
    const jc_validation *v = job->v;
    const jc_ratio precision = {0, 1};
    double last = v->taps - 1;
    jc_bootstrap *draws;
    jc_status st = jc_bootstrap_new(&draws, 2, v->bootstrap, v->seed, err);

    for (size_t r = 0; r < v->rows && st == JC_OK;) {
        uint32_t text = v->owner[r];
        double sums[2] = {0, 0};
        for (; r < v->rows && v->owner[r] == text; r++) {
            for (uint32_t l = 0; l + 1 < v->taps; l++)
                sums[0] += job->hits[l * v->rows + r];
            sums[1] += last;
        }
        st = jc_bootstrap_add(draws, sums, err);
    }
    if (st == JC_OK)
        st = jc_bootstrap_end(draws, err);
    if (st == JC_OK) {
        score->p1 = jc_bootstrap_estimate(draws, jc_statistic_ratio, &precision);
    }
    jc_bootstrap_free(draws);
    return st;
}

jc_status jc_validation_score(const jc_validation *v, const jc_shortcut *maps,
                              jc_fit_score *score, jc_error *err)
{
    uint32_t last = v->taps - 1;
    struct job job = {.v = v, .tiles = (v->rows + TILE - 1) / TILE};
    jc_packed *methods;
    size_t n;
    jc_status st = jc_packed_new(&methods, &n, v->model, &maps, 1, JC_PACK_FINAL, err);

    if (st)
        return st;
    job.method = &methods[n - 1];
    job.residual =
        jc_matrix_new(last * job.tiles * v->groups, v->width, sizeof *job.residual);
    job.hits = jc_matrix_new(last, v->rows, sizeof *job.hits);
    size_t tasks = (v->rows + JC_VALIDATION_ROWS - 1) / JC_VALIDATION_ROWS;
    st = job.residual && job.hits ? jc_parallel(last * tasks, score_rows, &job, err)
                                  : jc_fail_nomem(err, "scores");
    score->p1 = (jc_estimate){(double)NAN, (double)NAN, (double)NAN};
    if (st == JC_OK && jc_model_get_info(v->model)->has_head)
        st = find_precision(&job, score, err);
    if (st == JC_OK)
        find_r2(&job, score);
    jc_free(job.residual);
    jc_free(job.hits);
    jc_packed_free(methods, n);
    return st;
}
