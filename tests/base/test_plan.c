/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include <math.h>

#include "base/plan.h"

static void assert_near(double got, double want)
{
    assert_true(fabs(got - want) <= 1e-12 * want);
}

static jc_plan of_three(void)
{
    jc_plan plan = {0};

    jc_plan_add(&plan, "reading", 1);
    jc_plan_add(&plan, "left out", 0);
    jc_plan_add(&plan, "scoring", 3);
    jc_plan_add(&plan, "fitting", 6);
    return plan;
}

static void test_plan__weights_say_the_time_in_all(void **state)
{
    jc_plan plan = of_three();

    (void)state;
    assert_int_equal(plan.n, 3);
    assert_true(jc_plan_total(&plan, 100) == 0); /* nothing is known */
    jc_plan_report(&plan, "reading", 0, 100);
    jc_plan_report(&plan, "reading", 0.01, 100.5);
    assert_true(jc_plan_total(&plan, 100.5) == 0); /* a thousandth tells nothing yet */
    jc_plan_report(&plan, "reading", 0.5, 101);
    assert_near(jc_plan_total(&plan, 101), 20); /* 1 s for a twentieth */
    jc_plan_report(&plan, "scoring", 0, 102);
    assert_int_equal(plan.now, 1);
    assert_near(jc_plan_total(&plan, 102), 20);
}

static void test_plan__a_step_goes_on_at_its_own_rate(void **state)
{
    jc_plan plan = of_three();

    (void)state;
    jc_plan_report(&plan, "reading", 0, 0);
    jc_plan_report(&plan, "scoring", 0, 2);
    jc_plan_report(&plan, "scoring", 0.5, 14); /* 12 s for half, so 12 more */
    /* 14 s for a weight of 2.5: the last step, of 6, takes 33.6 */
    assert_near(jc_plan_total(&plan, 14), 14 + 12 + 33.6);
}

static void test_plan__what_is_passed_over_counts_no_more(void **state)
{
    jc_plan plan = of_three();

    (void)state;
    jc_plan_report(&plan, "reading", 0, 0);
    assert_true(jc_plan_enter(&plan, "fitting", 10));
    jc_plan_report(&plan, "fitting", 1, 70);
    assert_near(jc_plan_total(&plan, 70), 70);
    assert_false(jc_plan_enter(&plan, "scoring", 70)); /* it is past */
    assert_false(jc_plan_enter(&plan, "sleeping", 70));
}

static void test_plan__reports_of_other_names_are_of_a_share_of_the_step(void **state)
{
    jc_plan plan = of_three();

    (void)state;
    assert_true(jc_plan_enter(&plan, "scoring", 0));
    jc_plan_share(&plan, 0.5, 0.75);
    jc_plan_report(&plan, "counting", 0.5, 1);
    assert_near(plan.part, 0.625);
    jc_plan_report(&plan, "counting", 0.1, 2); /* never back */
    assert_near(plan.part, 0.625);
}

static void test_plan__weights_may_change_until_a_step_is_past(void **state)
{
    jc_plan plan = of_three();

    (void)state;
    jc_plan_report(&plan, "reading", 1, 0);
    jc_plan_add(&plan, "fitting", 1);
    jc_plan_add(&plan, "new", 5); /* it has begun without that */
    assert_int_equal(plan.n, 3);
    assert_near(jc_plan_total(&plan, 1), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan__weights_say_the_time_in_all),
        cmocka_unit_test(test_plan__a_step_goes_on_at_its_own_rate),
        cmocka_unit_test(test_plan__what_is_passed_over_counts_no_more),
        cmocka_unit_test(test_plan__reports_of_other_names_are_of_a_share_of_the_step),
        cmocka_unit_test(test_plan__weights_may_change_until_a_step_is_past),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
