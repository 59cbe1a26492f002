/* SPDX-License-Identifier: MIT */
/* Passes of a made-up machine, whose times are known. */
#include "generate/pass_cost.h"
#include "support/check.h"

#include <math.h>

enum { ROWS = 32 };

/* Of a machine that takes rows by fours. */
static double stairs(size_t rows)
{
    return 1 + 0.4 * (double)((rows - 1) / 4);
}

/* Passes of 1 to `most` rows, with noise. */
static void run(jc_pass_cost *cost, size_t passes, size_t most, double scale)
{
    uint64_t seed = 5;

    for (size_t i = 0; i < passes; i++) {
        size_t rows =
            1 + (size_t)(0.5 * (double)most * (1 + (double)check_rand(&seed))) % most;
        double noise = 1 + 0.1 * (double)check_rand(&seed);
        jc_pass_cost_took(cost, (double)rows, scale * noise * stairs(rows));
    }
}

static void check_near(double got, double wanted, double part)
{
    if (fabs(got - wanted) > part * wanted)
        fail_msg("%g is not within %g of %g", got, part, wanted);
}

static void check_ascending(const double *seconds)
{
    for (size_t k = 1; k < ROWS; k++)
        assert_true(seconds[k] >= seconds[k - 1]);
}

static void test_pass_cost__stairs_are_told(void **state)
{
    jc_pass_cost cost = {.n = 0};
    double seconds[ROWS];

    (void)state;
    run(&cost, 400, 12, 1e-3);
    jc_pass_cost_expect(&cost, NULL, 1, ROWS, seconds);
    check_ascending(seconds);
    for (size_t rows = 1; rows <= 12; rows++) /* a line is off by up to 0.16 */
        check_near(seconds[rows - 1], 1e-3 * stairs(rows), 0.08);
    for (size_t rows = 13; rows <= ROWS; rows++) /* never seen */
        check_near(seconds[rows - 1], 1e-3 * stairs(rows), 0.2);
    run(&cost, 400, 12, 2e-3); /* the machine is slower now */
    jc_pass_cost_expect(&cost, NULL, 1, ROWS, seconds);
    for (size_t rows = 1; rows <= 12; rows++)
        check_near(seconds[rows - 1], 2e-3 * stairs(rows), 0.1);
}

/* Passes over three texts have rows by threes, and soon more than are told apart. */
static void test_pass_cost__several_texts(void **state)
{
    jc_pass_cost cost = {.n = 0};
    double seconds[ROWS];

    (void)state;
    run(&cost, 400, 60, 1);
    jc_pass_cost_expect(&cost, NULL, 3, ROWS, seconds);
    check_ascending(seconds);
    for (size_t k = 0; k < 20; k++)
        check_near(seconds[k], stairs(3 * (k + 1)), 0.2);
}

static void test_pass_cost__before_all_passes_and_after_one(void **state)
{
    jc_pass_cost cost = {.n = 0};
    double seconds[ROWS];

    (void)state;
    jc_pass_cost_expect(&cost, NULL, 1, ROWS, seconds);
    check_ascending(seconds);
    assert_true(seconds[0] > 0 && seconds[8] > seconds[0]);
    jc_pass_cost_took(&cost, 1, 0.25);
    jc_pass_cost_expect(&cost, NULL, 1, ROWS, seconds);
    check_ascending(seconds);
    check_near(seconds[0], 0.25, 1e-9);
    assert_true(seconds[8] > 1.2 * seconds[0] && seconds[8] < 4 * seconds[0]);
}

/* What was measured before gives the shape, passes the scale. */
static void test_pass_cost__the_shape_of_a_policy(void **state)
{
    const jc_pass_times times = {3, {1, 4, 5}, {1, 1, 3}};
    jc_pass_cost cost = {.n = 0};
    double seconds[ROWS];

    (void)state;
    jc_pass_cost_took(&cost, 4, 0.5);
    jc_pass_cost_expect(&cost, &times, 1, ROWS, seconds);
    check_ascending(seconds);
    check_near(seconds[0], 0.5, 1e-9);
    check_near(seconds[3], 0.5, 1e-9);
    check_near(seconds[4], 1.5, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pass_cost__stairs_are_told),
        cmocka_unit_test(test_pass_cost__several_texts),
        cmocka_unit_test(test_pass_cost__before_all_passes_and_after_one),
        cmocka_unit_test(test_pass_cost__the_shape_of_a_policy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
