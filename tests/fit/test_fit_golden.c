/* SPDX-License-Identifier: MIT */
/*
 * jc_fit() against tests/golden/fits: LAPACK's gelsd by scipy, and ridge by scikit-learn.
 *
 * Weights are compared in the unit in which they act: times the root mean square of their
 * coordinate, over the norm of their row. Maps are stored in float32 (6e-8), and sums in
 * double lose the inverse of the smallest eigenvalue of the correlations, 1e-16 / 1e-4 at
 * worst here: 1e-6 leaves room for both. Outputs, on the vectors fitted, are compared in
 * units of the terms that they are sums of, as those may cancel: 1e-6 again. From sums of
 * float32 products (4e-7, see test_solve.c) directions of little spread leave their weights
 * open, and outputs are off by 4e-7 / sqrt(1e-4): 1e-4 with room.
 */
#include "stats/vectors.h"

#include <stdio.h>

#include "fit/methods.h"

static const char *const cases[] = {"states",    "scaled",      "offset",
                                    "deficient", "short",       "deficient-scaled",
                                    "repeated",  "short-scaled"};

typedef struct golden {
    jc_safetensors *file;
    vectors v;
    double ridge;
} golden;

static golden open_case(const char *name)
{
    golden g;
    char path[512];
    jc_error err;

    snprintf(path, sizeof path, "%s/tests/golden/fits/%s.safetensors", JC_SOURCE_DIR, name);
    if (jc_safetensors_open(&g.file, path, &err))
        fail_msg("%s", err.message);
    const jc_tensor *x = jc_safetensors_find(g.file, "x");
    const jc_tensor *y = jc_safetensors_find(g.file, "y");
    assert_non_null(x);
    assert_non_null(y);
    g.v = vectors_new(2, x->shape[0], x->shape[1]);
    jc_tensor_read(x, 0, x->count, vectors_at(&g.v, 0, 0));
    jc_tensor_read(y, 0, y->count, vectors_at(&g.v, 1, 0));
    g.ridge = atof(jc_safetensors_meta(g.file, "ridge"));
    return g;
}

static void close_case(golden *g)
{
    jc_safetensors_close(g->file);
    free(g->v.x);
}

/* The golden array `<method>[_bias].<part>`, F64 [n]; free() it. */
static double *wanted(const golden *g, const char *method, bool bias, const char *part,
                      size_t n)
{
    char name[64];
    double *data = malloc(n * sizeof *data);

    snprintf(name, sizeof name, "%s%s.%s", method, bias ? "_bias" : "", part);
    const jc_tensor *t = jc_safetensors_find(g->file, name);
    assert_non_null(t);
    assert_int_equal(t->dtype, JC_F64);
    assert_int_equal(t->count, n);
    memcpy(data, t->data, t->bytes);
    return data;
}

static double weights_apart(const vectors *v, const float *got, const double *want)
{
    size_t d = v->d;
    double worst = 0;

    for (size_t i = 0; i < d; i++) {
        double size = 0, off = 0;

        for (size_t j = 0; j < d; j++) {
            double rms = 0;

            for (size_t r = 0; r < v->n; r++)
                rms += pow((double)vectors_at(v, 0, r)[j], 2) / (double)v->n;
            rms = rms > 0 ? sqrt(rms) : 1; /* a coordinate never seen has no weight */
            off = fmax(off, fabs((double)got[i * d + j] - want[i * d + j]) * rms);
            size += pow(want[i * d + j] * rms, 2);
        }
        worst = fmax(worst, off / sqrt(size));
    }
    return worst;
}

/* Predictions on the vectors fitted: largest over outputs of rms(got - want) / rms(want).
 */
static double outputs_apart(const vectors *v, const jc_map *map, const double *w,
                            const double *b)
{
    size_t d = v->d;
    const float *weight = jc_map_floats(map, "weight"), *bias = jc_map_floats(map, "bias");
    double worst = 0;

    for (size_t i = 0; i < d; i++) {
        double size = 0, off = 0;

        for (size_t r = 0; r < v->n; r++) {
            double got = bias ? (double)bias[i] : 0, want = b ? b[i] : 0;

            for (size_t j = 0; j < d; j++) {
                got += (double)weight[i * d + j] * (double)vectors_at(v, 0, r)[j];
                want += w[i * d + j] * (double)vectors_at(v, 0, r)[j];
                size += pow(w[i * d + j] * (double)vectors_at(v, 0, r)[j], 2);
            }
            off += pow(got - want, 2);
        }
        worst = fmax(worst, sqrt(off / size));
    }
    return worst;
}

static void check_method(const char *name, const char *method, bool bias, bool rounded)
{
    golden g = open_case(name);
    size_t d = g.v.d;
    jc_stats *s = vectors_stats(&g.v, true, rounded);
    double *w = wanted(&g, method, bias, "weight", d * d);
    double *b = bias ? wanted(&g, method, bias, "bias", d) : NULL;
    jc_fit_params p;
    jc_shortcut *shortcut;
    jc_error err;

    jc_fit_params_init(&p);
    p.method = method;
    p.bias = bias;
    p.ridge = g.ridge;
    if (jc_fit(&shortcut, s, &p, &err))
        fail_msg("%s: %s", name, err.message);
    const jc_map *map = jc_shortcut_find(shortcut, 0, 1);
    double weights = weights_apart(&g.v, jc_map_floats(map, "weight"), w);
    double outputs = outputs_apart(&g.v, map, w, b);
    if (getenv("JC_VERBOSE"))
        print_message("%-17s %-5s bias %d rounded %d: weights %.2g outputs %.2g\n", name,
                      method, bias, rounded, weights, outputs);
    assert_true((jc_map_floats(map, "bias") != NULL) == bias);
    if (!(outputs <= (rounded ? 1e-4 : 1e-6)) || (!rounded && !(weights <= 1e-6)))
        fail_msg("%s by %s, bias %d, rounded %d: weights are off by %.3g, outputs by %.3g",
                 name, method, bias, rounded, weights, outputs);
    jc_shortcut_free(shortcut);
    jc_stats_free(s);
    free(w);
    free(b);
    close_case(&g);
}

static void check_all(const char *method, bool rounded)
{
    for (size_t i = 0; i < JC_COUNT(cases); i++) {
        check_method(cases[i], method, false, rounded);
        check_method(cases[i], method, true, rounded);
    }
}

static void test_fit__mat_equals_gelsd(void **state)
{
    (void)state;
    check_all("mat", false);
}

static void test_fit__ridge_equals_scikit_learn(void **state)
{
    (void)state;
    check_all("ridge", false);
}

static void test_fit__sums_of_float_products_are_enough(void **state)
{
    (void)state;
    check_all("mat", true);
    check_all("ridge", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit__mat_equals_gelsd),
        cmocka_unit_test(test_fit__ridge_equals_scikit_learn),
        cmocka_unit_test(test_fit__sums_of_float_products_are_enough),
    };
    return cmocka_run_group_tests_name("fit/golden", tests, NULL, NULL);
}
