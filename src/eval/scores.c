/* SPDX-License-Identifier: MIT */
/*
 * scores.c: read every row out from every tap, and keep four numbers of each read-out.
 *
 * Logits are far too many to keep: V a row, tap and method. Rows go through in groups whose
 * full logits fit into GROUP_BYTES. A task takes a tile of a group and up to SERIES taps
 * and methods, and goes through the vocabulary some tokens at a time: the logits of its
 * mapped states there are made, summed up and compared with the full ones, and dropped. So
 * each part of the unembedding, which for quantised models is dequantised anew, serves up
 * to TILE * SERIES rows, and beside the full logits no row of V numbers is ever in memory.
 * Cost: 2 d V flops a read-out, which is what there is to pay.
 */
#include <math.h>
#include <string.h>

#include "eval/run.h"
#include "kernels/vector.h"
#include "model/reading.h"

enum { TILE = 64, SERIES = 16, GROUP_BYTES = 64 << 20, LOGITS = 128 << 10 };

struct job {
    const jc_eval_run *run;
    const float *last;          /* [rows, d]: the last layer's states */
    const float *const *states; /* [taps]: series are methods by taps; or NULL, and */
    const float *ends;          /* [series, rows, d] */
    size_t taps;                /* series of a method that are read out; the next is own */
    size_t series, together;    /* of all that are read out; together: of a task */
    jc_score *scores;
    size_t rows, first, n; /* of all; the group's first row and count */
    size_t tiles;          /* in the group */
    float *full;           /* [n, vocab]: logits */
    float *max;            /* [n]: the largest */
    double *sum;           /* [n]: of e^(full - max) */
    double *entropy;       /* [n]: - sum p ln p */
    float *gap;            /* [n]: of the two largest probabilities */
};

/* Where the scores of the series-th that is read out go. */
static jc_score *scores_of(const struct job *job, size_t series)
{
    size_t taps = job->states ? job->run->taps : job->taps;

    return job->scores + (series / job->taps * taps + series % job->taps) * job->rows;
}

/* What a method reads from the last layer is the model's own answer. */
static void score_own(const struct job *job, size_t r)
{
    size_t taps = job->run->taps;

    for (size_t m = 0; job->states && m < job->run->n_methods; m++)
        job->scores[(m * taps + taps - 1) * job->rows + job->first + r] = (jc_score){
            .gap = job->gap[r],
            .surprisal = (float)log(job->sum[r]), /* the largest logit is at 0 */
        };
}

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
        const jc_top top = vector->top(vocab, z);
        jc_row_sums sums = vector->row_sums(vocab, z, top.first, NULL, 0);
        double second = exp((double)top.second - (double)top.first);
        job->max[first + r] = top.first;
        job->gap[first + r] = (float)((1 - second) / sums.exp);
        job->sum[first + r] = sums.exp;
        job->entropy[first + r] = log(sums.exp) - sums.exp_z / sums.exp;
        score_own(job, first + r);
    }
    return st;
}

/* ---- a task ---- */

/* What is known of a row's read-out z after some tokens. */
typedef struct seen {
    jc_top top;
    double sum; /* of e^(z - top) */
    double p;   /* of the full model's probabilities */
    double p_z; /* of those times (z - top) */
} seen;

struct task {
    const struct job *job;
    size_t tile, n; /* rows of the tile */
    size_t series, n_series;
    float *states;        /* [n_series, n, d]: they stand for the last layer's */
    seen *seen;           /* [n_series, n] */
    float *logits;        /* [at_once, step] */
    size_t step, at_once; /* tokens, rows */
    float *p;             /* [n, step]: the full model's probabilities of the tokens */
    double p_sum[TILE];
};

static void task_release(struct task *t)
{
    jc_free(t->states);
    jc_free(t->seen);
    jc_free(t->logits);
    jc_free(t->p);
}

/* What stands for the last layer's states in the rows of the k-th series. */
static jc_status end_states(const struct task *t, size_t k, jc_error *err)
{
    const struct job *job = t->job;
    const jc_eval_run *run = job->run;
    size_t d = run->width, series = t->series + k, method = series / job->taps;
    size_t row = job->first + t->tile * TILE;
    uint32_t tap = (uint32_t)(series % job->taps);
    float *to = t->states + k * t->n * d;
    const float *h;

    if (!job->states) {
        memcpy(to, job->ends + (series * job->rows + row) * d, t->n * d * sizeof *to);
        return JC_OK;
    }
    jc_status st = jc_packed_map(&run->methods[method], tap, run->taps - 1,
                                 job->states[tap] + row * d, t->n, to, &h, err);
    if (st == JC_OK && h != to)
        memcpy(to, h, t->n * d * sizeof *to);
    return st;
}

/* The logits z [n] of the tokens from `first` on. */
static void add_tokens(seen *s, size_t first, size_t n, const float *z, const float *p,
                       double p_sum)
{
    const jc_vector *vector = jc_vector_get();
    const jc_top top = vector->top(n, z), had = s->top;

    if (top.first > had.first) {
        s->top.index = (uint32_t)first + top.index;
        s->top.first = top.first;
        s->top.second = had.first > top.second ? had.first : top.second;
        s->sum *= exp((double)had.first - (double)top.first);
        if (s->p > 0)
            s->p_z += s->p * ((double)had.first - (double)top.first);
    } else if (top.first > had.second) {
        s->top.second = top.first;
    }
    jc_row_sums sums = vector->row_sums(n, z, s->top.first, p, 0);
    s->sum += sums.exp;
    s->p_z += sums.p_z;
    s->p += p_sum;
}

/* The tokens from `first` on, of all rows. */
static jc_status read_tokens(struct task *t, jc_reading *reading, size_t first,
                             jc_error *err)
{
    const struct job *job = t->job;
    size_t vocab = job->run->info->vocab, rows = t->n_series * t->n;
    size_t n = vocab - first < t->step ? vocab - first : t->step;
    jc_status st = JC_OK;

    for (size_t r = 0; r < t->n; r++) {
        size_t at = t->tile * TILE + r;
        t->p_sum[r] = jc_vector_get()->exps(n, job->full + at * vocab + first, job->max[at],
                                            (float)(1 / job->sum[at]), t->p + r * t->step);
    }
    for (size_t row = 0, some; row < rows && st == JC_OK; row += some) {
        some = rows - row < t->at_once ? rows - row : t->at_once;
        st = jc_reading_logits(reading, row, some, first, t->logits, err);
        for (size_t i = 0; i < some && st == JC_OK; i++) {
            size_t r = (row + i) % t->n;
            add_tokens(&t->seen[row + i], first, n, t->logits + i * n, t->p + r * t->step,
                       t->p_sum[r]);
        }
    }
    return st;
}

static jc_score score_row(const struct job *job, const seen *s, size_t r)
{
    size_t vocab = job->run->info->vocab;
    const float *full = job->full + r * vocab, own = full[s->top.index];
    double gap = (1 - exp((double)s->top.second - (double)s->top.first)) / s->sum;
    double total = (double)job->max[r] + log(job->sum[r]);

    return (jc_score){
        .gap = (float)gap,
        .surprisal = (float)(total - (double)own),
        .kl = (float)fmax(log(s->sum) - s->p_z - job->entropy[r], 0),
        .rank = (uint32_t)jc_vector_get()->count_above(vocab, full, own),
    };
}

static jc_status run_task(struct task *t, jc_reading *reading, jc_error *err)
{
    const struct job *job = t->job;
    size_t vocab = job->run->info->vocab, rows = t->n_series * t->n;
    jc_status st = JC_OK;

    t->step = jc_reading_step(reading);
    t->at_once = LOGITS / t->step / TILE * TILE;
    t->at_once = t->at_once ? t->at_once : TILE;
    t->logits = jc_matrix_new(t->at_once, t->step, sizeof *t->logits);
    t->p = jc_matrix_new(t->n, t->step, sizeof *t->p);
    t->seen = jc_alloc_array(rows, sizeof *t->seen);
    if (!t->logits || !t->p || !t->seen)
        return jc_fail_nomem(err, "a read-out");
    for (size_t i = 0; i < rows; i++)
        t->seen[i].top = (jc_top){0, -INFINITY, -INFINITY};
    for (size_t first = 0; first < vocab && st == JC_OK; first += t->step)
        st = read_tokens(t, reading, first, err);
    for (size_t i = 0; i < rows && st == JC_OK; i++) {
        size_t r = t->tile * TILE + i % t->n;
        scores_of(job, t->series + i / t->n)[job->first + r] =
            score_row(job, &t->seen[i], r);
    }
    return st;
}

static jc_status score_task(void *arg, size_t i, jc_error *err)
{
    const struct job *job = arg;
    size_t tasks = (job->series + job->together - 1) / job->together;
    size_t series = i % tasks * job->together, left = job->series - series;
    struct task t = {.job = job,
                     .tile = i / tasks,
                     .n = tile_rows(job, i / tasks),
                     .series = series,
                     .n_series = left < job->together ? left : job->together};
    jc_reading *reading = NULL;

    t.states = jc_matrix_new(t.n_series * t.n, job->run->width, sizeof *t.states);
    jc_status st = t.states ? JC_OK : jc_fail_nomem(err, "a read-out");
    for (size_t k = 0; k < t.n_series && st == JC_OK; k++)
        st = end_states(&t, k, err);
    if (st == JC_OK)
        st = jc_reading_new(&reading, job->run->model, t.states, t.n_series * t.n, err);
    if (st == JC_OK)
        st = run_task(&t, reading, err);
    jc_reading_free(reading);
    task_release(&t);
    return st;
}

/* Series of a task: many, but there are tasks for all threads. */
static size_t choose_together(const struct job *job)
{
    size_t most = job->tiles * job->series / (3 * (size_t)jc_threads_max());

    return most < 1 ? 1 : most < SERIES ? most : SERIES;
}

static jc_status score_all(struct job *job, jc_error *err)
{
    size_t vocab = job->run->info->vocab, rows = job->rows;
    size_t tiles = GROUP_BYTES / (TILE * vocab * sizeof(float));
    size_t group = (tiles ? tiles : 1) * TILE;
    jc_status st = JC_OK;

    group = group < rows ? group : rows;
    job->full = jc_matrix_new(group, vocab, sizeof *job->full);
    job->max = jc_matrix_new(group, 1, sizeof *job->max);
    job->sum = jc_matrix_new(group, 1, sizeof *job->sum);
    job->entropy = jc_matrix_new(group, 1, sizeof *job->entropy);
    job->gap = jc_matrix_new(group, 1, sizeof *job->gap);
    if (!job->full || !job->max || !job->sum || !job->entropy || !job->gap)
        st = jc_fail_nomem(err, "read-outs");
    for (job->first = 0; job->first < rows && st == JC_OK; job->first += group) {
        job->n = rows - job->first < group ? rows - job->first : group;
        job->tiles = (job->n + TILE - 1) / TILE;
        job->together = choose_together(job);
        size_t tasks = (job->series + job->together - 1) / job->together;
        st = jc_parallel(job->tiles, full_tile, job, err);
        if (st == JC_OK)
            st = jc_parallel(job->tiles * tasks, score_task, job, err);
    }
    jc_free(job->full);
    jc_free(job->max);
    jc_free(job->sum);
    jc_free(job->entropy);
    jc_free(job->gap);
    return st;
}

jc_status jc_eval_scores(const jc_eval_run *run, const float *const *states, size_t rows,
                         jc_score *scores, jc_error *err)
{
    struct job job = {.run = run,
                      .last = states[run->taps - 1],
                      .states = states,
                      .taps = run->taps - 1,
                      .series = run->n_methods * (run->taps - 1),
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
                      .taps = n,
                      .series = n,
                      .scores = scores,
                      .rows = rows};

    return score_all(&job, err);
}
