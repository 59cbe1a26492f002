/* SPDX-License-Identifier: MIT */
/*
 * bootstrap.c: weighted sums as products of matrices: TEXTS texts are kept, [n_sums, TEXTS]
 * by [TEXTS, replicates], and added at once. The cut is by a text's number, so it is the
 * same for any batch.
 */
#include "eval/bootstrap.h"

#include <math.h>
#include <stdlib.h>

#include "kernels/kernels.h"
#include "kernels/linalg.h"

enum {
    TEXTS = 32,
    TILE = 16,       /* sums that a task adds up */
    MOST_WEIGHT = 13 /* more has a probability below 2^-32 */
};

struct jc_bootstrap {
    size_t n_sums, columns; /* 1 + replicates; the first is of the texts themselves */
    uint64_t seed, texts;
    double *sums;    /* [n_sums, columns] */
    double *pending; /* [n_sums, TEXTS], of which [n_sums, waiting] is filled at the end */
    double *weights; /* [TEXTS, columns] */
    double *product; /* [n_sums, columns] */
    double *values;  /* [columns]: a figure in the replicates */
    size_t waiting;  /* texts that are kept */
};

void jc_bootstrap_free(jc_bootstrap *b)
{
    if (b) {
        jc_free(b->sums);
        jc_free(b->pending);
        jc_free(b->weights);
        jc_free(b->product);
        jc_free(b->values);
    }
    jc_free(b);
}

jc_status jc_bootstrap_new(jc_bootstrap **out, size_t n_sums, uint32_t replicates,
                           uint64_t seed, jc_error *err)
{
    jc_bootstrap *b = jc_alloc_array(1, sizeof *b);

    *out = NULL;
    if (!b)
        return jc_fail_nomem(err, "intervals");
    b->n_sums = n_sums;
    b->columns = (size_t)replicates + 1;
    b->seed = seed;
    b->sums = jc_matrix_new(n_sums, b->columns, sizeof *b->sums);
    b->pending = jc_matrix_new(n_sums, TEXTS, sizeof *b->pending);
    b->weights = jc_matrix_new(TEXTS, b->columns, sizeof *b->weights);
    b->product = jc_matrix_new(n_sums, b->columns, sizeof *b->product);
    b->values = jc_matrix_new(1, b->columns, sizeof *b->values);
    if (!b->sums || !b->pending || !b->weights || !b->product || !b->values) {
        jc_bootstrap_free(b);
        return jc_fail_nomem(err, "intervals");
    }
    *out = b;
    return JC_OK;
}

/* Poisson of mean 1 by inversion, of 32 random bits: the weight of u is how many of
 * bound[] are not above it. first[] has that of the least u with the same upper eight bits,
 * which is mostly the weight itself. */
struct poisson {
    uint64_t bound[MOST_WEIGHT];
    uint8_t first[256];
};

static struct poisson poisson_table(void)
{
    struct poisson table;
    double p = 0.36787944117144233, total = p; /* 1 / e */

    for (unsigned k = 0; k < MOST_WEIGHT; k++) {
        table.bound[k] = (uint64_t)(total * 0x1p32);
        p /= k + 1;
        total += p;
    }
    for (uint64_t high = 0, w = 0; high < 256; high++) {
        while (w < MOST_WEIGHT && high << 24 >= table.bound[w])
            w++;
        table.first[high] = (uint8_t)w;
    }
    return table;
}

static double weight_of(const struct poisson *table, uint32_t u)
{
    unsigned w = table->first[u >> 24];

    while (w < MOST_WEIGHT && u >= table->bound[w])
        w++;
    return w;
}

void jc_bootstrap_weights(uint64_t seed, uint64_t number, size_t n, double *weights)
{
    const struct poisson table = poisson_table();
    /* the texts themselves may have been drawn with the streams of the plain seed */
    jc_rng rng = jc_rng_at(seed ^ 0x626f6f7473747261u, number);

    for (size_t i = 0; i < n; i += 2) {
        uint64_t bits = jc_rng_next(&rng);
        weights[i] = weight_of(&table, (uint32_t)bits);
        if (i + 1 < n)
            weights[i + 1] = weight_of(&table, (uint32_t)(bits >> 32));
    }
}

/* A tile of sums, over the texts that are kept. */
static jc_status add_tile(void *arg, size_t task, jc_error *err)
{
    jc_bootstrap *b = arg;
    size_t first = task * TILE, left = b->n_sums - first, n = left < TILE ? left : TILE;
    double *product = b->product + first * b->columns;
    double *sums = b->sums + first * b->columns;

    (void)err;
    jc_dgemm(false, false, n, b->columns, b->waiting, b->pending + first * b->waiting,
             b->weights, product);
    for (size_t i = 0; i < n * b->columns; i++)
        sums[i] += product[i];
    return JC_OK;
}

static jc_status add_pending(jc_bootstrap *b, jc_error *err)
{
    size_t tiles = (b->n_sums + TILE - 1) / TILE;
    jc_status st = b->waiting ? jc_parallel(tiles, add_tile, b, err) : JC_OK;

    b->waiting = 0;
    return st;
}

jc_status jc_bootstrap_add(jc_bootstrap *b, const double *sums, jc_error *err)
{
    double *weights = b->weights + b->waiting * b->columns;

    weights[0] = 1;
    jc_bootstrap_weights(b->seed, b->texts, b->columns - 1, weights + 1);
    for (size_t i = 0; i < b->n_sums; i++)
        b->pending[i * TEXTS + b->waiting] = sums[i];
    b->texts++;
    b->waiting++;
    return b->waiting == TEXTS ? add_pending(b, err) : JC_OK;
}

jc_status jc_bootstrap_end(jc_bootstrap *b, jc_error *err)
{
    for (size_t i = 0; i < b->n_sums; i++) /* in place: no row moves up */
        for (size_t t = 0; t < b->waiting; t++)
            b->pending[i * b->waiting + t] = b->pending[i * TEXTS + t];
    return add_pending(b, err);
}

double jc_bootstrap_sum(const jc_bootstrap *b, size_t i, size_t replicate)
{
    return b->sums[i * b->columns + replicate];
}

double jc_statistic_ratio(const jc_bootstrap *b, size_t replicate, const void *arg)
{
    const jc_ratio *ratio = arg;

    return jc_bootstrap_sum(b, ratio->of, replicate) /
           jc_bootstrap_sum(b, ratio->over, replicate);
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

/* Of n sorted values, on a line between neighbours. */
static double percentile(const double *values, size_t n, double share)
{
    double at = share * (double)(n - 1);
    size_t below = (size_t)at;
    double part = at - (double)below;

    return below + 1 < n ? (1 - part) * values[below] + part * values[below + 1]
                         : values[below];
}

jc_estimate jc_bootstrap_estimate(jc_bootstrap *b, jc_statistic *statistic, const void *arg)
{
    jc_estimate x = {statistic(b, 0, arg), (double)NAN, (double)NAN};
    size_t n = 0;

    if (b->texts < 2 || !isfinite(x.value))
        return x;
    for (size_t r = 1; r < b->columns; r++) {
        double value = statistic(b, r, arg);
        if (isfinite(value))
            b->values[n++] = value;
    }
    if (n == 0)
        return x;
    qsort(b->values, n, sizeof *b->values, ascending);
    x.low = percentile(b->values, n, 0.025);
    x.high = percentile(b->values, n, 0.975);
    return x;
}
