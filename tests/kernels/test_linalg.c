/* SPDX-License-Identifier: MIT */
/* linalg against the definitions, in double. */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/linalg.h"

enum { M = 5, N = 7, K = 11 };

static void fill(double *x, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (double)check_rand(&seed);
}

/* a [N, N], positive definite. */
static void fill_symmetric(double *a)
{
    double b[N * N];

    fill(b, N * N, 5);
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < N; j++) {
            a[i * N + j] = i == j ? 0.5 : 0;
            for (size_t k = 0; k < N; k++)
                a[i * N + j] += b[i * N + k] * b[j * N + k];
        }
    }
}

static void test_sgemm_nt__matches_the_definition(void **state)
{
    float a[M * K], b[N * K], c[M * N];
    double got[M * N], want[M * N] = {0};
    uint64_t seed = 1;

    (void)state;
    for (size_t i = 0; i < M * K; i++)
        a[i] = check_rand(&seed);
    for (size_t i = 0; i < N * K; i++)
        b[i] = check_rand(&seed);
    jc_sgemm_nt(M, N, K, a, b, c);
    for (size_t i = 0; i < M; i++)
        for (size_t j = 0; j < N; j++)
            for (size_t k = 0; k < K; k++)
                want[i * N + j] += (double)a[i * K + k] * (double)b[j * K + k];
    for (size_t i = 0; i < M * N; i++)
        got[i] = (double)c[i];
    check_close(got, want, M * N, 1e-6, 1e-6); /* 11 products of float32 */
}

static void test_dgemm__transposes_either_side(void **state)
{
    double a[M * K], b[K * N], c[M * N], want[M * N];

    (void)state;
    fill(a, M * K, 2);
    fill(b, K * N, 3);
    for (int t = 0; t < 4; t++) {
        bool ta = t & 1, tb = t & 2;

        for (size_t i = 0; i < M; i++) {
            for (size_t j = 0; j < N; j++) {
                want[i * N + j] = 0;
                for (size_t k = 0; k < K; k++)
                    want[i * N + j] +=
                        a[ta ? k * M + i : i * K + k] * b[tb ? j * K + k : k * N + j];
            }
        }
        jc_dgemm(ta, tb, M, N, K, a, b, c);
        check_close(c, want, M * N, 1e-14, 1e-14);
    }
}

static void test_dgemm__of_nothing_is_nothing(void **state)
{
    double a[1] = {1}, c[M * N];

    (void)state;
    fill(c, M * N, 4);
    jc_dgemm(false, false, M, N, 0, a, a, c);
    for (size_t i = 0; i < M * N; i++)
        assert_true(c[i] == 0);
    jc_dgemm(false, false, 0, N, 3, a, a, c);
    jc_dgemm(false, false, M, 0, 3, a, a, c);
}

static void test_cholesky__inverse_times_matrix_is_one(void **state)
{
    double a[N * N], inverse[N * N], product[N * N], one[N * N] = {0};

    (void)state;
    fill_symmetric(a);
    memcpy(inverse, a, sizeof a);
    assert_true(jc_cholesky(inverse, N));
    jc_cholesky_invert(inverse, N);
    jc_dgemm(false, false, N, N, N, inverse, a, product);
    for (size_t i = 0; i < N; i++)
        one[i * N + i] = 1;
    check_close(product, one, N * N, 0, 1e-12);
}

static void test_cholesky__says_no_to_what_is_not_positive(void **state)
{
    double a[4] = {1, 2, 2, 1};

    (void)state;
    assert_false(jc_cholesky(a, 2));
}

static void test_cholesky__least_is_no_more_than_the_least_eigenvalue(void **state)
{
    double a[N * N], v[N * N], value[N], norm1 = 0, least;

    (void)state;
    fill_symmetric(a);
    for (size_t i = 0; i < N; i++) {
        double sum = 0;
        for (size_t j = 0; j < N; j++)
            sum += fabs(a[i * N + j]);
        norm1 = fmax(norm1, sum);
    }
    memcpy(v, a, sizeof a);
    assert_int_equal(jc_eigen(v, N, value, NULL), JC_OK);
    assert_true(jc_cholesky(a, N));
    assert_int_equal(jc_cholesky_least(a, N, norm1, &least, NULL), JC_OK);
    assert_true(least <= value[0]);           /* |A^-1|_1 is at least |A^-1|_2 */
    assert_true(least >= value[0] / sqrt(N)); /* and no more than sqrt(n) of it */
}

static void test_eigen__vectors_make_up_the_matrix(void **state)
{
    double a[N * N], v[N * N], value[N], want[N * N];

    (void)state;
    fill_symmetric(a);
    memcpy(v, a, sizeof a);
    assert_int_equal(jc_eigen(v, N, value, NULL), JC_OK);
    for (size_t e = 0; e + 1 < N; e++)
        assert_true(value[e] <= value[e + 1]);
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < N; j++) {
            want[i * N + j] = 0;
            for (size_t e = 0; e < N; e++)
                want[i * N + j] += v[e * N + i] * value[e] * v[e * N + j];
        }
    }
    check_close(a, want, N * N, 1e-12, 1e-12);
}

static void test_orthonormal__spans_the_same(void **state)
{
    double a[M * N], q[M * N], one[M * M] = {0}, gram[M * M], along[M * M], back[M * N];

    (void)state;
    fill(a, M * N, 9);
    for (size_t i = 0; i < M; i++)
        a[i * N] *= 1e4;
    memcpy(q, a, sizeof a);
    assert_int_equal(jc_orthonormal(q, M, N, NULL), JC_OK);
    for (size_t i = 0; i < M; i++)
        one[i * M + i] = 1;
    jc_dgemm(false, true, M, M, N, q, q, gram);
    check_close(gram, one, M * M, 0, 1e-14);
    jc_dgemm(false, true, M, M, N, a, q, along);
    jc_dgemm(false, false, M, N, M, along, q, back);
    check_close(back, a, M * N, 1e-14, 1e-11);
}

static void test_linalg__short_memory_is_a_status(void **state)
{
    double a[N * N], value[N], least;

    (void)state;
    fill_symmetric(a);
    for (long n = 0; n < 2; n++) {
        jc_alloc_fail_after(n);
        assert_int_equal(jc_eigen(a, N, value, NULL), JC_E_NOMEM);
        jc_alloc_fail_after(n);
        assert_int_equal(jc_orthonormal(a, M, N, NULL), JC_E_NOMEM);
        jc_alloc_fail_after(n);
        assert_int_equal(jc_cholesky_least(a, N, 1, &least, NULL), JC_E_NOMEM);
    }
    jc_alloc_fail_after(-1);
}

enum { WIDE = 301 }; /* some panels, and a part of one */

/* Every function once, on its own numbers; out is [6, WIDE, WIDE]. */
static void run_all(double *out)
{
    const size_t size = (size_t)WIDE * WIDE;
    double *a = malloc(2 * size * sizeof *a), *b = a + size, value[WIDE];

    assert_non_null(a);
    fill(a, 2 * size, 6);
    for (size_t t = 0; t < 3; t++)
        jc_dgemm(t & 1, t & 2, WIDE, WIDE, WIDE, a, b, out + t * size);
    jc_dgemm(false, true, WIDE, WIDE, WIDE, a, a, out + 3 * size);
    for (size_t i = 0; i < WIDE; i++)
        out[3 * size + i * WIDE + i] += 1;
    memcpy(out + 4 * size, out + 3 * size, size * sizeof *out);
    assert_int_equal(jc_eigen(out + 4 * size, WIDE, value, NULL), JC_OK);
    assert_true(jc_cholesky(out + 3 * size, WIDE));
    jc_cholesky_invert(out + 3 * size, WIDE);
    memcpy(out + 5 * size, a, size * sizeof *out);
    assert_int_equal(jc_orthonormal(out + 5 * size, WIDE, WIDE, NULL), JC_OK);
    free(a);
}

static void test_linalg__does_not_depend_on_threads(void **state)
{
    const size_t bytes = 6 * (size_t)WIDE * WIDE * sizeof(double);
    double *one = malloc(bytes), *more = malloc(bytes);

    (void)state;
    assert_true(one && more);
    jc_threads_enter(1);
    run_all(one);
    for (uint32_t threads = 2; threads <= 5; threads++) {
        jc_threads_enter(threads);
        run_all(more);
        assert_memory_equal(one, more, bytes);
        assert_int_equal(jc_threads_max(), threads); /* as it was set */
    }
    jc_threads_enter(0);
    free(one);
    free(more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sgemm_nt__matches_the_definition),
        cmocka_unit_test(test_dgemm__transposes_either_side),
        cmocka_unit_test(test_dgemm__of_nothing_is_nothing),
        cmocka_unit_test(test_cholesky__inverse_times_matrix_is_one),
        cmocka_unit_test(test_cholesky__says_no_to_what_is_not_positive),
        cmocka_unit_test(test_cholesky__least_is_no_more_than_the_least_eigenvalue),
        cmocka_unit_test(test_eigen__vectors_make_up_the_matrix),
        cmocka_unit_test(test_orthonormal__spans_the_same),
        cmocka_unit_test(test_linalg__short_memory_is_a_status),
        cmocka_unit_test(test_linalg__does_not_depend_on_threads),
    };
    return cmocka_run_group_tests_name("kernels/linalg", tests, NULL, NULL);
}
