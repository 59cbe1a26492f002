/* SPDX-License-Identifier: MIT */
#include "stats/vectors.h"

enum { TAPS = 3, N = 600, D = 5 };

/* Offsets up to 1e4 times the spread, where sums of raw products would lose eight digits.
 */
static vectors some(void)
{
    vectors v = vectors_new(TAPS, N, D);
    uint64_t seed = 7;

    for (size_t t = 0; t < TAPS; t++)
        for (size_t r = 0; r < N; r++)
            for (size_t i = 0; i < D; i++)
                vectors_at(&v, t, r)[i] =
                    check_rand(&seed) + (float)t + (i == 2 ? 10000.0f : 0.0f);
    return v;
}

/* Rounding only: 1e-16 of the sums, a few thousand additions. */
static void check_same(const jc_stats *got, const jc_stats *want)
{
    assert_int_equal(jc_stats_rows(got), jc_stats_rows(want));
    assert_int_equal(jc_stats_texts(got), jc_stats_texts(want));
    check_close(got->mean, want->mean, TAPS * D, 1e-14, 1e-14);
    check_close(got->square, want->square, TAPS * D, 1e-11, 0);
    for (uint32_t i = 0; i < TAPS; i++) {
        for (uint32_t j = i; j < TAPS; j++) {
            const double *a = jc_stats_cross(got, i, j), *b = jc_stats_cross(want, i, j);

            assert_true(!a == !b);
            if (a)
                check_close(a, b, D * D, 1e-11, 1e-8);
        }
    }
}

static void test_moments__any_cut_gives_the_same_sums(void **state)
{
    static const size_t cuts[] = {0, 1, 2, 299, N - 1, N};
    vectors v = some();
    jc_stats *whole = vectors_block(&v, 0, N, true, false);

    (void)state;
    for (size_t c = 0; c < JC_COUNT(cuts); c++) {
        jc_stats *head = vectors_block(&v, 0, cuts[c], true, false);
        jc_stats *tail = vectors_block(&v, cuts[c], N - cuts[c], true, false);

        assert_int_equal(jc_stats_merge(head, tail, NULL), JC_OK);
        check_same(head, whole);
        jc_stats_free(head);
        jc_stats_free(tail);
    }
    jc_stats_free(whole);
    free(v.x);
}

static void test_moments__any_order_gives_the_same_sums(void **state)
{
    static const size_t orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}};
    static const size_t edge[] = {0, 7, 100, 450, N};
    vectors v = some();
    jc_stats *whole = vectors_block(&v, 0, N, false, false);

    (void)state;
    for (size_t o = 0; o < JC_COUNT(orders); o++) {
        jc_stats *all = vectors_block(&v, 0, 0, false, false);

        for (size_t k = 0; k < 4; k++) {
            size_t first = edge[orders[o][k]], n = edge[orders[o][k] + 1] - first;
            jc_stats *part = vectors_block(&v, first, n, false, false);

            assert_int_equal(jc_stats_merge(all, part, NULL), JC_OK);
            jc_stats_free(part);
        }
        check_same(all, whole);
        jc_stats_free(all);
    }
    jc_stats_free(whole);
    free(v.x);
}

static void test_moments__keep_the_pairs_asked_for(void **state)
{
    static const bool final[3][3] = {{true, false, true}, {false, true, true}, {0}};
    static const bool all[3][3] = {{true, true, true}, {false, true, true}, {0}};
    vectors v = some();

    (void)state;
    for (int every = 0; every < 2; every++) {
        jc_stats *s = vectors_block(&v, 0, 2, every, false);

        for (uint32_t i = 0; i < TAPS; i++)
            for (uint32_t j = 0; j < TAPS; j++)
                assert_true((jc_stats_cross(s, i, j) != NULL) ==
                            (every ? all : final)[i][j]);
        assert_null(jc_stats_cross(s, TAPS, TAPS));
        jc_stats_free(s);
    }
    free(v.x);
}

static void check_refused(jc_stats *a, jc_stats *b, const char *message)
{
    jc_error err;

    assert_int_equal(jc_stats_merge(a, b, &err), JC_E_MISMATCH);
    assert_string_equal(err.message, message);
    assert_int_equal(a->rows, 3);
    jc_stats_free(b);
}

static jc_stats *made(uint32_t taps, uint32_t width, bool all, const char *print,
                      const char *model)
{
    jc_stats *s;

    assert_int_equal(jc_stats_new(&s, taps, width, all, print, model, NULL), JC_OK);
    s->rows = 3;
    return s;
}

static void test_moments__of_different_models_are_not_merged(void **state)
{
    static const char other[] = "ffffffffffffffffffffffffffffffff";
    jc_stats *s = made(TAPS, D, true, VECTORS_PRINT, "a/model");

    (void)state;
    check_refused(s, made(TAPS, D, true, other, "another"),
                  "cannot merge sums of model 'a/model' (" VECTORS_PRINT
                  ") with sums of model 'another' (ffffffffffffffffffffffffffffffff)");
    check_refused(s, made(TAPS, D + 1, true, VECTORS_PRINT, "a/model"),
                  "cannot merge sums of 3 taps of width 5 with sums of 3 of width 6");
    check_refused(
        s, made(TAPS, D, false, VECTORS_PRINT, "a/model"),
        "cannot merge sums of all pairs, of the pairs to the last layer and of none with "
        "each other");
    jc_stats_free(s);
}

static void test_moments__counts_do_not_wrap(void **state)
{
    jc_stats *a = made(TAPS, D, true, VECTORS_PRINT, "m");
    jc_stats *b = made(TAPS, D, true, VECTORS_PRINT, "m");
    jc_error err;

    (void)state;
    b->rows = ((uint64_t)1 << 53) - 2;
    assert_int_equal(jc_stats_merge(a, b, &err), JC_E_ARG);
    assert_string_equal(err.message, "cannot merge sums: more than 2^53 vectors or texts");
    jc_stats_free(a);
    jc_stats_free(b);
}

static void test_moments__short_memory_is_a_status(void **state)
{
    vectors v = some();
    jc_stats *part = vectors_block(&v, 0, 9, true, false), *s = NULL;
    jc_status st = JC_E_NOMEM;
    long n;

    (void)state;
    for (n = 0; st == JC_E_NOMEM; n++) {
        jc_alloc_fail_after(n);
        st = jc_stats_new(&s, TAPS, D, true, VECTORS_PRINT, "m", NULL);
        jc_alloc_fail_after(-1);
    }
    assert_int_equal(st, JC_OK);
    assert_true(n > 5);
    jc_alloc_fail_after(0);
    assert_int_equal(jc_stats_merge(s, part, NULL), JC_E_NOMEM);
    jc_alloc_fail_after(-1);
    assert_int_equal(s->rows, 0);
    jc_stats_free(s);
    jc_stats_free(part);
    free(v.x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments__any_cut_gives_the_same_sums),
        cmocka_unit_test(test_moments__any_order_gives_the_same_sums),
        cmocka_unit_test(test_moments__keep_the_pairs_asked_for),
        cmocka_unit_test(test_moments__of_different_models_are_not_merged),
        cmocka_unit_test(test_moments__counts_do_not_wrap),
        cmocka_unit_test(test_moments__short_memory_is_a_status),
    };
    return cmocka_run_group_tests_name("stats/moments", tests, NULL, NULL);
}
