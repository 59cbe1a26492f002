/* SPDX-License-Identifier: MIT */
#include "eval/tally.h"

#include <string.h>

#include "eval/bootstrap.h"
#include "eval/json.h"

/* What is summed up of each row: hits among the full model's k best, or a number. */
static const struct {
    const char *name, *interval;
    uint32_t k;    /* 0: the number */
    size_t offset; /* of it in jc_score, a float */
} scores_of[] = {{"p1", "p1_ci", 1, 0},
                 {"p5", "p5_ci", 5, 0},
                 {"p10", "p10_ci", 10, 0},
                 {"surprisal", "surprisal_ci", 0, offsetof(jc_score, surprisal)},
                 {"kl", "kl_ci", 0, offsetof(jc_score, kl)}};

enum { SCORES = JC_COUNT(scores_of), ROWS = 0 /* the sum that counts rows */ };

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

static double number_of(const jc_score *score, size_t offset)
{
    float number;

    memcpy(&number, (const char *)score + offset, sizeof number);
    return (double)number;
}

/* The rows of one text in one series. */
static void add_rows(double sums[SCORES], const jc_score *scores, size_t n)
{
    for (size_t r = 0; r < n; r++)
        for (size_t s = 0; s < SCORES; s++)
            sums[s] += scores_of[s].k ? scores[r].rank < scores_of[s].k
                                      : number_of(&scores[r], scores_of[s].offset);
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

bool jc_tally_write(const jc_tally *tally, size_t series, json_t *object)
{
    bool written = true;

    for (size_t s = 0; s < SCORES; s++) {
        const jc_ratio mean = {sum_of(series, s), ROWS};
        written &= jc_json_statistic(object, scores_of[s].name, scores_of[s].interval,
                                     tally->bootstrap, jc_statistic_ratio, &mean);
    }
    return written;
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

bool jc_tally_write_mean(const jc_tally *tally, size_t first, size_t n, json_t *object)
{
    const struct range range = {first, n};

    return jc_json_statistic(object, "p1", "p1_ci", tally->bootstrap, mean_precision,
                             &range);
}

json_t *jc_tally_layers(const jc_tally *tally, size_t first, uint32_t taps)
{
    json_t *list = json_array();

    for (uint32_t l = 0; l < taps; l++) {
        json_t *entry = json_pack("{s:I}", "layer", (json_int_t)l);
        bool written = jc_tally_write(tally, first + l, entry);
        if (json_array_append_new(list, entry) != 0 || !written) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}
