/* SPDX-License-Identifier: MIT */
/* Schedules against all choices of blocks there are: products of R2 in double, the largest
 * of each number of blocks run. */
#include "eval/schedule.h"
#include "support/check.h"

#include <math.h>

enum { LAYERS = 9, TAPS = LAYERS + 1 };

static void make_r2(float *r2, uint64_t seed, bool some_below)
{
    for (size_t i = 0; i < TAPS; i++)
        for (size_t j = i + 1; j < TAPS; j++) {
            float x = (check_rand(&seed) + 1) / 2;
            r2[i * TAPS + j] = some_below && x < 0.4f ? x - 0.4f : x;
        }
}

/* The product of the jumps over the blocks that are not in `run`, a bit each; NAN where one
 * of them has no R2 above 0. */
static double product_of(const float *r2, unsigned run)
{
    double product = 1;

    for (size_t at = 0; at < LAYERS;) {
        size_t end = at;
        while (end < LAYERS && !(run >> end & 1))
            end++;
        if (end > at)
            product *= r2[at * TAPS + end] > 0 ? (double)r2[at * TAPS + end] : (double)NAN;
        at = end > at ? end : at + 1;
    }
    return product;
}

static double best_of_all(const float *r2, uint32_t blocks)
{
    double best = 0;

    for (unsigned run = 0; run < 1u << LAYERS; run++) {
        double product = product_of(r2, run);
        if ((uint32_t)__builtin_popcount(run) == blocks && product > best)
            best = product;
    }
    return best;
}

/* Ordered, apart, and of the right number of blocks. */
static void check_shape(const jc_schedule *s)
{
    uint32_t at = 0, over = 0;

    for (size_t i = 0; i < s->n; i++) {
        assert_true(s->jumps[i].from < s->jumps[i].to && s->jumps[i].to <= LAYERS);
        assert_true(i == 0 || s->jumps[i].from > at);
        at = s->jumps[i].to;
        over += s->jumps[i].to - s->jumps[i].from;
    }
    assert_int_equal(s->blocks + over, LAYERS);
}

static void test_schedule__best_is_the_best_of_all(void **state)
{
    float r2[TAPS * TAPS] = {0};
    jc_jump jumps[LAYERS];
    jc_schedule s = {.jumps = jumps};
    bool found;

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        make_r2(r2, seed, seed % 2);
        for (uint32_t blocks = 0; blocks <= LAYERS; blocks++) {
            double want = best_of_all(r2, blocks);
            assert_int_equal(jc_schedule_best(&s, &found, r2, LAYERS, blocks, NULL), JC_OK);
            assert_true(found == (want > 0));
            if (!found)
                continue;
            check_shape(&s);
            assert_int_equal(s.blocks, blocks);
            assert_true(fabs(s.product - want) <= 1e-12 * want);
        }
    }
}

static void test_schedule__alternate_runs_and_jumps_in_turn(void **state)
{
    jc_jump jumps[LAYERS];
    jc_schedule s = {.jumps = jumps};
    float r2[TAPS * TAPS] = {0};

    (void)state;
    make_r2(r2, 3, false);
    jc_schedule_alternate(&s, LAYERS, 1, 2);
    assert_int_equal(s.n, 3);
    assert_int_equal(s.blocks, 3);
    assert_true(isnan(s.product));
    for (uint32_t i = 0; i < 3; i++)
        assert_true(jumps[i].from == 3 * i + 1 && jumps[i].to == 3 * i + 3);
    jc_schedule_rate(&s, r2, LAYERS);
    double want =
        (double)r2[1 * TAPS + 3] * (double)r2[4 * TAPS + 6] * (double)r2[7 * TAPS + 9];
    assert_true(fabs(s.product - want) <= 1e-12 * want);
    jc_schedule_alternate(&s, LAYERS, 4, 5);
    assert_true(s.n == 1 && s.blocks == 4 && jumps[0].from == 4 && jumps[0].to == 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule__best_is_the_best_of_all),
        cmocka_unit_test(test_schedule__alternate_runs_and_jumps_in_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
