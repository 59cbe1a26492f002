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
static void check_definition(const jc_stats *stats)
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
                    if (fabs(got[a * D + b] - want) > 1e-6 * size)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gram__matches_the_definition),
        cmocka_unit_test(test_gram__batches_and_threads_do_not_matter),
        cmocka_unit_test(test_gram__rows_written_in_place_give_the_same_bits),
    };
    return cmocka_run_group_tests_name("stats/gram", tests, fill, NULL);
}
