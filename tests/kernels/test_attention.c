/* SPDX-License-Identifier: MIT */
/* Attention by every backend and plan against its definition in double. */
#include "kernels/numbers.h"

/* One sequence of two query heads that share the keys and values of one. */
struct attention_case {
    size_t n_q, n_k, width;
    bool causal;
    size_t window;
    float softcap;
    size_t value_width; /* 0: width */
};

static size_t value_width(const struct attention_case *c)
{
    return c->value_width ? c->value_width : c->width;
}

/* Of the two heads; NULL: none. */
static const float *sinks, *slopes;
static const jc_relative *relative;

static void run_attention(const char *name, const struct attention_case *c, jc_plan plan,
                          float *q, float *k, float *v, const int32_t *parents, float *out)
{
    const jc_backend *backend = jc_backend_find(name);
    const jc_attention attention = {.heads = 2,
                                    .kv_heads = 1,
                                    .width = c->width,
                                    .scale = 0.125f,
                                    .causal = c->causal,
                                    .window = c->window,
                                    .value_width = c->value_width,
                                    .relative = relative,
                                    .softcap = c->softcap,
                                    .sinks = sinks,
                                    .slopes = slopes};
    size_t stride = 3 * c->width + 5, w = c->width, vw = value_width(c);
    jc_buffer in, keys, values, to;
    const jc_attended span = {.n = c->n_q,
                              .past = c->n_k - c->n_q,
                              .keys = lent(&keys, backend, k, c->n_k, w, stride),
                              .values = lent(&values, backend, v, c->n_k, vw, stride),
                              .parents = parents};

    assert_int_equal(jc_attention_run(&attention, plan, &span, 1,
                                      lent(&in, backend, q, c->n_q, 2 * w, stride),
                                      lent(&to, backend, out, c->n_q, 2 * vw, 2 * vw),
                                      NULL),
                     JC_OK);
    settle();
}

/* What the class of a distance adds to a score, before it is scaled. */
static double define_relative(size_t w, const float *q, const float *k, size_t h, size_t i,
                              size_t j)
{
    size_t class = relative->which[relative->reach + j - i];
    double sum = 8 * (double)relative->bias[h * relative->n + class];

    for (size_t e = 0; e < w; e++)
        sum += (double)q[e] * (double)relative->keys[(class * 2 + h) * w + e] +
               (double)k[e] * (double)relative->queries[(class * 2 + h) * w + e];
    return sum;
}

/* The definition in double. A row sees the past and, of the rows from it on, those of its
 * line of parents; the window counts tokens back from it. */
static void define_attention(const struct attention_case *c, const float *q, const float *k,
                             const float *v, const int32_t *parents, float *out)
{
    size_t w = c->width, stride = 3 * w + 5, past = c->n_k - c->n_q, vw = value_width(c);
    double *p = calloc(c->n_k, sizeof *p);
    size_t *behind = calloc(c->n_k, sizeof *behind);

    for (size_t i = 0; i < c->n_q; i++)
        for (size_t h = 0; h < 2; h++) {
            bool *seen = calloc(c->n_k, sizeof *seen);
            size_t back = 0;
            double max = -HUGE_VAL, sum = 0;
            for (size_t j = 0; !c->causal && j < c->n_k; j++)
                seen[j] = !c->window || (j > i ? j - i : i - j) <= c->window / 2;
            if (sinks)
                max = (double)sinks[h];
            for (int32_t r = (int32_t)i; c->causal && r >= 0;
                 r = parents ? parents[r] : r - 1, back++)
                seen[past + (size_t)r] = !c->window || back < c->window,
                            behind[past + (size_t)r] = back;
            for (size_t j = past; c->causal && j-- > 0; back++)
                seen[j] = !c->window || back < c->window, behind[j] = back;
            for (size_t j = 0; j < c->n_k; j++) {
                p[j] = 0;
                for (size_t e = 0; e < w; e++)
                    p[j] += 0.125 * (double)q[i * stride + h * w + e] *
                            (double)k[j * stride + e];
                if (relative)
                    p[j] += 0.125 * define_relative(w, q + i * stride + h * w,
                                                    k + j * stride, h, i, j);
                if (slopes)
                    p[j] -= (double)slopes[h] * (double)behind[j];
                if (c->softcap > 0)
                    p[j] = (double)c->softcap * tanh(p[j] / (double)c->softcap);
                if (seen[j])
                    max = fmax(max, p[j]);
            }
            sum = sinks ? exp((double)sinks[h] - max) : 0;
            for (size_t j = 0; j < c->n_k; j++) {
                p[j] = seen[j] ? exp(p[j] - max) : 0;
                sum += p[j];
            }
            for (size_t e = 0; e < vw; e++) {
                double mix = 0;
                for (size_t j = 0; j < c->n_k; j++)
                    mix += p[j] / sum * (double)v[j * stride + e];
                out[i * 2 * vw + h * vw + e] = (float)mix;
            }
            free(seen);
        }
    free(p);
    free(behind);
}

static void check_attention(const struct attention_case *one)
{
    size_t vw = value_width(one), stride = 3 * one->width + 5, n_q = one->n_q;
    float *q = random_floats(n_q * stride, 4);
    float *k = random_floats(one->n_k * stride, 4);
    float *v = random_floats(one->n_k * stride, 1), *want = random_floats(n_q * 2 * vw, 0);
    float *got = random_floats(n_q * 2 * vw, 0);
    int32_t *tree = calloc(n_q, sizeof *tree);

    for (size_t i = 0; i < n_q; i++) /* two roots, then branches */
        tree[i] = i < 2 ? -1 : (int32_t)(i - 1 - (i * 7 % i) / 2 % i);
    EACH_BACKEND (name) {
        define_attention(one, q, k, v, NULL, want);
        run_attention(*name, one, JC_PLAN_TEXTS, q, k, v, NULL, got);
        check_near(got, want, n_q * 2 * vw, 5e-6, "attention");
        if (!one->causal)
            continue;
        run_attention(*name, one, JC_PLAN_GENERATION, q, k, v, NULL, got);
        check_near(got, want, n_q * 2 * vw, 5e-6, "attention of few rows");
        define_attention(one, q, k, v, tree, want);
        run_attention(*name, one, JC_PLAN_GENERATION, q, k, v, tree, got);
        check_near(got, want, n_q * 2 * vw, 5e-6, "attention of a tree");
    }
    free(tree);
    jc_free(q);
    jc_free(k);
    jc_free(v);
    jc_free(want);
    jc_free(got);
}

static void test_attention__is_its_definition(void **state)
{
    static const float two_sinks[] = {1.5f, -0.5f}, two_slopes[] = {0.25f, 0.0625f};
    static const struct attention_case cases[] = {
        {1, 1, 8, true, 0, 0, 0},       {1, 40, 16, true, 0, 0, 0},
        {65, 65, 32, true, 0, 0, 0},    {200, 200, 7, true, 0, 0, 0},
        {10, 90, 24, true, 0, 0, 0},    {70, 70, 64, false, 0, 0, 0},
        {200, 200, 16, true, 30, 0, 0}, {1, 90, 24, true, 7, 2, 0},
        {65, 65, 8, true, 1, 0, 0},     {100, 100, 8, true, 100, 0.5f, 0},
        {10, 90, 24, true, 200, 0, 0},  {70, 70, 64, false, 0, 3, 0},
        {13, 300, 128, true, 0, 0, 0},  {9, 20, 32, true, 5, 0, 0},
        {200, 200, 16, false, 9, 0, 0}, {5, 5, 16, false, 200, 0, 0},
        {70, 200, 24, true, 9, 0, 7},   {9, 40, 260, true, 0, 1, 520}};

    (void)state;
    for (size_t c = 0; c < JC_COUNT(cases); c++)
        for (int more = 0; more < 3; more++) {
            sinks = more == 1 ? two_sinks : NULL;
            slopes = more == 2 && cases[c].causal ? two_slopes : NULL;
            check_attention(&cases[c]);
        }
    sinks = slopes = NULL;
}

static void test_attention__distances_add_to_scores(void **state)
{
    enum { REACH = 199, CLASSES = 21, WIDTH = 16 };
    static const struct attention_case cases[] = {{200, 200, WIDTH, false, 0, 0, 0},
                                                  {70, 70, WIDTH, false, 31, 0, 0}};
    uint32_t which[2 * REACH + 1];
    float *keys = random_floats(CLASSES * 2 * WIDTH, 1);
    float *queries = random_floats(CLASSES * 2 * WIDTH, 1);
    float *bias = random_floats(2 * CLASSES, 1);

    (void)state;
    for (uint32_t i = 0; i < 2 * REACH + 1; i++)
        which[i] = i * i % CLASSES;
    const jc_relative tables = {.n = CLASSES,
                                .reach = REACH,
                                .which = which,
                                .bias = bias,
                                .keys = keys,
                                .queries = queries};
    relative = &tables;
    for (size_t c = 0; c < JC_COUNT(cases); c++)
        check_attention(&cases[c]);
    relative = NULL;
    jc_free(keys);
    jc_free(queries);
    jc_free(bias);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attention__is_its_definition),
        cmocka_unit_test(test_attention__distances_add_to_scores),
    };
    return cmocka_run_group_tests_name("kernels/attention", tests, NULL, NULL);
}
