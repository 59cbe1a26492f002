/* SPDX-License-Identifier: MIT */
/*
 * Tolerances of what is random are five standard deviations of it, so that a right program
 * passes with any seed but one in a million.
 */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>

#include "eval/bootstrap.h"

static double normal(jc_rng *rng)
{
    double total = 0; /* of variance 1, and near enough to normal here */

    for (int i = 0; i < 12; i++)
        total += jc_rng_uniform(rng);
    return total - 6;
}

static jc_bootstrap *bootstrap_of(size_t n_sums, uint32_t replicates, uint64_t seed)
{
    jc_bootstrap *b;

    assert_int_equal(jc_bootstrap_new(&b, n_sums, replicates, seed, NULL), JC_OK);
    return b;
}

static void add(jc_bootstrap *b, const double *sums)
{
    assert_int_equal(jc_bootstrap_add(b, sums, NULL), JC_OK);
}

enum { TEXTS = 1000, REPLICATES = 1001, N = TEXTS * REPLICATES };

static double *many_weights(uint64_t seed)
{
    double *w = malloc(N * sizeof *w); /* [TEXTS, REPLICATES] */

    assert_non_null(w);
    for (size_t t = 0; t < TEXTS; t++)
        jc_bootstrap_weights(seed, t, REPLICATES, w + t * REPLICATES);
    return w;
}

/* Variance 1; the fourth moment about the mean is 4, so that of a square is 3. */
static void test_bootstrap__weights_are_poisson_of_mean_one(void **state)
{
    double *w = many_weights(7), mean = 0, variance = 0, share[8] = {0}, p = exp(-1);

    (void)state;
    for (size_t i = 0; i < N; i++) {
        mean += w[i] / N;
        variance += (w[i] - 1) * (w[i] - 1) / N;
        for (size_t k = 0; k < 8; k++)
            share[k] += (w[i] >= (double)k && w[i] <= (double)k) / (double)N;
    }
    assert_true(fabs(mean - 1) < 5 / sqrt(N));
    assert_true(fabs(variance - 1) < 5 * sqrt(3.0 / N));
    for (size_t k = 0; k < 8; k++) {
        assert_true(fabs(share[k] - p) < 5 * sqrt(p / N));
        p /= (double)k + 1;
    }
    free(w);
}

/* Of neighbouring texts, of neighbouring replicates, and of another seed. */
static void test_bootstrap__weights_are_independent(void **state)
{
    double *w = many_weights(7), *other = many_weights(8);
    double texts = 0, replicates = 0, seeds = 0;

    (void)state;
    for (size_t i = 0; i + REPLICATES < N; i++) {
        texts += (w[i] - 1) * (w[i + REPLICATES] - 1);
        replicates += (w[i] - 1) * (w[i + 1] - 1);
        seeds += (w[i] - 1) * (other[i] - 1);
    }
    assert_true(fabs(texts) < 5 * sqrt(N));
    assert_true(fabs(replicates) < 5 * sqrt(N));
    assert_true(fabs(seeds) < 5 * sqrt(N));
    free(w);
    free(other);
}

/* The definition, over a number of texts and of sums that no tile divides. */
static void test_bootstrap__sums_are_those_of_weighted_texts(void **state)
{
    enum { SUMS = 37, DRAWS = 50, MANY = 75 };
    double sums[SUMS], weights[1 + DRAWS] = {1}, want[SUMS][1 + DRAWS] = {{0}};
    double got[SUMS][1 + DRAWS];
    jc_bootstrap *b = bootstrap_of(SUMS, DRAWS, 3);
    jc_rng rng = jc_rng_at(1, 1);

    (void)state;
    for (size_t t = 0; t < MANY; t++) {
        jc_bootstrap_weights(3, t, DRAWS, weights + 1);
        for (size_t i = 0; i < SUMS; i++) {
            sums[i] = normal(&rng);
            for (size_t r = 0; r <= DRAWS; r++)
                want[i][r] += weights[r] * sums[i];
        }
        add(b, sums);
    }
    assert_int_equal(jc_bootstrap_end(b, NULL), JC_OK);
    for (size_t i = 0; i < SUMS; i++)
        for (size_t r = 0; r <= DRAWS; r++)
            got[i][r] = jc_bootstrap_sum(b, i, r);
    /* 75 products of size 10 at most, each rounded to 2^-53 */
    check_close(&got[0][0], &want[0][0], SUMS * (1 + DRAWS), 0, 75 * 10 * 0x1p-52);
    jc_bootstrap_free(b);
}

static const jc_ratio mean_of_rows = {1, 0};

/* With one row a text the interval is the textbook's, but for the draw: a percentile of
 * 2.5% of B draws has the standard deviation sqrt(0.025 0.975 / B) / phi(1.96) of the
 * figure's. */
static void test_bootstrap__interval_of_a_mean_is_the_usual_one(void **state)
{
    enum { ROWS = 2000, DRAWS = 10000 };
    jc_bootstrap *b = bootstrap_of(2, DRAWS, 5);
    double total = 0, squares = 0;
    jc_rng rng = jc_rng_at(2, 2);

    (void)state;
    for (size_t t = 0; t < ROWS; t++) {
        double x = 3 + normal(&rng);
        add(b, (const double[]){1, x});
        total += x;
        squares += x * x;
    }
    assert_int_equal(jc_bootstrap_end(b, NULL), JC_OK);
    jc_estimate x = jc_bootstrap_estimate(b, jc_statistic_ratio, &mean_of_rows);
    double mean = total / ROWS, sd = sqrt((squares / ROWS - mean * mean) / ROWS);
    double allowed = 5 * sqrt(0.025 * 0.975 / DRAWS) / 0.0584 * sd;
    assert_true(fabs(x.low - (mean - 1.96 * sd)) < allowed);
    assert_true(fabs(x.high - (mean + 1.96 * sd)) < allowed);
    jc_bootstrap_free(b);
}

/* Does the interval of 100 texts, 1 to 9 rows each that go together, hold the true mean. */
static bool covers(uint64_t world)
{
    jc_bootstrap *b = bootstrap_of(2, 400, world);
    jc_rng rng = jc_rng_at(9, world);

    for (size_t t = 0; t < 100; t++) {
        double n = 1 + (double)jc_rng_below(&rng, 9), common = normal(&rng), sum = 0;
        for (int r = 0; r < n; r++)
            sum += 2 + common + 0.5 * normal(&rng);
        add(b, (const double[]){n, sum});
    }
    assert_int_equal(jc_bootstrap_end(b, NULL), JC_OK);
    jc_estimate x = jc_bootstrap_estimate(b, jc_statistic_ratio, &mean_of_rows);
    jc_bootstrap_free(b);
    return x.low <= 2 && 2 <= x.high;
}

/* 95%, and of so few texts a percent less: percentiles know nothing of the degree of
 * freedom that the mean takes, nor of the tails of Student's distribution. */
static void test_bootstrap__intervals_cover_the_truth_in_95_of_100_worlds(void **state)
{
    enum { WORLDS = 2000 };
    double share = 0, allowed = 5 * sqrt(0.95 * 0.05 / WORLDS);

    (void)state;
    for (uint64_t world = 0; world < WORLDS; world++)
        share += covers(world) / (double)WORLDS;
    if (!(share > 0.94 - allowed && share < 0.95 + allowed))
        fail_msg("%g of the intervals hold the mean", share);
}

static double not_finite(const jc_bootstrap *b, size_t replicate, const void *arg)
{
    (void)arg;
    return jc_bootstrap_sum(b, 0, replicate) / 0.0;
}

static void test_bootstrap__has_no_interval_without_two_texts_or_draws(void **state)
{
    const jc_ratio ratio = {0, 0};

    (void)state;
    for (size_t texts = 0; texts <= 3; texts++)
        for (uint32_t draws = 0; draws <= 40; draws += 40) {
            jc_bootstrap *b = bootstrap_of(1, draws, 1);
            for (size_t t = 0; t < texts; t++)
                add(b, (const double[]){1});
            assert_int_equal(jc_bootstrap_end(b, NULL), JC_OK);
            jc_estimate x = jc_bootstrap_estimate(b, jc_statistic_ratio, &ratio);
            if (texts >= 2 && draws > 0)
                assert_true(fabs(x.low - 1) <= 0 && fabs(x.high - 1) <= 0);
            else
                assert_true(isnan(x.low) && isnan(x.high));
            x = jc_bootstrap_estimate(b, not_finite, NULL);
            assert_true(isnan(x.low) && isnan(x.high));
            jc_bootstrap_free(b);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bootstrap__weights_are_poisson_of_mean_one),
        cmocka_unit_test(test_bootstrap__weights_are_independent),
        cmocka_unit_test(test_bootstrap__sums_are_those_of_weighted_texts),
        cmocka_unit_test(test_bootstrap__interval_of_a_mean_is_the_usual_one),
        cmocka_unit_test(test_bootstrap__intervals_cover_the_truth_in_95_of_100_worlds),
        cmocka_unit_test(test_bootstrap__has_no_interval_without_two_texts_or_draws),
    };
    return cmocka_run_group_tests_name("eval/bootstrap", tests, NULL, NULL);
}
