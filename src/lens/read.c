/* SPDX-License-Identifier: MIT */
/*
 * read.c: the numbers of a lens.
 *
 * Columns go through in groups whose full distributions p fit into GROUP_BYTES; one task
 * reads out a tile of columns at one tap through one map, and keeps a few numbers of each
 * row of V logits z. With Z = sum e^(z - max) and q = e^(z - max) / Z,
 *
 *     entropy = ln Z - sum q (z - max)
 *     KL(p || q) = [ln Z - sum p (z - max)] - entropy of p
 *
 * so that p times a row of z is all that is added to a read-out's 2 d V flops. At the last
 * tap both brackets are computed alike, and KL is exactly 0.
 */
#include <math.h>
#include <string.h>

#include "kernels/vector.h"
#include "lens/lens.h"

enum { TILE = 128, GROUP_BYTES = 64 << 20, LANES = 8 };

struct job {
    jc_lens *lens;
    const float *const *states; /* [taps] */
    const jc_hooks *hooks;
    size_t first, n; /* columns of the group */
    size_t tiles;
    float *full;     /* [n, vocab]: p */
    double *entropy; /* [n]: of p */
};

/* sum p (z - max) */
static double expect(size_t n, const float *p, const float *z, float max)
{
    double sum[LANES] = {0}, total = 0;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            sum[k] += (double)p[i + k] * (double)(z[i + k] - max);
    for (; i < n; i++)
        total += (double)p[i] * (double)(z[i] - max);
    for (size_t k = 0; k < LANES; k++)
        total += sum[k];
    return total;
}

/* The k largest of z[n], best first, equal ones by their index. */
static void find_top(size_t n, const float *z, size_t k, uint32_t *top)
{
    size_t had = 0;

    for (size_t i = 0; i < n; i++) {
        if (had == k && z[i] <= z[top[k - 1]])
            continue;
        size_t at = had < k ? had++ : k - 1;
        for (; at > 0 && z[top[at - 1]] < z[i]; at--)
            top[at] = top[at - 1];
        top[at] = (uint32_t)i;
    }
}

/* Of one row of logits, all but its rank and KL; q [vocab] is its distribution. */
static double read_row(jc_lens *lens, size_t at, const float *z, float *q)
{
    size_t vocab = lens->info->vocab, k = lens->top;
    uint32_t *top = lens->guesses + at * k;

    find_top(vocab, z, k, top);
    float max = z[top[0]];
    double log_sum = log(jc_vector_get()->sum_exp(vocab, z, max));
    memcpy(q, z, vocab * sizeof *q);
    jc_vector_get()->softmax(vocab, q);
    for (size_t i = 0; i < k; i++)
        lens->p[at * k + i] = q[top[i]];
    lens->readings[at].entropy = log_sum - expect(vocab, q, z, max);
    return log_sum;
}

static size_t tile_rows(const struct job *job, size_t tile)
{
    size_t left = job->n - tile * TILE;

    return left < TILE ? left : TILE;
}

/* The model's own distributions: the last tap of every map. */
static jc_status full_tile(void *arg, size_t tile, jc_error *err)
{
    const struct job *job = arg;
    jc_lens *lens = job->lens;
    size_t vocab = lens->info->vocab, d = lens->info->width, n = tile_rows(job, tile);
    size_t first = job->first + tile * TILE, k = lens->top;
    float *logits = jc_matrix_new(n, vocab, sizeof *logits);

    if (!logits)
        return jc_fail_nomem(err, "a read-out");
    jc_status st = jc_model_readout(lens->model, job->states[lens->taps - 1] + first * d, n,
                                    logits, err);
    if (st == JC_OK && !jc_vector_get()->finite(n * vocab, logits))
        st = jc_fail(err, JC_E_NUMERIC, "a logit of '%s' is not a finite number",
                     lens->info->path);
    for (size_t r = 0; r < n && st == JC_OK; r++) {
        size_t row = tile * TILE + r;
        size_t at = jc_lens_index(lens, 0, lens->taps - 1, first + r);
        read_row(lens, at, logits + r * vocab, job->full + row * vocab);
        lens->readings[at].rank = 1;
        lens->answers[first + r] = lens->guesses[at * k];
        job->entropy[row] = lens->readings[at].entropy;
        for (size_t m = 1; m < lens->n_maps; m++) {
            size_t to = jc_lens_index(lens, m, lens->taps - 1, first + r);
            lens->readings[to] = lens->readings[at];
            memcpy(lens->guesses + to * k, lens->guesses + at * k,
                   k * sizeof *lens->guesses);
            memcpy(lens->p + to * k, lens->p + at * k, k * sizeof *lens->p);
        }
    }
    jc_free(logits);
    return st;
}

static void read_tile(const struct job *job, size_t map, uint32_t tap, size_t tile,
                      const float *logits, float *q)
{
    jc_lens *lens = job->lens;
    size_t vocab = lens->info->vocab;

    for (size_t r = 0; r < tile_rows(job, tile); r++) {
        size_t row = tile * TILE + r, column = job->first + row;
        size_t at = jc_lens_index(lens, map, tap, column);
        const float *z = logits + r * vocab, *full = job->full + row * vocab;
        jc_reading *reading = &lens->readings[at];
        uint32_t answer = lens->answers[column];
        double log_sum = read_row(lens, at, z, q);
        float max = z[lens->guesses[at * lens->top]];
        double kl = log_sum - expect(vocab, full, z, max) - job->entropy[row];
        reading->kl = kl > 0 ? kl : 0; /* rounding may leave less than nothing */
        reading->rank = 1 + (uint32_t)jc_vector_get()->count_above(vocab, z, z[answer]);
    }
}

static jc_status lens_tile(void *arg, size_t task, jc_error *err)
{
    const struct job *job = arg;
    const jc_lens *lens = job->lens;
    size_t vocab = lens->info->vocab, d = lens->info->width;
    uint32_t last = lens->taps - 1, tap = (uint32_t)(task % last);
    size_t tile = task / last % job->tiles, map = task / last / job->tiles;
    size_t n = tile_rows(job, tile);
    const float *h = job->states[tap] + (job->first + tile * TILE) * d;

    float *mapped = jc_matrix_new(n, d, sizeof *mapped);
    float *logits = jc_matrix_new(n + 1, vocab, sizeof *logits); /* and q of a row */
    jc_status st = mapped && logits ? JC_OK : jc_fail_nomem(err, "a read-out");
    if (st == JC_OK)
        st = jc_packed_map(&lens->methods[lens->chosen[map]], tap, last, h, n, mapped, &h,
                           err);
    if (st == JC_OK)
        st = jc_model_readout(lens->model, h, n, logits, err);
    if (st == JC_OK && !jc_vector_get()->finite(n * vocab, logits))
        st = jc_fail(err, JC_E_NUMERIC,
                     "a logit of '%s' at layer %u through '%s' is not a finite number",
                     lens->info->path, tap, lens->names[map]);
    if (st == JC_OK)
        read_tile(job, map, tap, tile, logits, logits + n * vocab);
    jc_free(mapped);
    jc_free(logits);
    return st;
}

static jc_status read_group(struct job *job, jc_error *err)
{
    const jc_lens *lens = job->lens;
    const jc_progress progress = {"reading layers", "positions", job->first, lens->columns};
    jc_status st = jc_report(job->hooks, &progress, err);

    job->tiles = (job->n + TILE - 1) / TILE;
    if (st == JC_OK)
        st = jc_parallel(job->tiles, full_tile, job, err);
    if (st == JC_OK)
        st = jc_parallel(lens->n_maps * job->tiles * (lens->taps - 1), lens_tile, job, err);
    return st;
}

jc_status jc_lens_read(jc_lens *lens, const float *const *states, const jc_hooks *hooks,
                       jc_error *err)
{
    size_t vocab = lens->info->vocab;
    size_t tiles = GROUP_BYTES / (TILE * vocab * sizeof(float));
    size_t group = (tiles ? tiles : 1) * TILE;
    struct job job = {.lens = lens, .states = states, .hooks = hooks};
    jc_status st = JC_OK;

    group = group < lens->columns ? group : lens->columns;
    job.full = jc_matrix_new(group, vocab, sizeof *job.full);
    job.entropy = jc_matrix_new(group, 1, sizeof *job.entropy);
    if (!job.full || !job.entropy)
        st = jc_fail_nomem(err, "read-outs");
    for (; job.first < lens->columns && st == JC_OK; job.first += group) {
        job.n = lens->columns - job.first < group ? lens->columns - job.first : group;
        st = read_group(&job, err);
    }
    jc_free(job.full);
    jc_free(job.entropy);
    return st;
}
