/* SPDX-License-Identifier: MIT */
/*
 * metric_r2.c: R2 of every map: one minus residual over variance for each coordinate,
 * uniform mean over coordinates, as scikit-learn's r2_score has it (a coordinate that does
 * not vary counts 1 when it is met exactly and 0 otherwise).
 *
 * Residuals are summed as they are, (h_j - W h_i)^2 a coordinate, so nothing cancels; cost
 * 2 d^2 flops a row and pair, memory d a pair.
 *
 * What concerns the last tap is kept by groups of texts, for the intervals of that column
 * (jackknife.h): drawing texts again would take a thousand times the memory.
 */
#include <math.h>
#include <string.h>

#include "eval/jackknife.h"
#include "eval/run.h"

enum { TILE = 64, GROUPS = JC_JACKKNIFE_GROUPS };

struct r2 {
    bool begun;
    float *shift; /* [taps, d]: the first row, so that the squares below stay small */
    double *sum, *square; /* [taps, d] of h less the shift */
    double *residual;     /* [n_methods, taps, taps, d]: of pair (i, j), i < j */
    /* by group of texts; to the last tap, whose rows above are filled from here */
    double rows[GROUPS];
    double *group_sum, *group_square; /* [GROUPS, d] */
    double *group_residual;           /* [n_methods, taps, GROUPS, d] */
    double *room;                     /* [3, d] */
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
        jc_free(s->group_sum);
        jc_free(s->group_square);
        jc_free(s->group_residual);
        jc_free(s->room);
    }
    jc_free(s);
}

static jc_status begin(void **state, const jc_eval_run *run, jc_error *err)
{
    struct r2 *s = jc_alloc_array(1, sizeof *s);

    *state = s;
    if (!s)
        return jc_fail_nomem(err, "R2");
    size_t d = run->width, series = run->n_methods * run->taps;
    s->shift = jc_matrix_new(run->taps, d, sizeof *s->shift);
    s->sum = jc_matrix_new(run->taps, d, sizeof *s->sum);
    s->square = jc_matrix_new(run->taps, d, sizeof *s->square);
    s->residual = jc_matrix_new(series * run->taps, d, sizeof *s->residual);
    s->group_sum = jc_matrix_new(GROUPS, d, sizeof *s->group_sum);
    s->group_square = jc_matrix_new(GROUPS, d, sizeof *s->group_square);
    s->group_residual = jc_matrix_new(series * GROUPS, d, sizeof *s->group_residual);
    s->room = jc_matrix_new(3, d, sizeof *s->room);
    return s->shift && s->sum && s->square && s->residual && s->group_sum &&
                   s->group_square && s->group_residual && s->room
               ? JC_OK
               : jc_fail_nomem(err, "R2");
}

/* The group of texts that a row belongs to. */
static size_t group_of(const jc_eval_batch *batch, size_t row)
{
    return (size_t)((batch->first_text + batch->owners[row]) % GROUPS);
}

static jc_status add_variance(void *arg, size_t tap, jc_error *err)
{
    const struct job *job = arg;
    struct r2 *s = job->r2;
    size_t d = job->run->width;
    const float *shift = s->shift + tap * d;
    bool last = tap == job->run->taps - 1;

    (void)err;
    for (size_t r = 0; r < job->batch->rows; r++) {
        const float *h = job->batch->states[tap] + r * d;
        size_t g = group_of(job->batch, r);
        double *sum = last ? s->group_sum + g * d : s->sum + tap * d;
        double *square = last ? s->group_square + g * d : s->square + tap * d;
        for (size_t c = 0; c < d; c++) {
            double x = (double)h[c] - (double)shift[c];
            sum[c] += x;
            square[c] += x * x;
        }
    }
    return JC_OK;
}

/* Pairs are divided among the ranks of a team. */
static bool is_mine(const jc_eval_run *run, size_t method, uint32_t i, uint32_t j)
{
    return !run->team || (method + i + j) % run->team->ranks == run->team->rank;
}

static jc_status add_residual(void *arg, size_t task, jc_error *err)
{
    const struct job *job = arg;
    const jc_eval_run *run = job->run;
    size_t d = run->width, method = task / run->taps / run->taps;
    uint32_t i = (uint32_t)(task / run->taps % run->taps), j = (uint32_t)(task % run->taps);
    double *groups = job->r2->group_residual + (method * run->taps + i) * GROUPS * d;
    bool last = j == run->taps - 1;

    if (i >= j || !jc_packed_has(&run->methods[method], i, j) ||
        !is_mine(run, method, i, j))
        return JC_OK;
    float *buffer = jc_matrix_new(TILE, d, sizeof *buffer);
    jc_status st = buffer ? JC_OK : jc_fail_nomem(err, "R2");
    for (size_t row = 0; row < job->batch->rows && st == JC_OK; row += TILE) {
        size_t n = job->batch->rows - row < TILE ? job->batch->rows - row : TILE;
        const float *want = job->batch->states[j] + row * d, *got;
        st = jc_packed_map(&run->methods[method], i, j, job->batch->states[i] + row * d, n,
                           buffer, &got, err);
        for (size_t r = 0; r < n && st == JC_OK; r++) {
            double *residual = last ? groups + group_of(job->batch, row + r) * d
                                    : job->r2->residual + task * d;
            for (size_t c = 0; c < d; c++) {
                double x = (double)want[r * d + c] - (double)got[r * d + c];
                residual[c] += x * x;
            }
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
    for (size_t r = 0; r < batch->rows; r++)
        s->rows[group_of(batch, r)]++;
    jc_status st = jc_parallel(run->taps, add_variance, &job, err);
    return st ? st
              : jc_parallel(run->n_methods * run->taps * run->taps, add_residual, &job,
                            err);
}

/* Of one map, each of the arrays [d]: residuals, and the sums of the states over rows. */
static double r2_mean(size_t d, const double *residual, const double *sum,
                      const double *square, double rows)
{
    double total = 0;

    for (size_t c = 0; c < d; c++) {
        double variance = fmax(square[c] - sum[c] * sum[c] / rows, 0);
        if (variance > 0)
            total += 1 - residual[c] / variance;
        else
            total += residual[c] > 0 ? 0 : 1;
    }
    return total / (double)d;
}

static double all_rows(const struct r2 *s)
{
    double rows = 0;

    for (size_t g = 0; g < GROUPS; g++)
        rows += s->rows[g];
    return rows;
}

/* sum [d] += the groups [GROUPS, d]. */
static void add_groups(size_t d, const double *groups, double *sum)
{
    for (size_t g = 0; g < GROUPS; g++)
        for (size_t c = 0; c < d; c++)
            sum[c] += groups[g * d + c];
}

static void join_groups(struct r2 *s, const jc_eval_run *run)
{
    size_t d = run->width, taps = run->taps;

    add_groups(d, s->group_sum, s->sum + (taps - 1) * d);
    add_groups(d, s->group_square, s->square + (taps - 1) * d);
    for (size_t from = 0; from < run->n_methods * taps; from++)
        add_groups(d, s->group_residual + from * GROUPS * d,
                   s->residual + (from * taps + taps - 1) * d);
}

/* A pair is one rank's, and zero, whose bits are zeros, with the others: the sum of the
 * bits as whole numbers is that rank's. */
static jc_status give(const jc_team *team, double *x, size_t n, jc_error *err)
{
    return team->sum(team->arg, (int64_t *)(void *)x, n, err);
}

static jc_status unite(void *state, const jc_eval_run *run, jc_error *err)
{
    struct r2 *s = state;
    size_t d = run->width, series = run->n_methods * run->taps;
    jc_status st = give(run->team, s->residual, series * run->taps * d, err);

    return st ? st : give(run->team, s->group_residual, series * GROUPS * d, err);
}

static double r2_of(const struct r2 *s, const jc_eval_run *run, size_t method, uint32_t i,
                    uint32_t j)
{
    size_t d = run->width;

    return i == j ? 1
                  : r2_mean(d, s->residual + ((method * run->taps + i) * run->taps + j) * d,
                            s->sum + j * d, s->square + j * d, all_rows(s));
}

/* R2 from tap i to the last one without the texts of a group. */
static double r2_without(const struct r2 *s, const jc_eval_run *run, size_t method,
                         uint32_t i, size_t group)
{
    size_t d = run->width, last = run->taps - 1, from = method * run->taps + i;
    double *residual = s->room, *sum = s->room + d, *square = s->room + 2 * d;

    for (size_t c = 0; c < d; c++) {
        residual[c] = s->residual[(from * run->taps + last) * d + c] -
                      s->group_residual[(from * GROUPS + group) * d + c];
        sum[c] = s->sum[last * d + c] - s->group_sum[group * d + c];
        square[c] = s->square[last * d + c] - s->group_square[group * d + c];
    }
    return r2_mean(d, residual, sum, square, all_rows(s) - s->rows[group]);
}

static double half_interval(const struct r2 *s, const jc_eval_run *run, size_t method,
                            uint32_t i)
{
    double without[GROUPS];
    size_t n = 0;

    for (size_t g = 0; g < GROUPS; g++)
        if (s->rows[g] > 0)
            without[n++] = i == run->taps - 1 ? 1 : r2_without(s, run, method, i, g);
    return jc_jackknife_half(without, n);
}

static void fill(jc_r2_figures *f, const struct r2 *s, const jc_eval_run *run,
                 size_t method)
{
    uint32_t taps = run->taps;
    double *table = f->table + method * taps * taps;

    for (uint32_t i = 0; i < taps; i++) {
        for (uint32_t j = 0; j < taps; j++)
            table[i * taps + j] = i <= j && jc_packed_has(&run->methods[method], i, j)
                                      ? r2_of(s, run, method, i, j)
                                      : (double)NAN;
        double r2 = r2_of(s, run, method, i, taps - 1);
        double half = half_interval(s, run, method, i);
        f->last[method * taps + i] = (jc_estimate){r2, r2 - half, r2 + half};
    }
}

static jc_status finish(void *state, const jc_eval_run *run, jc_section *section,
                        jc_error *err)
{
    size_t taps = run->taps;
    jc_r2_figures *f = jc_section_room(section, 1, sizeof *f);

    if (!f)
        return jc_fail_nomem(err, "R2");
    f->table = jc_section_room(section, run->n_methods * taps * taps, sizeof *f->table);
    f->last = jc_section_room(section, run->n_methods * taps, sizeof *f->last);
    if (!f->table || !f->last)
        return jc_fail_nomem(err, "R2");
    join_groups(state, run);
    for (size_t m = 0; m < run->n_methods; m++)
        fill(f, state, run, m);
    section->figures = f;
    return JC_OK;
}

static void write(const jc_section *section, jc_json *json, json_t *root)
{
    const jc_r2_figures *f = section->figures;
    size_t taps = section->taps;
    json_t *tables = jc_put_object(json, root, "r2");
    json_t *lasts = jc_put_object(json, root, "r2_last");

    for (size_t m = 0; m < section->n_methods; m++) {
        json_t *table = jc_put_list(json, tables, section->methods[m]);
        json_t *last = jc_put_list(json, lasts, section->methods[m]);
        for (size_t i = 0; i < taps; i++) {
            json_t *row = jc_put_list(json, table, NULL);
            json_t *one = jc_put_object(json, last, NULL);
            for (size_t j = 0; j < taps; j++)
                jc_put_number(json, row, NULL, f->table[(m * taps + i) * taps + j]);
            jc_put_count(json, one, "layer", i);
            jc_put_estimate(json, one, "r2", "r2_ci", f->last[m * taps + i]);
        }
    }
}

const jc_metric jc_metric_r2 = {
    .info = {"r2", "share of the variance of layer j that a map from layer i explains, for "
                   "every pair"},
    .begin = begin,
    .add = add,
    .unite = unite,
    .finish = finish,
    .write = write,
    .release = release,
};
