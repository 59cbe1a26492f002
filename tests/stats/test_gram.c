/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include <math.h>
#include <string.h>

#include "stats/gram.h"

enum { ROWS = 3000, D = 20, TAPS = 3 };

static float states[TAPS][ROWS * D];

/* Coordinates of very different spread, some with an offset hundreds of times that, as in
 * GPT-2. */
static int fill(void **state)
{
    uint64_t seed = 20230316;

    (void)state;
    for (int t = 0; t < TAPS; t++)
        for (int r = 0; r < ROWS; r++)
            for (int c = 0; c < D; c++) {
                float spread = powf(10, (float)(c % 5) - 2), offset = c % 3 ? 0 : 300;
                states[t][r * D + c] = spread * (check_rand(&seed) + offset);
            }
    return 0;
}

static jc_stats *gather(const char *backend, size_t cut)
{
    jc_stats *stats;
    jc_gram *gram;

    assert_int_equal(jc_stats_new(&stats, TAPS, D, true, "f", "m", NULL), JC_OK);
    assert_int_equal(jc_gram_new(&gram, stats, jc_backend_find(backend), NULL), JC_OK);
    for (size_t done = 0; done < ROWS; done += cut) {
        size_t n = ROWS - done < cut ? ROWS - done : cut;
        const float *part[TAPS] = {states[0] + done * D, states[1] + done * D,
                                   states[2] + done * D};
        assert_int_equal(jc_gram_rows(gram, part, n, NULL), JC_OK);
    }
    assert_int_equal(jc_gram_finish(gram, NULL), JC_OK);
    jc_gram_free(gram);
    return stats;
}

static double mean(int t, int c)
{
    double sum = 0;

    for (int r = 0; r < ROWS; r++)
        sum += (double)states[t][r * D + c] / ROWS;
    return sum;
}

/* The oracle: the definition in double. Tolerance: float32 products of about 1,000 rows
 * lose a few 1e-7 of (spread x spread x rows). */
static void check_definition_within(const jc_stats *stats, double tolerance)
{
    assert_int_equal(jc_stats_rows(stats), ROWS);
    for (uint32_t i = 0; i < TAPS; i++)
        for (uint32_t j = i; j < TAPS; j++) {
            const double *got = jc_stats_cross(stats, i, j);
            if (i == TAPS - 1)
                continue;
            for (int a = 0; a < D; a++)
                for (int b = 0; b < D; b++) {
                    double want = 0, ma = mean((int)i, a), mb = mean((int)j, b);
                    for (int r = 0; r < ROWS; r++)
                        want += ((double)states[i][r * D + a] - ma) *
                                ((double)states[j][r * D + b] - mb);
                    double size = sqrt(stats->square[i * D + (size_t)a] *
                                       stats->square[j * D + (size_t)b]);
                    if (fabs(got[a * D + b] - want) > tolerance * size)
                        fail_msg("cross(%u, %u)[%d, %d] is %g, want %g", i, j, a, b,
                                 got[a * D + b], want);
                }
        }
    for (int t = 0; t < TAPS; t++)
        for (int c = 0; c < D; c++) {
            double m = mean(t, c), square = 0;
            for (int r = 0; r < ROWS; r++)
                square += pow((double)states[t][r * D + c] - m, 2);
            /* a difference is rounded to float32: 6e-8 of the spread at most */
            check_close(&stats->mean[t * D + c], &m, 1, 1e-9, 6e-8 * sqrt(square / ROWS));
            check_close(&stats->square[t * D + c], &square, 1, 1e-6, 0);
        }
}

static void check_definition(const jc_stats *stats)
{
    check_definition_within(stats, 1e-6);
}

static void test_gram__matches_the_definition(void **state)
{
    (void)state;
    jc_stats *onednn = gather("onednn", 500), *ref = gather("ref", 500);
    check_definition(onednn);
    check_definition(ref);
    jc_stats_free(onednn);
    jc_stats_free(ref);
}

static void check_same(const jc_stats *got, const jc_stats *want)
{
    assert_int_equal(jc_stats_rows(got), jc_stats_rows(want));
    assert_memory_equal(got->mean, want->mean, sizeof(double) * TAPS * D);
    assert_memory_equal(got->square, want->square, sizeof(double) * TAPS * D);
    for (uint32_t i = 0; i + 1 < TAPS; i++)
        for (uint32_t j = i; j < TAPS; j++)
            assert_memory_equal(jc_stats_cross(got, i, j), jc_stats_cross(want, i, j),
                                sizeof(double) * D * D);
}

/* Bit for bit: blocks are cut by count, not by batch or thread. */
static void test_gram__batches_and_threads_do_not_matter(void **state)
{
    static const size_t cuts[] = {1, 64, 1000, 1023, 1025, ROWS};
    jc_stats *want = gather("onednn", 700);

    (void)state;
    for (size_t c = 0; c < JC_COUNT(cuts); c++) {
        jc_threads_enter((uint32_t)c % 3 + 1);
        jc_stats *got = gather("onednn", cuts[c]);
        check_same(got, want);
        jc_stats_free(got);
    }
    jc_threads_enter(0);
    jc_stats_free(want);
}

/* Rows that are written where they wait, more of them than a block has, taken some at a
 * time; and a look at what there is while others are written and not yet taken. */
static void test_gram__rows_written_in_place_give_the_same_bits(void **state)
{
    enum { BATCH = 1300, STEP = 450 };
    jc_stats *want = gather("onednn", 700), *stats, *early = NULL, *first = NULL;
    jc_gram *gram, *few;

    (void)state;
    assert_int_equal(jc_stats_new(&stats, TAPS, D, true, "f", "m", NULL), JC_OK);
    assert_int_equal(jc_gram_new(&gram, stats, jc_backend_find("onednn"), NULL), JC_OK);
    for (size_t done = 0; done < ROWS; done += BATCH) {
        size_t n = ROWS - done < BATCH ? ROWS - done : BATCH;
        float *const *to;
        assert_int_equal(jc_gram_room(gram, n, &to, NULL), JC_OK);
        for (size_t t = 0; t < TAPS; t++)
            memcpy(to[t], states[t] + done * D, n * D * sizeof(float));
        for (size_t taken = 0; taken < n; taken += STEP) {
            size_t step = n - taken < STEP ? n - taken : STEP;
            assert_int_equal(jc_gram_take(gram, step, NULL), JC_OK);
            if (done == 0 && taken == STEP)
                assert_int_equal(jc_gram_copy(gram, &early, NULL), JC_OK);
        }
    }
    assert_int_equal(jc_gram_finish(gram, NULL), JC_OK);
    check_same(stats, want);
    const float *part[TAPS] = {states[0], states[1], states[2]};
    assert_int_equal(jc_stats_new(&first, TAPS, D, true, "f", "m", NULL), JC_OK);
    assert_int_equal(jc_gram_new(&few, first, jc_backend_find("onednn"), NULL), JC_OK);
    assert_int_equal(jc_gram_rows(few, part, 2 * STEP, NULL), JC_OK);
    assert_int_equal(jc_gram_finish(few, NULL), JC_OK);
    check_same(early, first);
    jc_gram_free(gram);
    jc_gram_free(few);
    jc_stats_free(stats);
    jc_stats_free(early);
    jc_stats_free(first);
    jc_stats_free(want);
}

enum { CHUNK = 250 };

/* The sums of every n-th chunk, the first that is taken being `share`; all have the frame
 * of the first chunk. Not finished. */
static jc_stats *gather_share(size_t share, size_t n)
{
    jc_stats *stats;
    jc_gram *gram;

    assert_int_equal(jc_stats_new(&stats, TAPS, D, true, "f", "m", NULL), JC_OK);
    assert_int_equal(jc_gram_new(&gram, stats, jc_backend_find("onednn"), NULL), JC_OK);
    for (size_t c = 0; c < ROWS / CHUNK; c++) {
        const float *part[TAPS] = {states[0] + c * CHUNK * D, states[1] + c * CHUNK * D,
                                   states[2] + c * CHUNK * D};
        if (c && c % n != share)
            continue;
        jc_gram_only_frame(gram, c % n != share);
        assert_int_equal(jc_gram_rows(gram, part, CHUNK, NULL), JC_OK);
        assert_int_equal(jc_gram_cut(gram, NULL), JC_OK);
    }
    jc_gram_free(gram);
    return stats;
}

static jc_stats *gather_shares(size_t n, bool backwards)
{
    jc_stats *total = gather_share(backwards ? n - 1 : 0, n);

    for (size_t k = 1; k < n; k++) {
        jc_stats *more = gather_share(backwards ? n - 1 - k : k, n);
        total->rows += more->rows;
        assert_int_equal(jc_exact_merge(total, more, NULL), JC_OK);
        jc_stats_free(more);
    }
    assert_int_equal(jc_exact_finish(total, NULL), JC_OK);
    return total;
}

/* Bit for bit, in any number and any order. */
static void test_gram__shares_make_the_same_total(void **state)
{
    jc_stats *want = gather_shares(1, false);

    (void)state;
    check_definition(want);
    for (size_t n = 2; n < 9; n++) {
        jc_stats *got = gather_shares(n, n % 2);
        check_same(got, want);
        jc_stats_free(got);
    }
    jc_stats_free(want);
}

/* Vectors that are a billion times as far out as those of the first block had been: the
 * units grow. The tolerance is that of products in float32. */
static void test_gram__far_outliers_are_added(void **state)
{
    static float kept[TAPS][ROWS * D];

    memcpy(kept, states, sizeof kept);
    for (size_t r = 2000; r < 2003; r++)
        for (size_t c = 0; c < D; c += 3)
            states[r % 2][r * D + c] *= 1e9F;
    jc_stats *one = gather("onednn", 700), *shares = gather_shares(3, true);
    check_definition_within(one, 1e-6);
    check_definition_within(shares, 1e-6);
    jc_stats_free(one);
    jc_stats_free(shares);
    memcpy(states, kept, sizeof kept);
    (void)state;
}

static void test_gram__states_that_are_not_finite_are_refused(void **state)
{
    const float kept = states[1][77];
    const float *part[TAPS] = {states[0], states[1], states[2]};
    jc_stats *stats;
    jc_gram *gram;

    (void)state;
    states[1][77] = NAN;
    assert_int_equal(jc_stats_new(&stats, TAPS, D, true, "f", "m", NULL), JC_OK);
    assert_int_equal(jc_gram_new(&gram, stats, jc_backend_find("onednn"), NULL), JC_OK);
    assert_int_equal(jc_gram_rows(gram, part, 100, NULL), JC_OK);
    assert_int_equal(jc_gram_finish(gram, NULL), JC_E_NUMERIC);
    states[1][77] = kept;
    jc_gram_free(gram);
    jc_stats_free(stats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gram__matches_the_definition),
        cmocka_unit_test(test_gram__batches_and_threads_do_not_matter),
        cmocka_unit_test(test_gram__rows_written_in_place_give_the_same_bits),
        cmocka_unit_test(test_gram__shares_make_the_same_total),
        cmocka_unit_test(test_gram__far_outliers_are_added),
        cmocka_unit_test(test_gram__states_that_are_not_finite_are_refused),
    };
    return cmocka_run_group_tests_name("stats/gram", tests, fill, NULL);
}
