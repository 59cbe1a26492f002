/* SPDX-License-Identifier: MIT */
/*
 * Narrow maps against tests/golden/fits/narrow-*: NJTC and N-NJTC trained by L-BFGS until
 * nothing improves must not be better by more than a thousandth, and are not far above.
 */
#include "stats/vectors.h"

#include <stdio.h>

#include "fit/methods.h"

static const char *const models[] = {"tiny-gpt2", "tiny-llama", "demo"};

typedef struct golden {
    jc_safetensors *file;
    vectors v;
    jc_stats *sums;
} golden;

static golden open_case(const char *name)
{
    golden g;
    char path[512];
    jc_error err;

    snprintf(path, sizeof path, "%s/tests/golden/fits/narrow-%s.safetensors", JC_SOURCE_DIR,
             name);
    if (jc_safetensors_open(&g.file, path, &err))
        fail_msg("%s", err.message);
    const jc_tensor *x = jc_safetensors_find(g.file, "x");
    g.v = vectors_new(2, x->shape[0], x->shape[1]);
    jc_tensor_read(x, 0, x->count, vectors_at(&g.v, 0, 0));
    jc_tensor_read(jc_safetensors_find(g.file, "y"), 0, x->count, vectors_at(&g.v, 1, 0));
    g.sums = vectors_stats(&g.v, true, false);
    return g;
}

static void close_case(golden *g)
{
    jc_safetensors_close(g->file);
    jc_stats_free(g->sums);
    free(g->v.x);
}

static jc_fit_params narrow(uint32_t rank, bool bias)
{
    jc_fit_params p;

    jc_fit_params_init(&p);
    p.method = "narrow";
    p.rank = rank;
    p.bias = bias;
    return p;
}

/* Mean over rows of |y - map x|^2, and R2. */
static double squared_error(const vectors *v, const jc_map *map, double *r2)
{
    size_t d = v->d;
    float *w = calloc(d * d, sizeof *w), *b = calloc(d, sizeof *b);
    double sum = 0;

    assert_int_equal(jc_map_dense(map, w, b, NULL), JC_OK);
    *r2 = 0;
    for (size_t c = 0; c < d; c++) {
        double mean = 0, variance = 0, squares = 0;
        for (size_t r = 0; r < v->n; r++)
            mean += (double)vectors_at(v, 1, r)[c] / (double)v->n;
        for (size_t r = 0; r < v->n; r++) {
            double y = (double)vectors_at(v, 1, r)[c], e = y - (double)b[c];
            for (size_t i = 0; i < d; i++)
                e -= (double)w[c * d + i] * (double)vectors_at(v, 0, r)[i];
            squares += e * e;
            variance += (y - mean) * (y - mean);
        }
        sum += squares / (double)v->n;
        *r2 += (1 - squares / variance) / (double)d;
    }
    free(w);
    free(b);
    return sum;
}

static void test_narrow__no_gradient_does_better(void **state)
{
    (void)state;
    for (size_t m = 0; m < JC_COUNT(models); m++) {
        golden g = open_case(models[m]);
        const jc_tensor *ranks = jc_safetensors_find(g.file, "ranks");
        for (int bias = 0; bias < 2; bias++) {
            const jc_tensor *reached =
                jc_safetensors_find(g.file, bias ? "normed" : "plain");
            for (size_t k = 0; k < ranks->count; k++) {
                int64_t rank;
                double best, r2;
                jc_shortcut *s;
                memcpy(&rank, ranks->data + 8 * k, 8);
                memcpy(&best, reached->data + 8 * k, 8);
                jc_fit_params p = narrow((uint32_t)rank, bias);
                assert_int_equal(jc_fit(&s, g.sums, &p, NULL), JC_OK);
                double ours = squared_error(&g.v, jc_shortcut_find(s, 0, 1), &r2);
                if (!(ours < 1.001 * best && ours > 0.98 * best))
                    fail_msg("%s, rank %d, bias %d: %.6f, by gradient %.6f", models[m],
                             (int)rank, bias, ours, best);
                assert_true(fabs(r2 - jc_shortcut_find(s, 0, 1)->r2) < 1e-5);
                jc_shortcut_free(s);
            }
        }
        close_case(&g);
    }
}

static void test_narrow__of_full_rank_is_mat(void **state)
{
    (void)state;
    for (size_t m = 0; m < JC_COUNT(models); m++)
        for (int bias = 0; bias < 2; bias++) {
            golden g = open_case(models[m]);
            uint32_t d = g.sums->width;
            size_t n = (size_t)d * d;
            jc_fit_params p = narrow(d, bias), q;
            jc_shortcut *full, *mat;
            float *w = calloc(2 * n, sizeof *w), *b = calloc(2 * d, sizeof *b);
            double size = 0, apart = 0;
            jc_fit_params_init(&q);
            q.bias = bias;
            assert_int_equal(jc_fit(&full, g.sums, &p, NULL), JC_OK);
            assert_int_equal(jc_fit(&mat, g.sums, &q, NULL), JC_OK);
            assert_int_equal(jc_map_dense(jc_shortcut_find(full, 0, 1), w, b, NULL), JC_OK);
            assert_int_equal(jc_map_dense(jc_shortcut_find(mat, 0, 1), w + n, b + d, NULL),
                             JC_OK);
            for (size_t i = 0; i < n; i++) {
                size += (double)w[i] * (double)w[i];
                apart += pow((double)w[i] - (double)w[n + i], 2);
            }
            assert_true(sqrt(apart / size) < 1e-5);
            assert_true(fabs(jc_shortcut_find(full, 0, 1)->r2 -
                             jc_shortcut_find(mat, 0, 1)->r2) < 1e-8);
            jc_shortcut_free(full);
            jc_shortcut_free(mat);
            free(w);
            free(b);
            close_case(&g);
        }
}

/* What a curve heard. */
struct heard {
    double r2[64];
    size_t n, maps;
};

static jc_status hear(void *arg, const char *map, size_t inputs, const double *r2, size_t n,
                      jc_error *err)
{
    struct heard *h = arg;

    (void)err;
    assert_string_equal(map, "map.0.1");
    assert_int_equal(inputs, n);
    memcpy(h->r2, r2, n * sizeof *r2);
    h->n = n;
    h->maps++;
    return JC_OK;
}

static void test_narrow__one_decomposition_gives_every_rank(void **state)
{
    golden g = open_case("demo");
    static const uint32_t ranks[] = {1, 2, 5, 16, 32};
    jc_shortcut *s[JC_COUNT(ranks)];

    (void)state;
    for (int bias = 0; bias < 2; bias++) {
        struct heard h = {.n = 0};
        const jc_rank_curve curve = {hear, &h};
        jc_fit_params p = narrow(0, bias);
        double r2;
        p.curve = &curve;
        assert_int_equal(jc_fit_ranks(s, ranks, JC_COUNT(ranks), g.sums, &p, NULL), JC_OK);
        assert_int_equal(h.n, 32);
        assert_int_equal(h.maps, 1);
        for (size_t k = 0; k < JC_COUNT(ranks); k++) {
            const jc_map *map = jc_shortcut_find(s[k], 0, 1);
            assert_int_equal(map->rank, ranks[k]);
            assert_int_equal(atoi(jc_shortcut_meta(s[k], "rank")), ranks[k]);
            squared_error(&g.v, map, &r2);
            assert_true(fabs(r2 - h.r2[ranks[k] - 1]) < 1e-5);
            jc_shortcut_free(s[k]);
        }
        for (size_t k = 1; k < h.n && bias; k++)
            assert_true(h.r2[k] >= h.r2[k - 1] - 1e-12);
    }
    close_case(&g);
}

static void check_refused(const jc_stats *sums, const jc_fit_params *p, const char *message)
{
    jc_shortcut *s = NULL;
    jc_error err;

    assert_int_equal(jc_fit(&s, sums, p, &err), JC_E_ARG);
    assert_string_equal(err.message, message);
    assert_null(s);
}

static void test_narrow__refuses_what_it_cannot_do(void **state)
{
    golden g = open_case("demo");
    jc_fit_params p = narrow(33, false);
    jc_shortcut *s;
    const uint32_t none = 0;

    (void)state;
    check_refused(g.sums, &p, "'rank' must be from 1 to 32, not 33");
    p = narrow(2, false);
    p.metric = "logits";
    check_refused(g.sums, &p,
                  "metric 'logits' weighs errors by the model's unembedding: name the "
                  "model");
    p.metric = "words";
    check_refused(g.sums, &p, "'--metric' must be one of state|logits, not 'words'");
    assert_int_equal(jc_fit_ranks(&s, &none, 1, g.sums, NULL, NULL), JC_E_ARG);
    close_case(&g);
}

static void test_narrow__short_memory_is_a_status(void **state)
{
    golden g = open_case("tiny-gpt2");
    const uint32_t ranks[] = {1, 4};
    jc_shortcut *s[2] = {NULL, NULL};
    jc_status st = JC_E_NOMEM;
    jc_fit_params p = narrow(0, true);

    (void)state;
    for (long n = 0; st == JC_E_NOMEM; n++) {
        jc_alloc_fail_after(n);
        st = jc_fit_ranks(s, ranks, 2, g.sums, &p, NULL);
        jc_alloc_fail_after(-1);
        assert_true(st == JC_OK || (!s[0] && !s[1]));
    }
    assert_int_equal(st, JC_OK);
    jc_shortcut_free(s[0]);
    jc_shortcut_free(s[1]);
    close_case(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_narrow__no_gradient_does_better),
        cmocka_unit_test(test_narrow__of_full_rank_is_mat),
        cmocka_unit_test(test_narrow__one_decomposition_gives_every_rank),
        cmocka_unit_test(test_narrow__refuses_what_it_cannot_do),
        cmocka_unit_test(test_narrow__short_memory_is_a_status),
    };
    return cmocka_run_group_tests_name("fit/narrow", tests, NULL, NULL);
}
