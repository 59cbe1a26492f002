/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include <math.h>

#include "base/steps.h"

static void assert_near(double got, double want)
{
    assert_true(fabs(got - want) <= 1e-12 * want);
}

static jc_steps of_three(void)
{
    jc_steps steps = {0};

    jc_steps_add(&steps, "reading", 1);
    jc_steps_add(&steps, "left out", 0);
    jc_steps_add(&steps, "scoring", 3);
    jc_steps_add(&steps, "fitting", 6);
    return steps;
}

static void test_steps__weights_say_the_time_in_all(void **state)
{
    jc_steps steps = of_three();

    (void)state;
    assert_int_equal(steps.n, 3);
    assert_true(jc_steps_total(&steps, 100) == 0); /* nothing is known */
    jc_steps_report(&steps, "reading", 0, 100);
    jc_steps_report(&steps, "reading", 0.01, 100.5);
    assert_true(jc_steps_total(&steps, 100.5) == 0); /* a thousandth tells nothing yet */
    jc_steps_report(&steps, "reading", 0.5, 101);
    assert_near(jc_steps_total(&steps, 101), 20); /* 1 s for a twentieth */
    jc_steps_report(&steps, "scoring", 0, 102);
    assert_int_equal(steps.now, 1);
    assert_near(jc_steps_total(&steps, 102), 20);
}

static void test_steps__reports_may_say_more_of_a_step(void **state)
{
    jc_steps steps = of_three();

    (void)state;
    jc_steps_report(&steps, "scoring, KL 0.5", 0.25, 10);
    assert_int_equal(steps.now, 1);
    assert_string_equal(steps.said, "scoring, KL 0.5");
    jc_steps_report(&steps, "a batch", 0.5,
                    11); /* of no step: counts for the present one */
    assert_string_equal(steps.said, "scoring, KL 0.5");
    assert_near(steps.part, 0.5);
    jc_steps_report(&steps, "fittings", 0, 12); /* nor is that */
    assert_int_equal(steps.now, 1);
    jc_steps_report(&steps, "fitting", 0, 13);
    assert_string_equal(steps.said, "fitting");
}

static void test_steps__a_step_goes_on_at_its_own_rate(void **state)
{
    jc_steps steps = of_three();

    (void)state;
    jc_steps_report(&steps, "reading", 0, 0);
    jc_steps_report(&steps, "scoring", 0, 2);
    jc_steps_report(&steps, "scoring", 0.5, 14); /* 12 s for half, so 12 more */
    /* 14 s for a weight of 2.5: the last step, of 6, takes 33.6 */
    assert_near(jc_steps_total(&steps, 14), 14 + 12 + 33.6);
}

static void test_steps__what_is_passed_over_counts_no_more(void **state)
{
    jc_steps steps = of_three();

    (void)state;
    jc_steps_report(&steps, "reading", 0, 0);
    assert_true(jc_steps_enter(&steps, "fitting", 10));
    jc_steps_report(&steps, "fitting", 1, 70);
    assert_near(jc_steps_total(&steps, 70), 70);
    assert_false(jc_steps_enter(&steps, "scoring", 70)); /* it is past */
    assert_false(jc_steps_enter(&steps, "sleeping", 70));
}

static void test_steps__reports_of_other_names_are_of_a_share_of_the_step(void **state)
{
    jc_steps steps = of_three();

    (void)state;
    assert_true(jc_steps_enter(&steps, "scoring", 0));
    jc_steps_share(&steps, 0.5, 0.75);
    jc_steps_report(&steps, "counting", 0.5, 1);
    assert_near(steps.part, 0.625);
    jc_steps_report(&steps, "counting", 0.1, 2); /* never back */
    assert_near(steps.part, 0.625);
}

static void test_steps__weights_may_change_until_a_step_is_past(void **state)
{
    jc_steps steps = of_three();

    (void)state;
    jc_steps_report(&steps, "reading", 1, 0);
    jc_steps_add(&steps, "fitting", 1);
    jc_steps_add(&steps, "new", 5); /* it has begun without that */
    assert_int_equal(steps.n, 3);
    assert_near(jc_steps_total(&steps, 1), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps__weights_say_the_time_in_all),
        cmocka_unit_test(test_steps__reports_may_say_more_of_a_step),
        cmocka_unit_test(test_steps__a_step_goes_on_at_its_own_rate),
        cmocka_unit_test(test_steps__what_is_passed_over_counts_no_more),
        cmocka_unit_test(test_steps__reports_of_other_names_are_of_a_share_of_the_step),
        cmocka_unit_test(test_steps__weights_may_change_until_a_step_is_past),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
