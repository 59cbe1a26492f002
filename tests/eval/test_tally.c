/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/bootstrap.h"
#include "eval/tally.h"

enum { SERIES = 3, TEXTS = 70, ROWS = TEXTS * 4 };

/* 70 texts of 1 to 7 rows, four on average. */
struct rows {
    jc_score scores[SERIES * ROWS]; /* [SERIES, ROWS] */
    uint32_t owners[ROWS];
    size_t n;
};

static struct rows some_rows(void)
{
    struct rows rows = {.n = 0};
    uint64_t seed = 4;

    for (size_t text = 0; text < TEXTS; text++)
        for (size_t k = 0; k <= text % 7; k++)
            rows.owners[rows.n++] = (uint32_t)text;
    for (size_t i = 0; i < SERIES; i++)
        for (size_t r = 0; r < rows.n; r++)
            rows.scores[i * rows.n + r] = (jc_score){
                .surprisal = 3 + 2 * check_rand(&seed),
                .kl = 1 + check_rand(&seed),
                .rank = (uint32_t)fabsf(20 * check_rand(&seed)),
            };
    return rows;
}

/* Rows [first, first + n) in one call. */
static void add_part(jc_tally *tally, const struct rows *rows, size_t first, size_t n)
{
    jc_score *part = malloc(SERIES * n * sizeof *part);

    assert_non_null(part);
    for (size_t i = 0; i < SERIES; i++)
        memcpy(part + i * n, rows->scores + i * rows->n + first, n * sizeof *part);
    assert_int_equal(jc_tally_add(tally, part, rows->owners + first, n, NULL), JC_OK);
    free(part);
}

/* `texts` together, all when 0. */
static jc_tally *tally_of(const struct rows *rows, uint32_t texts, uint32_t replicates,
                          uint64_t seed)
{
    jc_tally *tally;

    assert_int_equal(jc_tally_new(&tally, SERIES, replicates, seed, NULL), JC_OK);
    for (size_t first = 0, n; first < rows->n; first += n) {
        for (n = 1; first + n < rows->n; n++)
            if (texts && rows->owners[first + n] >= rows->owners[first] + texts)
                break;
        add_part(tally, rows, first, n);
    }
    assert_int_equal(jc_tally_end(tally, NULL), JC_OK);
    return tally;
}

static void test_tally__figures_are_means_over_rows(void **state)
{
    struct rows rows = some_rows();
    jc_tally *tally = tally_of(&rows, 0, 20, 1);

    (void)state;
    for (size_t i = 0; i < SERIES; i++) {
        double want[5] = {0}, n = (double)rows.n;
        for (size_t r = 0; r < rows.n; r++) {
            const jc_score *s = &rows.scores[i * rows.n + r];
            want[0] += (s->rank == 0) / n;
            want[1] += (s->rank <= 4) / n;
            want[2] += (s->rank <= 9) / n;
            want[3] += (double)s->surprisal / n;
            want[4] += (double)s->kl / n;
        }
        jc_scores x = jc_tally_scores(tally, i);
        const double got[5] = {x.p1.value, x.p5.value, x.p10.value, x.surprisal.value,
                               x.kl.value};
        check_close(got, want, 5, (double)rows.n * 0x1p-52, 0);
    }
    jc_tally_free(tally);
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

/* By the definition: texts with weights; 41 draws, so that both percentiles are draws. */
static void test_tally__intervals_are_percentiles_over_drawn_texts(void **state)
{
    enum { DRAWS = 41 };
    struct rows rows = some_rows();
    double weights[TEXTS][DRAWS], surprisal[DRAWS], p5[DRAWS];
    jc_tally *tally = tally_of(&rows, 0, DRAWS, 6);
    jc_scores x = jc_tally_scores(tally, 1);

    (void)state;
    for (size_t t = 0; t < TEXTS; t++)
        jc_bootstrap_weights(6, t, DRAWS, weights[t]);
    for (size_t d = 0; d < DRAWS; d++) {
        double n = 0, total = 0, hits = 0;
        for (size_t r = 0; r < rows.n; r++) {
            const jc_score *s = &rows.scores[rows.n + r];
            double weight = weights[rows.owners[r]][d];
            n += weight;
            total += weight * (double)s->surprisal;
            hits += weight * (s->rank < 5);
        }
        surprisal[d] = total / n;
        p5[d] = hits / n;
    }
    qsort(surprisal, DRAWS, sizeof *surprisal, ascending);
    qsort(p5, DRAWS, sizeof *p5, ascending);
    const double want[4] = {surprisal[1], surprisal[39], p5[1], p5[39]};
    const double got[4] = {x.surprisal.low, x.surprisal.high, x.p5.low, x.p5.high};
    check_close(got, want, 4, 2 * ROWS * 0x1p-52, 0);
    jc_tally_free(tally);
}

/* To the last digit. */
static void test_tally__does_not_depend_on_the_cut_into_calls(void **state)
{
    struct rows rows = some_rows();
    jc_tally *whole = tally_of(&rows, 0, 200, 1);

    (void)state;
    for (uint32_t texts = 1; texts < TEXTS; texts += 6) {
        jc_tally *cut = tally_of(&rows, texts, 200, 1);
        for (size_t i = 0; i < SERIES; i++) {
            jc_scores a = jc_tally_scores(whole, i), b = jc_tally_scores(cut, i);
            assert_memory_equal(&a, &b, sizeof a);
        }
        jc_tally_free(cut);
    }
    jc_tally_free(whole);
}

static void test_tally__the_seed_names_the_draw(void **state)
{
    struct rows rows = some_rows();
    jc_tally *a = tally_of(&rows, 0, 200, 1), *b = tally_of(&rows, 0, 200, 2);
    jc_estimate x = jc_tally_scores(a, 0).surprisal, y = jc_tally_scores(b, 0).surprisal;

    (void)state;
    assert_memory_equal(&x.value, &y.value, sizeof x.value);
    assert_memory_not_equal(&x.low, &y.low, sizeof x.low);
    jc_tally_free(a);
    jc_tally_free(b);
}

/* Series are drawn together, so where one is better in every text the mean of both has an
 * interval between theirs; of one series the mean is itself. */
static void test_tally__mean_over_series_has_an_interval_of_its_own(void **state)
{
    struct rows rows = some_rows();

    (void)state;
    for (size_t r = 0; r < rows.n; r++) {
        rows.scores[r].rank = rows.owners[r] % 2;
        rows.scores[rows.n + r].rank = 0;
    }
    jc_tally *tally = tally_of(&rows, 0, 200, 1);
    jc_estimate half = jc_tally_scores(tally, 0).p1;
    jc_estimate mean = jc_tally_mean(tally, 0, 2), same = jc_tally_mean(tally, 0, 1);
    const double got[6] = {mean.value, mean.low, mean.high,
                           same.value, same.low, same.high};
    const double p1[3] = {half.value, half.low, half.high};
    const double want[6] = {(1 + p1[0]) / 2, (1 + p1[1]) / 2, (1 + p1[2]) / 2,
                            p1[0],           p1[1],           p1[2]};
    check_close(got, want, 6, 4 * 0x1p-52, 0);
    assert_true(p1[1] < p1[2]);
    jc_tally_free(tally);
}

static void test_tally__what_is_not_known_is_nan(void **state)
{
    struct rows rows = some_rows();

    (void)state;
    rows.scores[5].surprisal = (float)NAN;
    jc_tally *tally = tally_of(&rows, 0, 50, 1), *none = tally_of(&rows, 0, 0, 1);
    jc_scores x = jc_tally_scores(tally, 0), plain = jc_tally_scores(none, 1);
    assert_true(isnan(x.surprisal.value) && isnan(x.surprisal.low));
    assert_true(x.p1.low <= x.p1.value);
    assert_true(isfinite(plain.surprisal.value));
    assert_true(isnan(plain.surprisal.low) && isnan(plain.p10.high));
    jc_tally_free(tally);
    jc_tally_free(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tally__figures_are_means_over_rows),
        cmocka_unit_test(test_tally__intervals_are_percentiles_over_drawn_texts),
        cmocka_unit_test(test_tally__does_not_depend_on_the_cut_into_calls),
        cmocka_unit_test(test_tally__the_seed_names_the_draw),
        cmocka_unit_test(test_tally__mean_over_series_has_an_interval_of_its_own),
        cmocka_unit_test(test_tally__what_is_not_known_is_nan),
    };
    return cmocka_run_group_tests_name("eval/tally", tests, NULL, NULL);
}
