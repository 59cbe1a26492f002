/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include "base/base.h"

/* The published test vector of splitmix64 from seed 1234567. */
static void test_rng__is_splitmix64(void **state)
{
    static const uint64_t want[] = {6457827717110365317u, 3203168211198807973u,
                                    9817491932198370423u, 4593380528125082431u,
                                    16408922859458223821u};
    jc_rng rng = {1234567};

    (void)state;
    for (size_t i = 0; i < JC_COUNT(want); i++)
        assert_true(jc_rng_next(&rng) == want[i]);
}

/* chi2 of `cells` counts of equal expectation is about cells - 1, sd sqrt(2 (cells - 1)) */
static void check_even(const unsigned *counts, unsigned cells, unsigned draws)
{
    double want = (double)draws / cells, chi2 = 0, df = cells - 1;

    for (unsigned i = 0; i < cells; i++)
        chi2 += (counts[i] - want) * (counts[i] - want) / want;
    assert_true((chi2 - df) * (chi2 - df) < 25 * 2 * df); /* five sd; the seed is fixed */
}

static void test_rng__uniform_is_even_and_below_one(void **state)
{
    unsigned counts[100] = {0};
    const unsigned draws = 1000000;
    double sum = 0, square = 0;
    jc_rng rng = jc_rng_at(1, 2);

    (void)state;
    for (unsigned i = 0; i < draws; i++) {
        double u = jc_rng_uniform(&rng);
        assert_true(u >= 0 && u < 1);
        counts[(int)(u * 100)]++;
        sum += u;
        square += u * u;
    }
    check_even(counts, 100, draws);
    /* means of u and u^2 are 1/2 and 1/3, their sd over 10^6 draws about 3e-4 */
    check_close(((double[]){sum / draws, square / draws}), ((double[]){0.5, 1.0 / 3}), 2, 0,
                1.5e-3);
}

static void test_rng__below_is_even_for_awkward_ranges(void **state)
{
    /* with n = 3/4 of 2^64, plain x % n would give the lowest third twice as often */
    const uint64_t n = 3u * (UINT64_C(1) << 62);
    unsigned thirds[3] = {0}, sevens[7] = {0};
    jc_rng rng = {42};

    (void)state;
    for (int i = 0; i < 30000; i++) {
        uint64_t x = jc_rng_below(&rng, n);
        assert_true(x < n);
        thirds[x >> 62]++;
        sevens[jc_rng_below(&rng, 7)]++;
    }
    check_even(thirds, 3, 30000);
    check_even(sevens, 7, 30000);
}

static void test_rng__below_takes_the_smallest_and_largest_range(void **state)
{
    jc_rng rng = {0};

    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_true(jc_rng_below(&rng, 1) == 0);
        assert_true(jc_rng_below(&rng, 2) < 2);
        assert_true(jc_rng_below(&rng, UINT64_MAX) < UINT64_MAX);
    }
}

static void test_rng__streams_of_neighbours_have_nothing_in_common(void **state)
{
    unsigned counts[256] = {0};
    unsigned flips = 0;

    (void)state;
    for (uint64_t i = 0; i < 25600; i++) { /* first draws over neighbouring indices */
        jc_rng a = jc_rng_at(7, i), b = jc_rng_at(7, i + 1), c = jc_rng_at(8, i);
        uint64_t x = jc_rng_next(&a), y = jc_rng_next(&b), z = jc_rng_next(&c);
        counts[x >> 56]++;
        assert_true(x != y && x != z);
        flips += (unsigned)__builtin_popcountll(x ^ y);
    }
    check_even(counts, 256, 25600);
    /* half of 64 bits differ; the sd of the mean is 4 / sqrt(25600) = 0.025 */
    check_close(((double[]){flips / 25600.0}), ((double[]){32}), 1, 0, 0.125);
    assert_true(jc_rng_at(3, 4).state == jc_rng_at(3, 4).state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rng__is_splitmix64),
        cmocka_unit_test(test_rng__uniform_is_even_and_below_one),
        cmocka_unit_test(test_rng__below_is_even_for_awkward_ranges),
        cmocka_unit_test(test_rng__below_takes_the_smallest_and_largest_range),
        cmocka_unit_test(test_rng__streams_of_neighbours_have_nothing_in_common),
    };
    return cmocka_run_group_tests_name("base/rng", tests, NULL, NULL);
}
