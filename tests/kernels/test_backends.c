/* SPDX-License-Identifier: MIT */
/* Every entry of every backend against `ref`, which is the definition in double. */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/numbers.h"

static void read_floats(void *arg, size_t first, size_t n, float *out)
{
    memcpy(out, (const float *)arg + first, n * sizeof *out);
}

static void run_norm(const char *name, const jc_norm *norm, size_t rows, size_t cols,
                     size_t stride, float *x, float *y)
{
    jc_buffer in, out;
    const jc_backend *backend = jc_backend_find(name);

    assert_int_equal(jc_norm_run(norm, lent(&in, backend, x, rows, cols, stride),
                                 lent(&out, backend, y, rows, cols, stride), NULL),
                     JC_OK);
    settle();
}

struct layer {
    const char *name;
    size_t n_in, n_out, rows;
    jc_act act;
    bool add, in_out, biased, kept;
};

static const struct layer layers[] = {
    {"one tile", 64, 128, 64, JC_ACT_NONE, false, false, true, false},
    {"odd sizes", 37, 53, 101, JC_ACT_NONE, false, false, true, false},
    {"one row", 24, 61, 1, JC_ACT_NONE, false, true, false, false},
    {"added", 48, 40, 70, JC_ACT_NONE, true, true, true, false},
    {"gelu", 33, 65, 67, JC_ACT_GELU, false, true, true, false},
    {"gelu by tanh", 33, 65, 67, JC_ACT_GELU_TANH, false, true, true, false},
    {"relu", 33, 65, 67, JC_ACT_RELU, false, false, true, false},
    {"relu squared", 33, 65, 67, JC_ACT_RELU2, false, false, true, false},
    {"silu", 33, 65, 67, JC_ACT_SILU, false, false, true, false},
    {"several panels", 20, 2000, 130, JC_ACT_GELU_TANH, false, false, true, false},
    {"several panels, added", 20, 1537, 65, JC_ACT_NONE, true, true, true, false},
    {"kept", 37, 53, 101, JC_ACT_GELU, false, false, true, true},
    {"kept, several slices", 20, 300, 2100, JC_ACT_NONE, true, false, true, true},
    {"many outputs", 8, 9001, 3, JC_ACT_NONE, false, false, true, false},
    {"kept, stored by inputs", 20, 300, 65, JC_ACT_RELU, false, true, false, true},
};

static int released;

static void count_release(void *arg)
{
    (void)arg;
    released++;
}

static void run_layer(const char *backend, const struct layer *row, jc_precision precision,
                      float *weight, const float *bias, const float *x, size_t rows,
                      float *y)
{
    jc_linear_spec spec = {
        .n_in = row->n_in,
        .n_out = row->n_out,
        .weight = {.in_out = row->in_out, .arg = weight, .read = read_floats},
        .bias = bias,
        .act = row->act,
        .add = row->add,
        .precision = precision};
    jc_linear *linear;
    jc_error err = {JC_OK, ""};

    released = 0;
    if (row->kept)
        spec.weight.release = count_release;
    if (jc_linear_new(&linear, jc_backend_find(backend), &spec, &err) != JC_OK)
        fail_msg("%s: %s", row->name, err.message);
    assert_int_equal(jc_linear_run(linear, x, rows, y, NULL), JC_OK);
    assert_int_equal(released, 0);
    jc_linear_free(linear);
    assert_int_equal(released, row->kept);
}

static void each_layer(const char *backend, jc_precision precision, double tolerance)
{
    for (size_t i = 0; i < JC_COUNT(layers); i++) {
        const struct layer *row = &layers[i];
        float *weight = random_floats(row->n_in * row->n_out, 1);
        float *bias = row->biased ? random_floats(row->n_out, 1) : NULL;
        float *x = random_floats(row->rows * row->n_in, 2);
        float *want = random_floats(row->rows * row->n_out, 1);
        float *got = random_floats(row->rows * row->n_out, 1);

        memcpy(got, want, row->rows * row->n_out * sizeof *got);
        run_layer("ref", row, precision, weight, bias, x, row->rows, want);
        run_layer(backend, row, precision, weight, bias, x, row->rows, got);
        check_near(got, want, row->rows * row->n_out, tolerance, row->name);
        jc_free(weight);
        jc_free(bias);
        jc_free(x);
        jc_free(want);
        jc_free(got);
    }
}

static void test_backends__linear_layers_agree_with_ref(void **state)
{
    (void)state;
    EACH_BACKEND (name) {
        each_layer(*name, JC_PRECISION_F32, 2e-6);
        if (jc_backend_has(jc_backend_find(*name), JC_PRECISION_BF16))
            each_layer(*name, JC_PRECISION_BF16, 2e-6); /* inputs are rounded alike */
        else
            print_message("skipped: %s has no bf16 on this machine\n", *name);
    }
}

/* Some outputs at a time are those of the whole layer, to the bit. */
static void check_ranges(const char *backend, const struct layer *row)
{
    float *weight = random_floats(row->n_in * row->n_out, 1);
    float *bias = random_floats(row->n_out, 1);
    float *x = random_floats(row->rows * row->n_in, 2);
    float *whole = random_floats(row->rows * row->n_out, 1);
    jc_linear_spec spec = {
        .n_in = row->n_in,
        .n_out = row->n_out,
        .weight = {.in_out = row->in_out, .arg = weight, .read = read_floats},
        .bias = bias,
        .act = row->act,
        .precision = JC_PRECISION_F32};
    jc_linear *linear;
    jc_buffer in, out;
    const jc_backend *own = jc_backend_find(backend);

    if (row->kept)
        spec.weight.release = count_release;
    assert_int_equal(jc_linear_new(&linear, own, &spec, NULL), JC_OK);
    assert_int_equal(jc_linear_run(linear, x, row->rows, whole, NULL), JC_OK);
    size_t step = jc_linear_step(linear);
    assert_true(step > 0);
    for (size_t first = 0; first < row->n_out; first += step) {
        size_t n = row->n_out - first < step ? row->n_out - first : step;
        float *some = random_floats(row->rows * n, 3);
        jc_mat from = lent(&in, own, x, row->rows, row->n_in, row->n_in);
        jc_mat to = lent(&out, own, some, row->rows, n, n);
        assert_int_equal(jc_linear_range(linear, first, from, to, NULL), JC_OK);
        settle();
        for (size_t r = 0; r < row->rows; r++)
            assert_memory_equal(some + r * n, whole + r * row->n_out + first,
                                n * sizeof *some);
        jc_free(some);
    }
    jc_linear_free(linear);
    jc_free(weight);
    jc_free(bias);
    jc_free(x);
    jc_free(whole);
}

static void test_backends__some_outputs_are_those_of_the_whole_layer(void **state)
{
    (void)state;
    EACH_BACKEND (name)
        for (size_t i = 0; i < JC_COUNT(layers); i++)
            if (!layers[i].add)
                check_ranges(*name, &layers[i]);
}

/* A row's result must not depend on its neighbours or on the number of threads. */
static void check_batches(const char *backend, const struct layer *row)
{
    float *weight = random_floats(row->n_in * row->n_out, 1);
    float *bias = random_floats(row->n_out, 1),
          *x = random_floats(row->rows * row->n_in, 1);
    float *whole = random_floats(row->rows * row->n_out, 1);
    float *single = random_floats(row->n_out, 1);

    run_layer(backend, row, JC_PRECISION_F32, weight, bias, x, row->rows, whole);
    for (uint32_t threads = 1; threads <= 3; threads++) {
        jc_threads_enter(threads);
        for (size_t r = 0; r < row->rows; r += row->rows / 4) {
            run_layer(backend, row, JC_PRECISION_F32, weight, bias, x + r * row->n_in, 1,
                      single);
            assert_memory_equal(single, whole + r * row->n_out, row->n_out * sizeof(float));
        }
    }
    jc_threads_enter(0);
    jc_free(weight);
    jc_free(bias);
    jc_free(x);
    jc_free(whole);
    jc_free(single);
}

static void test_backends__a_row_is_the_same_in_any_batch(void **state)
{
    const struct layer row = {"",    96,   1000, 150,  JC_ACT_GELU_TANH,
                              false, true, true, false};
    const struct layer kept = {"",    96,    300,  1100, JC_ACT_GELU_TANH,
                               false, false, true, true};

    (void)state;
    EACH_BACKEND (name) {
        check_batches(*name, &row);
        check_batches(*name, &kept);
    }
}

static void test_backends__norms_agree_with_ref(void **state)
{
    (void)state;
    for (size_t d = 1; d < 900; d = d * 3 + 5) {
        float *x = random_floats(70 * d, 3), *w = random_floats(d, 1);
        float *b = random_floats(d, 1), *want = random_floats(70 * d, 0);
        float *got = random_floats(70 * d, 0);

        x[0] += 3000; /* GPT-2 has such coordinates */
        for (int kind = JC_NORM_LAYER; kind <= JC_NORM_RMS; kind++) {
            jc_norm norm = {(jc_norm_kind)kind, 1e-5, d, w, kind ? NULL : b};
            run_norm("ref", &norm, 70, d, d, x, want);
            EACH_BACKEND (name) {
                run_norm(*name, &norm, 70, d, d, x, got);
                check_near(got, want, 70 * d, 3e-6, kind ? "rms norm" : "layer norm");
            }
        }
        jc_free(x);
        jc_free(w);
        jc_free(b);
        jc_free(want);
        jc_free(got);
    }
}

/* In each row of 3 * 24 + 1 values the first 2 pieces, as the heads of a query are. */
static void test_backends__norms_of_pieces_leave_the_rest_alone(void **state)
{
    enum { ROWS = 70, D = 24, STRIDE = 73 };
    float *x = random_floats(ROWS * STRIDE, 3), *w = random_floats(D, 1);
    float *want = random_floats(ROWS * STRIDE, 1), *got = random_floats(ROWS * STRIDE, 1);
    jc_norm norm = {JC_NORM_RMS, 1e-6, D, w, NULL};

    (void)state;
    memcpy(want, x, ROWS * STRIDE * sizeof *want);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t p = 0; p < 2; p++) {
            const float *from = x + r * STRIDE + p * D;
            double squares = 0;
            for (size_t i = 0; i < D; i++)
                squares += (double)from[i] * (double)from[i] / D;
            for (size_t i = 0; i < D; i++)
                want[r * STRIDE + p * D + i] =
                    (float)((double)from[i] / sqrt(squares + 1e-6) * (double)w[i]);
        }
    EACH_BACKEND (name) {
        memcpy(got, x, ROWS * STRIDE * sizeof *got);
        run_norm(*name, &norm, ROWS, (size_t)2 * D, STRIDE, got, got);
        check_near(got, want, ROWS * STRIDE, 3e-6, "norm of pieces");
    }
    jc_free(x);
    jc_free(w);
    jc_free(want);
    jc_free(got);
}

/* A pair is a complex number, times e^(i angle); `at` is where the pair's halves are. */
static void turn(const jc_rotation *r, const float *turns, size_t pair, const float *x,
                 float *y)
{
    size_t a = r->interleaved ? 2 * pair : pair, b = r->interleaved ? a + 1 : a + r->half;
    double c = (double)turns[pair], s = (double)turns[r->half + pair];

    y[a] = (float)((double)x[a] * c - (double)x[b] * s);
    y[b] = (float)((double)x[a] * s + (double)x[b] * c);
}

static void test_backends__rotations_are_products_of_complex_numbers(void **state)
{
    enum { ROWS = 70, HEADS = 3, WIDTH = 44, STRIDE = 150 };
    float *x = random_floats(ROWS * STRIDE, 3), *want = random_floats(ROWS * STRIDE, 1);
    float *got = random_floats(ROWS * STRIDE, 1), *turns = random_floats(ROWS * 36, 1);

    (void)state;
    for (int interleaved = 0; interleaved < 2; interleaved++) {
        const jc_rotation rotation = {HEADS, WIDTH, 18, interleaved};
        memcpy(want, x, ROWS * STRIDE * sizeof *want);
        for (size_t r = 0; r < ROWS; r++)
            for (size_t h = 0; h < HEADS; h++)
                for (size_t i = 0; i < 18; i++)
                    turn(&rotation, turns + r * 36, i, x + r * STRIDE + h * WIDTH,
                         want + r * STRIDE + h * WIDTH);
        EACH_BACKEND (name) {
            memcpy(got, x, ROWS * STRIDE * sizeof *got);
            const jc_backend *backend = jc_backend_find(*name);
            jc_buffer a, b;
            assert_int_equal(
                jc_rotate(&rotation, lent(&a, backend, turns, ROWS, 36, 36),
                          lent(&b, backend, got, ROWS, (size_t)HEADS * WIDTH, STRIDE),
                          NULL),
                JC_OK);
            settle();
            check_near(got, want, ROWS * STRIDE, 3e-7, "rotation");
        }
    }
    jc_free(x);
    jc_free(want);
    jc_free(got);
    jc_free(turns);
}

static void run_gate(const jc_backend *backend, jc_act act, size_t rows, size_t n, float *x,
                     float *y)
{
    jc_buffer in, out;

    assert_int_equal(jc_gate(act, lent(&in, backend, x, rows, 2 * n, 2 * n),
                             lent(&out, backend, y, rows, n, n), NULL),
                     JC_OK);
    settle();
}

/* The clamped gate, and rows that are gathered by what they are worth. */
static void test_backends__clamped_gates_and_shares_are_their_definitions(void **state)
{
    enum { ROWS = 67, N = 53 };
    static const size_t rows[] = {5, 0, 66};
    static const float shares[] = {0.5f, -2, 1};
    float *x = random_floats(ROWS * 2 * N, 4), *want = random_floats(ROWS * N, 1);
    float *got = random_floats(ROWS * N, 1);

    (void)state;
    EACH_BACKEND (name) {
        const jc_backend *backend = jc_backend_find(*name);
        jc_buffer in, out;
        for (size_t i = 0; i < ROWS * N; i++) {
            double g = fmin((double)x[i / N * 2 * N + i % N], 1.5);
            double u = (double)x[i / N * 2 * N + N + i % N];
            u = fmax(fmin(u, 1.5), -1.5);
            want[i] = (float)((u + 1) * g / (1 + exp(-1.702 * g)));
        }
        jc_mat to = lent(&out, backend, got, ROWS, N, N);
        assert_int_equal(
            jc_gate_clamped(1.5f, lent(&in, backend, x, ROWS, 2 * N, 2 * N), to, NULL),
            JC_OK);
        settle();
        check_near(got, want, ROWS * N, 2e-6, "clamped gate");
        for (size_t r = 0; r < JC_COUNT(rows); r++)
            for (size_t i = 0; i < N; i++)
                want[rows[r] * N + i] += shares[r] * x[r * N + i];
        to = lent(&out, backend, got, ROWS, N, N);
        assert_int_equal(
            jc_scatter(lent(&in, backend, x, JC_COUNT(rows), N, N), rows, shares, to, NULL),
            JC_OK);
        assert_int_equal(jc_scale(0.5f, to, NULL), JC_OK);
        settle();
        for (size_t i = 0; i < ROWS * N; i++)
            want[i] *= 0.5f;
        check_near(got, want, ROWS * N, 2e-6, "shares");
    }
    jc_free(x);
    jc_free(want);
    jc_free(got);
}

static void test_backends__clamped_values_are_within_the_limit(void **state)
{
    const float x[] = {-2, 0.5f, 3, 99, 1, -1.5f, 0}, want[] = {-1, 0.5f, 1, 99, 1, -1, 0};

    (void)state;
    EACH_BACKEND (name) {
        float got[JC_COUNT(x)];
        jc_buffer buffer;
        memcpy(got, x, sizeof x);
        jc_mat mat =
            lent(&buffer, jc_backend_find(*name), got, 2, 3, 4); /* 99: between the rows */
        assert_int_equal(jc_clamp(1, mat, NULL), JC_OK);
        settle();
        assert_memory_equal(got, want, sizeof want);
    }
}

static void run_cap(const jc_backend *backend, float cap, size_t rows, size_t n, float *x)
{
    jc_buffer buffer;

    assert_int_equal(jc_softcap(cap, lent(&buffer, backend, x, rows, n, n), NULL), JC_OK);
    settle();
}

static void test_backends__gates_and_caps_agree_with_ref(void **state)
{
    enum { ROWS = 67, N = 53 };
    float *x = random_floats(ROWS * 2 * N, 4), *want = random_floats(ROWS * N, 1);
    float *got = random_floats(ROWS * N, 1);

    (void)state;
    EACH_BACKEND (name) {
        const jc_backend *ref = jc_backend_find("ref"), *other = jc_backend_find(*name);
        for (int act = JC_ACT_NONE; act <= JC_ACT_SILU; act++) {
            run_gate(ref, (jc_act)act, ROWS, N, x, want);
            run_gate(other, (jc_act)act, ROWS, N, x, got);
            check_near(got, want, ROWS * N, 2e-6, "gate");
        }
        for (float cap = 0.1f; cap < 1000; cap *= 5) {
            memcpy(want, x, ROWS * N * sizeof *want);
            memcpy(got, x, ROWS * N * sizeof *got);
            run_cap(ref, cap, ROWS, N, want);
            run_cap(other, cap, ROWS, N, got);
            check_near(got, want, ROWS * N, 3e-7, "soft cap");
        }
    }
    jc_free(x);
    jc_free(want);
    jc_free(got);
}

/* Entry (a, b) of sums of a block with itself, from its units and their parts. */
static double fine_entry(const int64_t *sum, size_t d, size_t a, size_t b)
{
    size_t low = a < b ? a : b, high = a < b ? b : a;

    return (double)sum[low * d + high] + (double)sum[high * d + low] * 0x1p-40;
}

/* The oracle is the definition. Products of 300 numbers are rounded to float32, and then to
 * a unit, here about 2^-16 of a variance. */
static void test_backends__second_moments_match_the_definition(void **state)
{
    enum { ROWS = 300, D = 300 };
    float *x = random_floats(ROWS * D, 1), *y = random_floats(ROWS * D, 1);
    int64_t *got = jc_matrix_new(2 * D, D, sizeof *got);
    double *per = jc_matrix_new(1, D, sizeof *per);

    (void)state;
    for (size_t c = 0; c < D; c++)
        per[c] = c % 3 ? 256 : 1024;
    EACH_BACKEND (name) {
        const jc_gram_block blocks[] = {{x, y, per, per, got, false},
                                        {x, x, per, per, got + D * D, true}};
        memset(got, 0, 2 * D * D * sizeof *got);
        for (int twice = 0; twice < 2; twice++)
            assert_int_equal(jc_gram_add(jc_backend_find(*name), blocks, 2, ROWS, D, NULL),
                             JC_OK);
        for (size_t a = 0; a < D; a++)
            for (size_t b = 0; b < D; b++) {
                double want[2] = {0, 0}, unit = per[a] * per[b];
                double have[2] = {(double)got[a * D + b] / unit,
                                  fine_entry(got + D * D, D, a, b) / unit};
                for (size_t r = 0; r < ROWS; r++) {
                    want[0] += 2 * (double)x[r * D + a] * (double)y[r * D + b];
                    want[1] += 2 * (double)x[r * D + a] * (double)x[r * D + b];
                }
                check_close(&have[0], &want[0], 1, 1e-6, 1e-4);
                if (a != b)
                    check_close(&have[1], &want[1], 1, 1e-13, 1e-12);
                else
                    assert_int_equal(got[D * D + a * D + a], 0); /* left alone */
            }
    }
    jc_free(x);
    jc_free(y);
    jc_free(got);
    jc_free(per);
}

static jc_status fail_at_seven(void *arg, size_t i, jc_error *err)
{
    (void)arg;
    return i == 7 ? jc_fail(err, JC_E_NUMERIC, "seven") : JC_OK;
}

static void test_parallel__the_first_failure_is_reported(void **state)
{
    jc_error err = {JC_OK, ""};

    (void)state;
    assert_int_equal(jc_parallel(100, fail_at_seven, NULL, &err), JC_E_NUMERIC);
    assert_string_equal(err.message, "seven");
    assert_int_equal(jc_parallel(7, fail_at_seven, NULL, &err), JC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backends__linear_layers_agree_with_ref),
        cmocka_unit_test(test_backends__some_outputs_are_those_of_the_whole_layer),
        cmocka_unit_test(test_backends__a_row_is_the_same_in_any_batch),
        cmocka_unit_test(test_backends__norms_agree_with_ref),
        cmocka_unit_test(test_backends__norms_of_pieces_leave_the_rest_alone),
        cmocka_unit_test(test_backends__rotations_are_products_of_complex_numbers),
        cmocka_unit_test(test_backends__gates_and_caps_agree_with_ref),
        cmocka_unit_test(test_backends__clamped_values_are_within_the_limit),
        cmocka_unit_test(test_backends__clamped_gates_and_shares_are_their_definitions),
        cmocka_unit_test(test_backends__second_moments_match_the_definition),
        cmocka_unit_test(test_parallel__the_first_failure_is_reported),
    };
    return cmocka_run_group_tests_name("kernels/backends", tests, NULL, NULL);
}
