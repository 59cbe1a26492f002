/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include <math.h>

#include "eval/jackknife.h"

enum { GROUPS = JC_JACKKNIFE_GROUPS };

/* The share of Student's distribution within q of 0, by Simpson's rule over its density. */
static double student_within(double q, double freedom)
{
    enum { STEPS = 20000 };
    double scale =
        exp(lgamma((freedom + 1) / 2) - lgamma(freedom / 2)) / sqrt(freedom * acos(-1));
    double total = 0;

    for (int i = 0; i <= STEPS; i++) {
        double x = q * i / STEPS, weight = i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2;
        total += weight * pow(1 + x * x / freedom, -(freedom + 1) / 2);
    }
    return 2 * scale * total * q / STEPS / 3;
}

/* Of a mean over groups of one size the jackknife is the textbook: the standard deviation
 * of the groups' means, over the root of their number. */
static void test_jackknife__of_a_mean_is_the_usual_interval(void **state)
{
    uint64_t seed = 3;

    (void)state;
    for (size_t n = 2; n <= GROUPS; n++) {
        double group[GROUPS], without[GROUPS], total = 0, squares = 0;
        for (size_t g = 0; g < n; g++) {
            group[g] = (double)check_rand(&seed);
            total += group[g];
        }
        double mean = total / (double)n;
        for (size_t g = 0; g < n; g++) {
            without[g] = (total - group[g]) / (double)(n - 1);
            squares += (group[g] - mean) * (group[g] - mean);
        }
        double error = sqrt(squares / (double)(n - 1) / (double)n);
        double quantile = jc_jackknife_half(without, n) / error;
        double share = student_within(quantile, (double)(n - 1)), want = 0.95;
        check_close(&share, &want, 1, 0, 1e-6); /* quantiles are given to 5e-7 */
    }
}

static void test_jackknife__of_one_group_is_unknown(void **state)
{
    const double one = 1, same[2] = {3, 3};

    (void)state;
    assert_true(isnan(jc_jackknife_half(&one, 1)));
    assert_true(isnan(jc_jackknife_half(&one, 0)));
    assert_true(fabs(jc_jackknife_half(same, 2)) <= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jackknife__of_a_mean_is_the_usual_interval),
        cmocka_unit_test(test_jackknife__of_one_group_is_unknown),
    };
    return cmocka_run_group_tests_name("eval/jackknife", tests, NULL, NULL);
}
