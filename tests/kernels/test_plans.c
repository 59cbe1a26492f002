/* SPDX-License-Identifier: MIT */
/* What the plans of arithmetic promise, by every backend, of weights as files store them: a
 * row's bits are the same alone and beside others. And that they are right. */
#include "kernels/numbers.h"

#include "kernels/half.h"

enum { N_IN = 352, N_OUT = 141, ROWS = 37 };

/* A weight stored as some type, and as the numbers that this stands for. */
struct stored {
    const char *type;
    void *data;
    float *numbers; /* [N_OUT, N_IN] */
};

static void round_bf16(const float *x, uint16_t *to, float *numbers)
{
    for (size_t i = 0; i < N_OUT * N_IN; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        to[i] = (uint16_t)(bits >> 16);
        bits &= 0xffff0000;
        memcpy(&numbers[i], &bits, sizeof bits);
    }
}

/* Blocks of 34 bytes: a float16 scale, and 32 numbers in bytes. */
static void round_q8_0(const float *x, unsigned char *to, float *numbers)
{
    for (size_t b = 0; b < N_OUT * N_IN / 32; b++) {
        float scale = 1.0f / 127;
        uint16_t half;
        jc_half_from(1, &scale, &half);
        jc_half_to(1, &half, &scale);
        memcpy(to + b * 34, &half, sizeof half);
        for (size_t i = 0; i < 32; i++) {
            int8_t q = (int8_t)lrintf(x[b * 32 + i] * 127);
            memcpy(to + b * 34 + 2 + i, &q, 1);
            numbers[b * 32 + i] = scale * (float)q;
        }
    }
}

static struct stored store(const char *type)
{
    float *x = random_floats(N_OUT * N_IN, 1);
    struct stored s = {type, jc_matrix_new(N_OUT, N_IN, 4),
                       jc_matrix_new(N_OUT, N_IN, sizeof *s.numbers)};

    assert_non_null(s.data);
    assert_non_null(s.numbers);
    if (strcmp(type, "F16") == 0) {
        jc_half_from(N_OUT * N_IN, x, s.data);
        jc_half_to(N_OUT * N_IN, s.data, s.numbers);
    } else if (strcmp(type, "BF16") == 0) {
        round_bf16(x, s.data, s.numbers);
    } else if (strcmp(type, "Q8_0") == 0) {
        round_q8_0(x, s.data, s.numbers);
    } else {
        memcpy(s.data, x, N_OUT * N_IN * sizeof *x);
        memcpy(s.numbers, x, N_OUT * N_IN * sizeof *x);
    }
    jc_free(x);
    return s;
}

static void read_numbers(void *arg, size_t first, size_t n, float *out)
{
    memcpy(out, ((const struct stored *)arg)->numbers + first, n * sizeof *out);
}

static void apply(const jc_linear *linear, const jc_backend *backend, jc_plan plan,
                  float *x, size_t rows, float *y)
{
    jc_buffer in, out;

    assert_int_equal(jc_linear_apply(linear, plan, lent(&in, backend, x, rows, N_IN, N_IN),
                                     lent(&out, backend, y, rows, N_OUT, N_OUT), NULL),
                     JC_OK);
    settle();
}

static void define(const struct stored *w, const float *bias, const float *x, float *y)
{
    for (size_t r = 0; r < ROWS; r++)
        for (size_t o = 0; o < N_OUT; o++) {
            double sum = (double)bias[o];
            for (size_t i = 0; i < N_IN; i++)
                sum += (double)x[r * N_IN + i] * (double)w->numbers[o * N_IN + i];
            y[r * N_OUT + o] = (float)sum;
        }
}

static void check_weight(const char *name, const char *type, jc_plan plan)
{
    const jc_backend *backend = jc_backend_find(name);
    struct stored w = store(type);
    float *x = random_floats((size_t)ROWS * N_IN, 1), *bias = random_floats(N_OUT, 1);
    float *want = random_floats((size_t)ROWS * N_OUT, 0);
    float *all = random_floats((size_t)ROWS * N_OUT, 1);
    float *some = random_floats((size_t)ROWS * N_OUT, 1);
    const jc_stored stored = {.type = type, .data = w.data, .n_out = N_OUT};
    const jc_linear_spec spec = {.n_in = N_IN,
                                 .n_out = N_OUT,
                                 .weight = {.arg = &w, .read = read_numbers},
                                 .stored = &stored,
                                 .n_stored = 1,
                                 .bias = bias};
    jc_linear *linear;

    assert_int_equal(jc_linear_new(&linear, backend, &spec, NULL), JC_OK);
    define(&w, bias, x, want);
    apply(linear, backend, plan, x, ROWS, all);
    /* oneDNN's activations have 16 bits where weights are quantised */
    check_near(all, want, (size_t)ROWS * N_OUT, type[0] == 'Q' ? 1e-4 : 3e-6, type);
    for (size_t first = 0, n = 1; first + n <= ROWS; first += n, n++) {
        apply(linear, backend, plan, x + first * N_IN, n, some);
        assert_memory_equal(some, all + first * N_OUT, n * N_OUT * sizeof *some);
    }
    jc_linear_free(linear);
    jc_free(w.data);
    jc_free(w.numbers);
    jc_free(x);
    jc_free(bias);
    jc_free(want);
    jc_free(all);
    jc_free(some);
}

static void test_plans__rows_are_the_same_alone_and_together(void **state)
{
    static const char *const types[] = {"F32", "F16", "BF16", "Q8_0"};

    (void)state;
    EACH_BACKEND (name)
        for (size_t t = 0; t < JC_COUNT(types); t++) {
            check_weight(*name, types[t], JC_PLAN_TEXTS);
            check_weight(*name, types[t], JC_PLAN_GENERATION);
        }
}

/* One sequence of two query heads that share keys and values. */
static void attend(const jc_backend *backend, jc_plan plan, size_t past, size_t n, float *q,
                   float *k, float *v, float *out)
{
    enum { W = 24 };
    const jc_attention attention = {.heads = 2,
                                    .kv_heads = 1,
                                    .width = W,
                                    .scale = 0.2f,
                                    .causal = true,
                                    .window = 300};
    jc_buffer in, keys, values, to;
    const jc_attended span = {.n = n,
                              .past = past,
                              .keys = lent(&keys, backend, k, past + n, W, W),
                              .values = lent(&values, backend, v, past + n, W, W)};

    assert_int_equal(jc_attention_run(&attention, plan, &span, 1,
                                      lent(&in, backend, q, n, 2 * W, 2 * W),
                                      lent(&to, backend, out, n, 2 * W, 2 * W), NULL),
                     JC_OK);
    settle();
}

static void test_plans__attention_does_not_see_how_rows_are_cut(void **state)
{
    enum { N = 421, W = 24 };
    float *q = random_floats((size_t)N * 2 * W, 2), *k = random_floats((size_t)N * W, 2);
    float *v = random_floats((size_t)N * W, 1), *all = random_floats((size_t)N * 2 * W, 1);
    float *some = random_floats((size_t)N * 2 * W, 1);

    (void)state;
    EACH_BACKEND (name)
        for (int plan = JC_PLAN_TEXTS; plan <= JC_PLAN_GENERATION; plan++) {
            const jc_backend *backend = jc_backend_find(*name);
            attend(backend, (jc_plan)plan, 0, N, q, k, v, all);
            for (size_t past = 1, n = 1; past + n <= N; past += n, n += 7) {
                attend(backend, (jc_plan)plan, past, n, q + past * 2 * W, k, v, some);
                if (plan == JC_PLAN_GENERATION || !backend->host) /* of texts a CPU's
                    tiles begin at the first row */
                    assert_memory_equal(some, all + past * 2 * W, n * 2 * W * sizeof *some);
            }
        }
    jc_free(q);
    jc_free(k);
    jc_free(v);
    jc_free(all);
    jc_free(some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans__rows_are_the_same_alone_and_together),
        cmocka_unit_test(test_plans__attention_does_not_see_how_rows_are_cut),
    };
    return cmocka_run_group_tests_name("kernels/plans", tests, NULL, NULL);
}
