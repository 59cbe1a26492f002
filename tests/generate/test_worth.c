/* SPDX-License-Identifier: MIT */
/* What guesses are held to be worth, against the probabilities that they are drawn with. */
#include "generate/worth.h"

#include <math.h>

#include "support/check.h"

enum { TIMES = 4000 };

static void begin(jc_worth *worth, size_t n, float class, float others)
{
    float odds[JC_SIGNS];

    for (size_t s = 0; s < JC_SIGNS; s++)
        odds[s] = s < JC_GUESS_CLASSES ? class : others;
    for (size_t k = 0; k < n; k++)
        jc_worth_begin(worth, k, odds, 12);
}

/* A candidate with these signs is right with probability p. */
static void see(jc_worth *worth, const uint8_t *signs, size_t n, double p, uint64_t *seed)
{
    jc_worth_learn(worth, signs, n, 0.5 + 0.5 * (double)check_rand(seed) < p);
}

static void test_worth__shares_are_learnt_from_any_beginning(void **state)
{
    static const double share[] = {0.03, 0.3, 0.5, 0.9};
    static const float from[] = {-3, 0, 3, 6};
    uint64_t seed = 3;

    (void)state;
    for (size_t f = 0; f < JC_COUNT(from); f++) {
        jc_worth worth;
        begin(&worth, 1, from[f], 0);
        for (size_t i = 0; i < TIMES; i++)
            for (size_t c = 0; c < JC_COUNT(share); c++) {
                const uint8_t sign = (uint8_t)c;
                see(&worth, &sign, 1, share[c], &seed);
            }
        for (size_t c = 0; c < JC_COUNT(share); c++) {
            const uint8_t sign = (uint8_t)c;
            double p = jc_worth_of(&worth, &sign, 1);
            assert_true(fabs(p - share[c]) < 0.09);
            assert_true(fabs(p - jc_worth_alone(&worth, 0, sign)) < 1e-12);
        }
    }
}

/* Two that say the same are worth no more than one. */
static void test_worth__those_who_agree_do_not_count_twice(void **state)
{
    static const uint8_t same[] = {5, 5}, one[] = {5, JC_UNASKED};
    jc_worth worth;
    uint64_t seed = 5;

    (void)state;
    begin(&worth, 2, 2, 0); /* alone 0.27, both 0.73 */
    assert_true(jc_worth_of(&worth, same, 2) > 0.7);
    for (size_t i = 0; i < TIMES; i++)
        see(&worth, same, 2, 0.3, &seed);
    assert_true(fabs(jc_worth_of(&worth, same, 2) - 0.3) < 0.09);
    assert_true(jc_worth_of(&worth, one, 2) < jc_worth_of(&worth, same, 2));
}

/* Of a candidate named by the first, the second tells who is right. */
static void test_worth__a_sure_other_counts_against(void **state)
{
    static const uint8_t agreed[] = {1, 2}, alone[] = {1, JC_OTHERS + 2},
                         silent[] = {1, JC_SILENT};
    jc_worth worth;
    uint64_t seed = 7;

    (void)state;
    begin(&worth, 2, 1, 0);
    for (size_t i = 0; i < TIMES; i++) {
        see(&worth, agreed, 2, 0.8, &seed);
        see(&worth, alone, 2, 0.05, &seed);
        see(&worth, silent, 2, 0.3, &seed);
    }
    assert_true(fabs(jc_worth_of(&worth, agreed, 2) - 0.8) < 0.09);
    assert_true(fabs(jc_worth_of(&worth, alone, 2) - 0.05) < 0.05);
    assert_true(fabs(jc_worth_of(&worth, silent, 2) - 0.3) < 0.09);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worth__shares_are_learnt_from_any_beginning),
        cmocka_unit_test(test_worth__those_who_agree_do_not_count_twice),
        cmocka_unit_test(test_worth__a_sure_other_counts_against),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
