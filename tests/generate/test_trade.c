/* SPDX-License-Identifier: MIT */
/* Drafters are asked where what they bring is worth their time and that of their rows. */
#include "generate/tree.h"

#include "support/check.h"

enum { TURNS = 400, GUESSED = 7, OTHER = 8 };

static bool asked;

static jc_status guess(void *state, const jc_place_at *at, size_t n, jc_guess *guesses,
                       size_t *n_guesses, jc_error *err)
{
    (void)state;
    (void)at;
    (void)err;
    asked = true;
    for (size_t i = 0; i < n; i++) {
        guesses[i * JC_GUESSES] = (jc_guess){GUESSED, 0};
        n_guesses[i] = 1;
    }
    return JC_OK;
}

/* How often a drafter is asked in the later half of the turns, whose guess is right with
 * probability p, whose round takes `round` and whose row takes `row` plain passes. */
static size_t turns_asked(double p, double round, double row)
{
    static const uint32_t ids[] = {1, 2, 3};
    static jc_tree tree;
    static jc_mix mix;
    const jc_drafter drafter = {.name = "one", .guess = guess};
    const jc_draft_setup setup = {.model = NULL};
    const double seconds[] = {1, 1 + row, 1 + 2 * row};
    const jc_tree_bound bound = {.nodes = 2, .depth = 1, .seconds = seconds};
    uint64_t seed = 5;
    size_t n = 0;

    tree = (jc_tree){.n = 0};
    assert_int_equal(jc_mix_open(&mix, "ngram", &setup, NULL, NULL), JC_OK);
    mix.of[0] = &drafter;
    mix.token_seconds = 1;
    for (size_t i = 0; i < TURNS; i++) {
        asked = false;
        jc_mix_turn(&mix);
        assert_int_equal(jc_tree_grow(&tree, &mix, ids, 3, 0, &bound, NULL), JC_OK);
        n += asked && i >= TURNS / 2;
        mix.trade[0].seconds = round; /* not that of this machine */
        jc_tree_step(&tree, &mix, 0,
                     0.5 + 0.5 * (double)check_rand(&seed) < p ? GUESSED : OTHER);
    }
    jc_mix_close(&mix);
    return n;
}

static void test_trade__a_drafter_that_brings_more_than_it_costs_is_asked(void **state)
{
    (void)state;
    assert_int_equal(turns_asked(0.9, 0.2, 0.1), TURNS / 2);
    assert_true(turns_asked(0.5, 0.1, 0.1) > TURNS / 2 * 3 / 4);
}

static void test_trade__a_drafter_that_brings_less_is_not(void **state)
{
    (void)state;
    assert_true(turns_asked(0.05, 0.2, 0.1) < TURNS / 20);
    assert_true(turns_asked(0.4, 0.6, 0.1) < TURNS / 20);
}

/* 0.4 of a token is worth the time of the guess, but not that of its row as well. */
static void test_trade__rows_are_part_of_the_cost(void **state)
{
    (void)state;
    assert_true(turns_asked(0.4, 0.2, 0.01) > TURNS / 2 * 3 / 4);
    assert_true(turns_asked(0.4, 0.2, 0.25) < TURNS / 8);
}

/* Guesses that take next to no time are asked for whatever they have brought. */
static void test_trade__what_is_free_is_always_asked(void **state)
{
    (void)state;
    assert_int_equal(turns_asked(0.02, 1e-4, 0.1), TURNS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trade__a_drafter_that_brings_more_than_it_costs_is_asked),
        cmocka_unit_test(test_trade__a_drafter_that_brings_less_is_not),
        cmocka_unit_test(test_trade__rows_are_part_of_the_cost),
        cmocka_unit_test(test_trade__what_is_free_is_always_asked),
    };

    return cmocka_run_group_tests_name("generate/trade", tests, NULL, NULL);
}
