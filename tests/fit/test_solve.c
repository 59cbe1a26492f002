/* SPDX-License-Identifier: MIT */
/*
 * The maps from sums against LAPACK's gelsd on the vectors themselves (SVD, least norm).
 *
 * Tolerances. From sums in double, the two differ by rounding times the square of the
 * condition (with unit columns): 1e-16 * 1e6 for these cases, 1e-8 with room. From sums
 * of float32 products, an entry is off by up to 4e-7 and a prediction by that over the
 * smallest eigenvalue kept, about 1e-2 in these cases, less by cancellation: 2e-5. Errors
 * are root mean squares over fresh vectors, in units of those of gelsd's predictions, for
 * each output.
 */
#include "stats/vectors.h"

#include <cblas.h>

#include "fit/solve.h"
#include "stats/gram.h"
#include "support/gelsd.h"

enum { FRESH = 100 };

typedef struct kind {
    const char *name;
    size_t n, d;
    double spread; /* coordinates differ by so much in scale */
    double
        offset; /* mean over spread, of every fourth coordinate; 0: zero is in the span */
    size_t distinct; /* different vectors; 0: all */
    size_t rank;     /* of the affine span; 0: whole */
    bool constant;   /* two coordinates never change */
} kind;

static const kind kinds[] = {
    {"plain", 700, 24, 1, 1, 0, 0, false},
    {"scales", 700, 24, 1e4, 1, 0, 0, false},
    {"offset", 700, 24, 1, 300, 0, 0, false},
    {"scales and offset", 700, 24, 1e4, 100, 0, 0, false},
    {"constant", 700, 24, 1e4, 3, 0, 0, true},
    {"few", 20, 48, 1, 1, 0, 0, false},
    {"few, scales", 20, 48, 1e4, 1, 0, 0, false},
    {"five vectors", 300, 32, 1, 1, 5, 0, false},
    {"five vectors, scales", 300, 32, 1e4, 1, 5, 0, false},
    {"five vectors, constant", 600, 32, 1, 3, 5, 0, true},
    {"one vector", 30, 16, 1, 1, 1, 0, true},
    {"affine plane", 700, 24, 1, 1, 0, 9, false},
    {"affine plane, scales", 700, 24, 1e4, 30, 0, 9, false},
    {"plane through zero", 700, 24, 1, 0, 0, 9, false},
    {"plane through zero, scales", 700, 24, 1e4, 0, 0, 9, false},
};

static double sixteenths(double x)
{
    return round(16 * x) / 16;
}

static double scale_of(const kind *k, size_t i)
{
    return exp2(round(log2(k->spread) * (double)((i * 7) % k->d) / (double)(k->d - 1)));
}

/* One vector of a kind: scale * (mix z + mean), z [rank] normal; all from seeds. All
 * factors are short binary fractions, so that a rank is what it is in float32 too. */
static void draw(const kind *k, uint64_t *seed, float *x)
{
    size_t d = k->d, rank = k->rank ? k->rank : d;
    uint64_t mix = 77, which = 5;
    double z[64];

    if (k->distinct)
        for (uint64_t turn = *seed >> 33; turn % k->distinct > 0; turn--)
            check_rand(&which);
    check_rand(seed);
    for (size_t e = 0; e < rank; e++)
        z[e] = sixteenths(vectors_normal(k->distinct ? &which : seed) +
                          (k->offset > 0 ? 0 : 1));
    for (size_t i = 0; i < d; i++) {
        double value = i % 4 == 1 || k->offset <= 0 ? k->offset : 0.5;

        for (size_t e = 0; e < rank; e++)
            value +=
                z[e] * (e == i % rank ? 1.0 : sixteenths(0.3 * (double)check_rand(&mix)));
        if (k->constant && (i == 3 || i == 7))
            value = 2.5;
        x[i] = (float)(value * scale_of(k, i));
    }
}

/* Tap 0 of the kind; tap 1 a linear map of it with noise and an offset. */
static vectors make(const kind *k, uint64_t seed, size_t n)
{
    vectors v = vectors_new(2, n, k->d);

    for (size_t r = 0; r < n; r++) {
        uint64_t map = 99;
        float *x = vectors_at(&v, 0, r), *y = vectors_at(&v, 1, r);

        draw(k, &seed, x);
        for (size_t i = 0; i < k->d; i++) {
            double sum = 1 + 0.3 * vectors_normal(&seed);

            for (size_t j = 0; j < k->d; j++)
                sum += (double)x[j] / scale_of(k, j) * (double)check_rand(&map);
            y[i] = (float)sum;
        }
    }
    return v;
}

/* w [d, d], by SVD of the vectors. */
static void by_svd(const vectors *v, bool bias, double *w)
{
    size_t n = v->n, d = v->d;
    double *a = calloc(n * d, sizeof *a), *b = calloc(n * d, sizeof *b);

    for (size_t t = 0; t < 2; t++) {
        double *to = t ? b : a;

        for (size_t i = 0; i < d; i++) {
            double first = (double)vectors_at(v, t, 0)[i]; /* a constant's mean is exact */
            double mean = 0;

            for (size_t r = 0; r < n; r++)
                mean += ((double)vectors_at(v, t, r)[i] - first) / (double)n;
            mean += first;
            for (size_t r = 0; r < n; r++)
                to[r * d + i] = (double)vectors_at(v, t, r)[i] - (bias ? mean : 0);
        }
    }
    assert_true(gelsd(a, b, n, d, 1e-12, w));
    free(a);
    free(b);
}

static void from_sums(const jc_stats *s, bool bias, double *w)
{
    jc_source source = {
        jc_stats_cross(s, 0, 0), s->mean, (double)s->rows, s->width, bias, 0, "layer 0"};
    jc_solver *solver;
    jc_error err;

    assert_int_equal(jc_solver_new(&solver, &source, &err), JC_OK);
    jc_solver_solve(solver, s->width, jc_stats_cross(s, 0, 1), s->mean + s->width, w);
    jc_solver_free(solver);
}

/* Largest over outputs of rms(got - want) / rms(want) over fresh vectors x less `mean`. */
static double apart(const vectors *fresh, const double *mean, const double *got,
                    const double *want)
{
    size_t d = fresh->d;
    double worst = 0;

    for (size_t i = 0; i < d; i++) {
        double diff = 0, size = 0;

        for (size_t r = 0; r < fresh->n; r++) {
            const float *x = vectors_at(fresh, 0, r);
            double a = 0, b = 0;

            for (size_t j = 0; j < d; j++) {
                a += got[i * d + j] * ((double)x[j] - mean[j]);
                b += want[i * d + j] * ((double)x[j] - mean[j]);
            }
            diff += (a - b) * (a - b);
            size += b * b;
        }
        worst = fmax(worst, sqrt(diff / (size + 1e-300)));
    }
    return worst;
}

static void compare(const kind *k, bool bias, bool rounded, double tolerance)
{
    static const kind whole = {0};
    vectors v = make(k, 1, k->n);
    kind loose = *k; /* fresh vectors leave the span, if there is one */
    size_t d = k->d;
    double *got = calloc(d * d, sizeof *got), *want = calloc(d * d, sizeof *want);
    double *zero = calloc(d, sizeof *zero);

    loose.distinct = whole.distinct;
    loose.constant = whole.constant;
    vectors fresh = make(&loose, 1234567, FRESH);
    jc_stats *s = vectors_stats(&v, false, rounded);

    from_sums(s, bias, got);
    by_svd(&v, bias, want);
    double off = apart(&fresh, bias ? s->mean : zero, got, want);
    if (getenv("JC_VERBOSE"))
        print_message("%-24s bias %d rounded %d: %.3g\n", k->name, bias, rounded, off);
    if (!(off <= tolerance))
        fail_msg("%s, bias %d, rounded %d: predictions are off by %.3g, more than %.3g",
                 k->name, bias, rounded, off, tolerance);
    jc_stats_free(s);
    free(v.x);
    free(fresh.x);
    free(got);
    free(want);
    free(zero);
}

static void test_solve__equals_gelsd_from_sums_in_double(void **state)
{
    (void)state;
    for (size_t i = 0; i < JC_COUNT(kinds); i++) {
        compare(&kinds[i], false, false, 1e-8);
        compare(&kinds[i], true, false, 1e-8);
    }
}

static void test_solve__equals_gelsd_from_sums_of_float_products(void **state)
{
    (void)state;
    for (size_t i = 0; i < JC_COUNT(kinds); i++) {
        compare(&kinds[i], false, true, 2e-5);
        compare(&kinds[i], true, true, 2e-5);
    }
}

/* All pairs of coordinates correlate by 1 - apart: one eigenvalue is near d, all others are
 * `apart`. The sums of y = W x exactly; w gets what the solver makes of them. */
static void solve_alike(double apart, const double *want, double *w, size_t d)
{
    double *square = calloc(d * d, sizeof *square), *cross = calloc(d * d, sizeof *cross);
    double *mean = calloc(d, sizeof *mean);
    jc_source source = {square, mean, 1000, d, true, 0, "layer 0"};
    jc_solver *solver;

    for (size_t i = 0; i < d; i++) {
        double all = 0;

        for (size_t j = 0; j < d; j++)
            square[i * d + j] = i == j ? 1 : 1 - apart;
        for (size_t j = 0; j < d; j++)
            all += want[i * d + j];
        for (size_t j = 0; j < d;
             j++) /* (apart I + (1 - apart) 11') W', without cancelling */
            cross[j * d + i] = apart * want[i * d + j] + (1 - apart) * all;
    }
    assert_int_equal(jc_solver_new(&solver, &source, NULL), JC_OK);
    jc_solver_solve(solver, d, cross, mean, w);
    jc_solver_free(solver);
    free(square);
    free(cross);
    free(mean);
}

/* The cut is 2^-19 sqrt(24) = 9.3e-6 here. Just above it, where the estimate from the
 * Cholesky factor is too careful to say so, all directions count; just below, one is left.
 */
static void test_solve__cuts_where_the_noise_begins(void **state)
{
    enum { WIDE = 24 };
    double want[WIDE * WIDE], level[WIDE * WIDE], w[WIDE * WIDE];
    uint64_t seed = 31;

    (void)state;
    for (size_t k = 0; k < WIDE * WIDE; k++)
        want[k] = (double)check_rand(&seed);
    for (size_t i = 0; i < WIDE; i++) { /* of least norm along 1: the mean of the row */
        double all = 0;

        for (size_t j = 0; j < WIDE; j++)
            all += want[i * WIDE + j] / WIDE;
        for (size_t j = 0; j < WIDE; j++)
            level[i * WIDE + j] = all;
    }
    solve_alike(1e-2, want, w, WIDE);
    check_close(w, want, WIDE * WIDE, 0, 1e-11); /* 1e-16 * 24 / 1e-2, with room */
    solve_alike(1.3e-5, want, w, WIDE);
    check_close(w, want, WIDE * WIDE, 0, 1e-8);
    solve_alike(0.8e-5, want, w, WIDE);
    check_close(w, level, WIDE * WIDE, 0, 1e-5); /* cross still has `apart` of the rest */
}

/* What a coordinate at 5 varies by when its mean was rounded to float32 is no spread. */
static void test_solve__takes_rounding_for_a_constant(void **state)
{
    const double rows = 1000, ulp = 5 * 0x1p-24;
    double square[4] = {rows, 0, 0, rows * ulp * ulp}, mean[2] = {0, 5}, mean_y[2] = {1, 1};
    double cross[4] = {3 * rows, 0, rows * ulp, 0}; /* y = 3 x, and rounding */
    double w[4];

    (void)state;
    for (int bias = 0; bias < 2; bias++) {
        jc_source source = {square, mean, rows, 2, bias, 0, "layer 0"};
        jc_solver *solver;

        assert_int_equal(jc_solver_new(&solver, &source, NULL), JC_OK);
        jc_solver_solve(solver, 2, cross, mean_y, w);
        const double want[4] = {3, bias ? 0 : 0.2, 0, bias ? 0 : 0.2}; /* 5 * 0.2 = 1 */
        check_close(w, want, 4, 0, 1e-12);
        jc_solver_free(solver);
    }
}

/* As the states of a BERT's first layers: a LayerNorm keeps them in a plane, which passes
 * zero at a thousandth of their spread, and two coordinates are nearly one. y has an
 * offset, and only the distance of the plane can stand for it. */
static vectors near_plane(size_t n, uint64_t seed)
{
    enum { WIDE = 16 };
    vectors v = vectors_new(2, n, WIDE);

    for (size_t r = 0; r < n; r++) {
        float *x = vectors_at(&v, 0, r), *y = vectors_at(&v, 1, r), rest = 0;
        uint64_t map = 99;
        for (size_t i = 0; i + 1 < WIDE; i++) {
            x[i] = (float)(i == 1 ? (double)x[0] + 0.02 + 0.01 * vectors_normal(&seed)
                                  : 0.25 + vectors_normal(&seed));
            rest += i % 2 ? x[i] : -x[i];
        }
        x[WIDE - 1] = 0.001f - rest;
        for (size_t i = 0; i < WIDE; i++) {
            double sum = 1 + 0.3 * vectors_normal(&seed);
            for (size_t j = 0; j < WIDE; j++)
                sum += (double)(x[j] * check_rand(&map));
            y[i] = (float)sum;
        }
    }
    return v;
}

/* Through the sums that a fit is made of. Tolerance: x is rounded to 1e-7, which turns the
 * plane by 1e-7 / sqrt(n) over the small spread of 1e-2, by 3e-7: over its distance, 3e-4.
 */
static void test_solve__knows_a_plane_that_passes_close_by_zero(void **state)
{
    vectors v = near_plane(1700, 1), fresh = near_plane(FRESH, 2);
    const float *rows[] = {v.x, vectors_at(&v, 1, 0)};
    double *got = calloc(v.d * v.d, sizeof *got), *want = calloc(v.d * v.d, sizeof *want);
    double *zero = calloc(v.d, sizeof *zero);
    jc_stats *s;
    jc_gram *gram;

    (void)state;
    assert_int_equal(jc_stats_new(&s, 2, (uint32_t)v.d, false, "f", "m", NULL), JC_OK);
    assert_int_equal(jc_gram_new(&gram, s, jc_backend_find("onednn"), NULL), JC_OK);
    assert_int_equal(jc_gram_rows(gram, rows, v.n, NULL), JC_OK);
    assert_int_equal(jc_gram_finish(gram, NULL), JC_OK);
    jc_gram_free(gram);
    from_sums(s, false, got);
    by_svd(&v, false, want);
    double off = apart(&fresh, zero, got, want);
    if (getenv("JC_VERBOSE"))
        print_message("near plane: %.3g\n", off);
    if (!(off <= 3e-4))
        fail_msg("predictions are off by %.3g", off);
    jc_stats_free(s);
    free(v.x);
    free(fresh.x);
    free(got);
    free(want);
    free(zero);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_solve__equals_gelsd_from_sums_in_double),
        cmocka_unit_test(test_solve__equals_gelsd_from_sums_of_float_products),
        cmocka_unit_test(test_solve__cuts_where_the_noise_begins),
        cmocka_unit_test(test_solve__takes_rounding_for_a_constant),
        cmocka_unit_test(test_solve__knows_a_plane_that_passes_close_by_zero),
    };
    openblas_set_num_threads(1); /* gelsd of small matrices is slower by more */
    return cmocka_run_group_tests_name("fit/solve", tests, NULL, NULL);
}
