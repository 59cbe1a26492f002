/* SPDX-License-Identifier: MIT */
/* Drafts that pay are used nearly always, those that do not nearly never. */
#include "generate/pay.h"
#include "support/check.h"

enum { STEPS = 6000 };

/* A step with drafts takes `cost` plain ones and gives `gain` tokens, one of which is
 * plain; the time for each token, in that of plain steps. */
static double run(jc_pay *pay, double cost, double gain)
{
    double seconds = 0, tokens = 0;
    uint64_t seed = 9;

    for (size_t i = 0; i < STEPS; i++) {
        double noise = 1 + 0.3 * (double)check_rand(&seed);
        double took = noise * (pay->plain ? 1 : cost), gave = pay->plain ? 1 : gain;
        seconds += took;
        tokens += gave;
        jc_pay_took(pay, took, gave);
    }
    return seconds / tokens;
}

static void test_pay__drafts_that_lose_rest(void **state)
{
    jc_pay pay = {.begun = false};

    (void)state;
    assert_true(run(&pay, 3, 1.2) < 1.04); /* 2.5 with them */
    pay = (jc_pay){.begun = false};
    assert_true(run(&pay, 1.3, 1) < 1.03);
}

static void test_pay__drafts_that_gain_are_used(void **state)
{
    jc_pay pay = {.begun = false};

    (void)state;
    assert_true(run(&pay, 1.5, 3) < 0.5 * 1.06);
    /* and after a time in which they lost */
    run(&pay, 3, 1);
    assert_true(run(&pay, 1.5, 3) < 0.5 * 1.25);
}

/* Where they are only measured, four in five steps have drafts whatever these cost. */
static void test_pay__measured_drafts_never_rest(void **state)
{
    jc_pay pay = {.measuring = true};
    size_t plain = 0;

    (void)state;
    for (size_t i = 0; i < STEPS; i++) {
        plain += pay.plain;
        jc_pay_took(&pay, pay.plain ? 1 : 9, 1);
    }
    assert_true(plain > STEPS / 6 && plain < STEPS / 4);
}

/* Drafts that gain are not given up for a stretch in which the machine is slow. */
static void test_pay__a_slow_stretch_is_forgiven(void **state)
{
    jc_pay pay = {.begun = false};

    (void)state;
    for (size_t i = 0; i < STEPS; i++) {
        bool slow = !pay.plain && i >= 500 && i < 506;
        jc_pay_took(&pay, (pay.plain ? 1 : 1.5) * (slow ? 20 : 1), pay.plain ? 1 : 2);
        assert_false(pay.resting);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pay__drafts_that_lose_rest),
        cmocka_unit_test(test_pay__drafts_that_gain_are_used),
        cmocka_unit_test(test_pay__measured_drafts_never_rest),
        cmocka_unit_test(test_pay__a_slow_stretch_is_forgiven),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
