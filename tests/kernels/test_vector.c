/* SPDX-License-Identifier: MIT */
/*
 * Loops over one row of logits, against their definitions in double.
 *
 * Tolerance of sums: 2e-6 of the sum of the sizes of what is added, as exponentials are
 * good to 2 ulp (2.4e-7) and runs of 1024 numbers are added in float32.
 */
#include <math.h>
#include <string.h>

#include "kernels/vector.h"
#include "support/check.h"

enum { MOST = 5000, TOP = 40 };

static float x[MOST], p[MOST];

/* Many equal numbers, so that ties are met. */
static void fill(size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)(round(200 * check_rand(&seed)) / 16);
        p[i] = (float)fabs(check_rand(&seed)) / (float)n;
    }
}

static void check_near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%.9g instead of %.9g", got, want);
}

static const size_t sizes[] = {1, 15, 256, 257, 1024, 1500, MOST};

static void test_row_sums__are_those_of_the_definitions(void **state)
{
    (void)state;
    for (size_t s = 0; s < JC_COUNT(sizes); s++) {
        size_t n = sizes[s], above = 0;
        double max = -1e9, exps = 0, exp_z = 0, p_z = 0, size = 0;
        fill(n, s + 1);
        float bound = x[n / 2];
        for (size_t i = 0; i < n; i++)
            max = fmax(max, (double)x[i]);
        for (size_t i = 0; i < n; i++) {
            double z = (double)x[i] - max;
            exps += exp(z);
            exp_z += z * exp(z);
            p_z += (double)p[i] * z;
            size += (double)p[i] * -z;
            above += x[i] > bound;
        }
        jc_row_sums got = jc_vector_get()->row_sums(n, x, (float)max, p, bound);
        check_near(got.exp, exps, 2e-6 * exps);
        check_near(got.exp_z, exp_z, 2e-6 * fabs(exp_z) + 1e-30);
        check_near(got.p_z, p_z, 2e-6 * size + 1e-30);
        assert_int_equal(got.above, above);
        got = jc_vector_get()->row_sums(n, x, (float)max, NULL, bound);
        check_near(got.p_z, 0, 0);
        check_near(got.exp, exps, 2e-6 * exps);
    }
}

static void test_exps__are_those_of_the_definition(void **state)
{
    static float out[MOST];

    (void)state;
    for (size_t s = 0; s < JC_COUNT(sizes); s++) {
        size_t n = sizes[s];
        double sum = 0;
        fill(n, s + 7);
        double got = jc_vector_get()->exps(n, x, 20, 0.25f, out);
        for (size_t i = 0; i < n; i++) {
            double want = 0.25 * exp((double)x[i] - 20);
            check_near((double)out[i], want, 5e-7 * want);
            sum += want;
        }
        check_near(got, sum, 2e-6 * sum);
    }
}

static void test_row_sums__tell_of_a_number_that_is_not_finite(void **state)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};

    (void)state;
    for (size_t i = 0; i < JC_COUNT(bad); i++)
        for (size_t at = 0; at < 1500; at += 499) {
            uint32_t top[3];
            fill(1500, 5);
            x[at] = bad[i];
            jc_vector_get()->top_k(1500, x, 3, top);
            jc_row_sums got = jc_vector_get()->row_sums(1500, x, x[top[0]], NULL, 0);
            assert_false(isfinite(got.exp) && isfinite(got.exp_z));
        }
}

static void test_top_k__are_the_largest_equal_ones_by_index(void **state)
{
    (void)state;
    for (size_t s = 0; s < JC_COUNT(sizes); s++)
        for (size_t k = 1; k <= TOP && k <= sizes[s]; k += 13) {
            static bool used[MOST];
            uint32_t top[TOP];
            size_t n = sizes[s];
            fill(n, 100 * s + k);
            memset(used, 0, sizeof used);
            jc_vector_get()->top_k(n, x, k, top);
            for (size_t r = 0; r < k; r++) { /* the best of those that are left */
                size_t best = n;
                for (size_t i = 0; i < n; i++)
                    if (!used[i] && (best == n || x[i] > x[best]))
                        best = i;
                assert_int_equal(top[r], best);
                used[best] = true;
            }
        }
}

static void test_turn__is_the_transpose(void **state)
{
    static const size_t shapes[][2] = {{1, 1}, {8, 8}, {16, 64}, {9, 17}, {3, 40}, {16, 5}};
    float out[80 * 20];

    (void)state;
    fill(MOST, 7);
    for (size_t s = 0; s < JC_COUNT(shapes); s++) {
        size_t rows = shapes[s][0], n = shapes[s][1], stride = rows + 3;
        for (size_t i = 0; i < JC_COUNT(out); i++)
            out[i] = -1e9f;
        jc_vector_get()->turn(rows, n, x, out, stride);
        for (size_t i = 0; i < n; i++)
            for (size_t r = 0; r < stride; r++)
                assert_true(out[i * stride + r] == (r < rows ? x[r * n + i] : -1e9f));
    }
}

/* Of each set of instructions: whole numbers of float32, whose products are exact. */
static void check_product(const jc_vector *set, size_t m, size_t n, size_t rows)
{
    enum { STRIDE = 70, ROWS = 300 };
    static float left[ROWS * STRIDE], right[ROWS * STRIDE];
    static double product[STRIDE * STRIDE];
    double *room = jc_matrix_new(jc_product_room(m, n), 1, sizeof *room);
    bool square = m == n;

    assert_non_null(room);
    for (size_t i = 0; i < JC_COUNT(left); i++) {
        left[i] = (float)((i * 7919 + rows) % 1999) - 1000;
        right[i] = (float)((i * 104729 + m) % 1013) - 500;
    }
    const float *y = square ? left : right;
    for (size_t i = 0; i < m * n; i++)
        product[i] = (double)i;
    set->product(m, n, rows, left, y, STRIDE, product, room);
    for (size_t i = 0; i < m; i++)
        for (size_t k = square ? i : 0; k < n; k++) {
            double want = (double)(i * n + k);
            for (size_t r = 0; r < rows; r++)
                want += (double)left[r * STRIDE + i] * (double)y[r * STRIDE + k];
            if (product[i * n + k] != want)
                fail_msg("%s, [%zu, %zu] of %zu x %zu, %zu rows: %.17g instead of %.17g",
                         set->name, i, k, m, n, rows, product[i * n + k], want);
        }
    jc_free(room);
}

static void test_product__is_that_of_the_definition(void **state)
{
    static const size_t edges[] = {1, 3, 12, 16, 23, 64}, rows[] = {1, 255, 256, 300};

    (void)state;
    for (size_t v = 0; jc_vector_at(v); v++)
        for (size_t i = 0; i < JC_COUNT(edges); i++)
            for (size_t k = 0; k < JC_COUNT(edges); k++)
                for (size_t r = 0; r < JC_COUNT(rows); r++)
                    check_product(jc_vector_at(v), edges[i], edges[k], rows[r]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turn__is_the_transpose),
        cmocka_unit_test(test_row_sums__are_those_of_the_definitions),
        cmocka_unit_test(test_exps__are_those_of_the_definition),
        cmocka_unit_test(test_row_sums__tell_of_a_number_that_is_not_finite),
        cmocka_unit_test(test_product__is_that_of_the_definition),
        cmocka_unit_test(test_top_k__are_the_largest_equal_ones_by_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
