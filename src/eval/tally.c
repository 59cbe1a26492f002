/* SPDX-License-Identifier: MIT */
#include "eval/tally.h"

#include <string.h>

/* What is summed up of each row: hits among the full model's k best, and surprisal. */
enum { P1, P5, P10, SURPRISAL, KL, SCORES };

static const uint32_t best_of[SURPRISAL] = {[P1] = 1, [P5] = 5, [P10] = 10}; /* k */

enum { ROWS = 0 /* the sum that counts rows */ };

struct jc_tally {
    jc_bootstrap *bootstrap; /* rows, then [n_series, SCORES] */
    double *sums;            /* [1 + n_series * SCORES] of a text */
    size_t n_series;
};

/* Of a tally's sums. */
static size_t sum_of(size_t series, size_t score)
{
    return 1 + series * SCORES + score;
}

void jc_tally_free(jc_tally *tally)
{
    if (tally) {
        jc_bootstrap_free(tally->bootstrap);
        jc_free(tally->sums);
    }
    jc_free(tally);
}

jc_status jc_tally_new(jc_tally **out, size_t n_series, uint32_t replicates, uint64_t seed,
                       jc_error *err)
{
    jc_tally *tally = jc_alloc_array(1, sizeof *tally);
    size_t n_sums = sum_of(n_series, 0);

    *out = NULL;
    if (!tally)
        return jc_fail_nomem(err, "scores");
    tally->n_series = n_series;
    tally->sums = jc_alloc_array(n_sums, sizeof *tally->sums);
    jc_status st = tally->sums
                       ? jc_bootstrap_new(&tally->bootstrap, n_sums, replicates, seed, err)
                       : jc_fail_nomem(err, "scores");
    if (st) {
        jc_tally_free(tally);
        return st;
    }
    *out = tally;
    return JC_OK;
}

/* The rows of one text in one series. */
static void add_rows(double sums[SCORES], const jc_score *scores, size_t n)
{
    for (size_t r = 0; r < n; r++) {
        for (size_t k = P1; k < SURPRISAL; k++)
            sums[k] += scores[r].rank < best_of[k];
        sums[SURPRISAL] += (double)scores[r].surprisal;
        sums[KL] += (double)scores[r].kl;
    }
}

jc_status jc_tally_add(jc_tally *tally, const jc_score *scores, const uint32_t *owners,
                       size_t rows, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t first = 0, n; first < rows && st == JC_OK; first += n) {
        for (n = 1; first + n < rows && owners[first + n] == owners[first];)
            n++;
        memset(tally->sums, 0, sum_of(tally->n_series, 0) * sizeof *tally->sums);
        tally->sums[ROWS] = (double)n;
        for (size_t i = 0; i < tally->n_series; i++)
            add_rows(tally->sums + sum_of(i, 0), scores + i * rows + first, n);
        st = jc_bootstrap_add(tally->bootstrap, tally->sums, err);
    }
    return st;
}

jc_status jc_tally_end(jc_tally *tally, jc_error *err)
{
    return jc_bootstrap_end(tally->bootstrap, err);
}

static jc_estimate estimate(const jc_tally *tally, size_t series, size_t score)
{
    const jc_ratio mean = {sum_of(series, score), ROWS};

    return jc_bootstrap_estimate(tally->bootstrap, jc_statistic_ratio, &mean);
}

jc_scores jc_tally_scores(const jc_tally *tally, size_t series)
{
    return (jc_scores){
        .p1 = estimate(tally, series, P1),
        .p5 = estimate(tally, series, P5),
        .p10 = estimate(tally, series, P10),
        .surprisal = estimate(tally, series, SURPRISAL),
        .kl = estimate(tally, series, KL),
    };
}

struct range {
    size_t first, n; /* series */
};

static double mean_precision(const jc_bootstrap *b, size_t replicate, const void *arg)
{
    const struct range *range = arg;
    double total = 0;

    for (size_t i = 0; i < range->n; i++)
        total += jc_bootstrap_sum(b, sum_of(range->first + i, 0), replicate);
    return total / jc_bootstrap_sum(b, ROWS, replicate) / (double)range->n;
}

jc_estimate jc_tally_mean(const jc_tally *tally, size_t first, size_t n)
{
    const struct range range = {first, n};

    return jc_bootstrap_estimate(tally->bootstrap, mean_precision, &range);
}
