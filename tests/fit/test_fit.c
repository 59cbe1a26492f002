/* SPDX-License-Identifier: MIT */
#include "stats/vectors.h"

#include <stdio.h>

#include "fit/methods.h"
#include "kernels/kernels.h"

/* States where tap t + 1 is exactly W tap t + b, W [d, d] with few short fractions. */
static vectors linear(size_t taps, size_t n, size_t d, bool offset)
{
    vectors v = vectors_new(taps, n, d);
    uint64_t seed = 12;

    for (size_t r = 0; r < n; r++)
        for (size_t i = 0; i < d; i++)
            vectors_at(&v, 0, r)[i] = roundf(8 * check_rand(&seed)) + (offset ? 4 : 0);
    for (size_t t = 1; t < taps; t++)
        for (size_t r = 0; r < n; r++)
            for (size_t i = 0; i < d; i++)
                vectors_at(&v, t, r)[i] = 2 * vectors_at(&v, t - 1, r)[(i + 1) % d] -
                                          vectors_at(&v, t - 1, r)[i] + (offset ? 3 : 0);
    return v;
}

/* The weights of that map, one tap on. */
static float linear_weight(size_t d, size_t i, size_t j)
{
    return (j == (i + 1) % d ? 2.0f : 0.0f) - (j == i ? 1.0f : 0.0f);
}

static jc_shortcut *fitted(const jc_stats *s, const char *method, bool bias)
{
    jc_fit_params p;
    jc_shortcut *shortcut = NULL;
    jc_error err;

    jc_fit_params_init(&p);
    p.method = method;
    p.bias = bias;
    if (jc_fit(&shortcut, s, &p, &err))
        fail_msg("%s", err.message);
    return shortcut;
}

static void check_recovered(bool offset)
{
    vectors v = linear(3, 100, 8, offset);
    jc_stats *s = vectors_stats(&v, true, false);
    jc_shortcut *shortcut = fitted(s, "mat", offset);

    for (uint32_t i = 0; i < 2; i++) {
        const jc_map *map = jc_shortcut_find(shortcut, i, i + 1);
        const float *weight = jc_map_floats(map, "weight");
        const float *bias = jc_map_floats(map, "bias");

        for (size_t k = 0; k < 8 * 8; k++)
            assert_true(fabsf(weight[k] - linear_weight(8, k / 8, k % 8)) < 1e-6f);
        for (size_t k = 0; k < 8 && offset; k++)
            assert_true(fabsf(bias[k] - 3) < 1e-5f);
    }
    assert_true(jc_shortcut_has(shortcut, 0, 2));
    jc_shortcut_free(shortcut);
    jc_stats_free(s);
    free(v.x);
}

static void test_fit__recovers_exact_linear_data(void **state)
{
    (void)state;
    check_recovered(false);
    check_recovered(true);
}

/* The law: the map of a state to itself is the identity, where the vectors span. */
static void test_fit__of_a_state_to_itself_is_the_identity(void **state)
{
    vectors v = linear(2, 100, 8, true);

    (void)state;
    memcpy(vectors_at(&v, 1, 0), vectors_at(&v, 0, 0), v.n * v.d * sizeof *v.x);
    jc_stats *s = vectors_stats(&v, true, false);
    jc_shortcut *shortcut = fitted(s, "mat", false);
    const float *weight = jc_map_floats(jc_shortcut_find(shortcut, 0, 1), "weight");
    for (size_t k = 0; k < 8 * 8; k++)
        assert_true(fabsf(weight[k] - (k / 8 == k % 8 ? 1.0f : 0.0f)) < 1e-6f);
    jc_shortcut_free(shortcut);
    jc_stats_free(s);
    free(v.x);
}

static void test_fit__ridge_of_nothing_is_mat(void **state)
{
    vectors v = linear(2, 5, 8, true); /* fewer than unknowns */
    jc_stats *s = vectors_stats(&v, true, false);
    jc_fit_params p;
    jc_shortcut *ridge;

    (void)state;
    jc_fit_params_init(&p);
    p.method = "ridge";
    p.ridge = 0;
    assert_int_equal(jc_fit(&ridge, s, &p, NULL), JC_OK);
    jc_shortcut *mat = fitted(s, "mat", false);
    assert_memory_equal(jc_map_floats(jc_shortcut_find(ridge, 0, 1), "weight"),
                        jc_map_floats(jc_shortcut_find(mat, 0, 1), "weight"),
                        8 * 8 * sizeof(float));
    jc_shortcut_free(mat);
    jc_shortcut_free(ridge);
    jc_stats_free(s);
    free(v.x);
}

static void test_fit__has_a_map_for_each_pair_of_the_sums(void **state)
{
    vectors v = linear(4, 50, 4, true);

    (void)state;
    for (int all = 0; all < 2; all++) {
        jc_stats *s = vectors_stats(&v, all, false);
        jc_shortcut *mat = fitted(s, "mat", false), *id = fitted(s, "id", false);

        for (uint32_t i = 0; i < 4; i++) {
            for (uint32_t j = 0; j < 4; j++) {
                assert_true(jc_shortcut_has(mat, i, j) == (i < j && (all || j == 3)));
                assert_true(jc_shortcut_has(id, i, j) == (i < j));
            }
        }
        jc_shortcut_free(mat);
        jc_shortcut_free(id);
        jc_stats_free(s);
    }
    free(v.x);
}

static void test_fit__says_in_the_file_what_it_did(void **state)
{
    vectors v = linear(3, 50, 4, true);
    jc_stats *s = vectors_stats(&v, false, false);
    jc_shortcut *shortcut = fitted(s, "ridge", true);

    (void)state;
    assert_string_equal(jc_shortcut_meta(shortcut, "form"), "affine");
    assert_string_equal(jc_shortcut_meta(shortcut, "layers"), "2");
    assert_string_equal(jc_shortcut_meta(shortcut, "width"), "4");
    assert_string_equal(jc_shortcut_meta(shortcut, "method"), "ridge");
    assert_string_equal(jc_shortcut_meta(shortcut, "ridge"), "0.001");
    assert_string_equal(jc_shortcut_meta(shortcut, "bias"), "true");
    assert_string_equal(jc_shortcut_meta(shortcut, "model"), "made-up");
    assert_string_equal(jc_shortcut_meta(shortcut, "model.fingerprint"), VECTORS_PRINT);
    assert_string_equal(jc_shortcut_meta(shortcut, "rows"), "50");
    assert_string_equal(jc_shortcut_meta(shortcut, "rows.texts"), "50");
    jc_shortcut_free(shortcut);
    shortcut = fitted(s, "mat", false);
    assert_null(jc_shortcut_meta(shortcut, "ridge"));
    assert_string_equal(jc_shortcut_meta(shortcut, "bias"), "false");
    jc_shortcut_free(shortcut);
    jc_stats_free(s);
    free(v.x);
}

/* What the hooks heard. */
typedef struct heard {
    char note[480];
    int notes;
    uint64_t done, total;
    bool stop;
} heard;

static void hear_note(void *arg, const char *message)
{
    heard *h = arg;

    snprintf(h->note, sizeof h->note, "%s", message);
    h->notes++;
}

static bool hear_progress(void *arg, const jc_progress *progress)
{
    heard *h = arg;

    assert_true(progress->done >= h->done);
    assert_string_equal(progress->unit, "maps");
    h->done = progress->done;
    h->total = progress->total;
    return !h->stop;
}

static jc_status fit_heard(size_t n, bool bias, heard *h, jc_error *err)
{
    vectors v = linear(3, n, 8, true);
    jc_stats *s = vectors_stats(&v, true, false);
    jc_hooks hooks = {hear_progress, hear_note, h};
    jc_shortcut *shortcut = NULL;
    jc_fit_params p;

    jc_fit_params_init(&p);
    p.bias = bias;
    p.hooks = &hooks;
    jc_status st = jc_fit(&shortcut, s, &p, err);
    jc_shortcut_free(shortcut);
    jc_stats_free(s);
    free(v.x);
    return st;
}

static void test_fit__says_how_many_vectors_would_do(void **state)
{
    heard few = {0}, enough = {0}, bias = {0};

    (void)state;
    assert_int_equal(fit_heard(7, false, &few, NULL), JC_OK);
    assert_string_equal(few.note,
                        "7 vectors for 8 unknowns per row: the maps are those of least "
                        "norm; 8 vectors would determine them, 80 would make them good");
    assert_int_equal(few.notes, 1);
    assert_int_equal(fit_heard(8, false, &enough, NULL), JC_OK);
    assert_int_equal(enough.notes, 0);
    assert_int_equal(fit_heard(8, true, &bias, NULL), JC_OK);
    assert_int_equal(bias.notes, 1);
    assert_int_equal(few.done, 3);
    assert_int_equal(few.total, 3);
}

static void test_fit__stops_when_told(void **state)
{
    heard h = {.stop = true};
    jc_error err;

    (void)state;
    assert_int_equal(fit_heard(9, false, &h, &err), JC_E_CANCELLED);
    assert_string_equal(err.message, "stopped while fitting");
}

static void check_refused(const jc_stats *s, const jc_fit_params *p, jc_status status,
                          const char *message)
{
    jc_shortcut *shortcut = NULL;
    jc_error err = {JC_OK, ""};

    assert_int_equal(jc_fit(&shortcut, s, p, &err), status);
    assert_string_equal(err.message, message);
    assert_null(shortcut);
}

static void test_fit__refuses_what_it_cannot_do(void **state)
{
    vectors v = linear(2, 20, 4, true);
    jc_stats *s = vectors_stats(&v, true, false);
    jc_stats *none = vectors_block(&v, 0, 0, true, false);
    jc_fit_params p;

    (void)state;
    jc_fit_params_init(&p);
    check_refused(none, &p, JC_E_ARG, "cannot fit: the sums are of no vectors");
    p.method = "guess";
    check_refused(s, &p, JC_E_ARG,
                  "'--method' must be one of id|mat|ridge|narrow|one-jump|tuned|jacobian, "
                  "not 'guess'");
    p.method = "id";
    p.bias = true;
    check_refused(s, &p, JC_E_ARG, "method 'id' has no intercept");
    p.method = "ridge";
    p.ridge = NAN;
    check_refused(s, &p, JC_E_ARG, "'--ridge' must be from 0 to 1000000, not 'nan'");
    jc_stats_free(s);
    jc_stats_free(none);
    free(v.x);
}

static void test_fit__names_the_layer_of_a_bad_sum(void **state)
{
    vectors v = linear(3, 20, 4, true);
    jc_stats *s = vectors_stats(&v, true, false);
    double *within = jc_stats_cross(s, 1, 1), *across = jc_stats_cross(s, 0, 2);

    (void)state;
    within[5] = NAN;
    check_refused(s, NULL, JC_E_NUMERIC,
                  "cannot fit: the sums of layer 1 hold a number that is not finite");
    within[0] = 4;
    within[5] = 9;
    within[1] = within[4] = 54;
    check_refused(s, NULL, JC_E_NUMERIC,
                  "cannot fit: the sums of layer 1 are of no vectors: coordinates 0 and 1 "
                  "correlate by 9");
    within[1] = within[4] = 0;
    across[3] = INFINITY;
    check_refused(s, NULL, JC_E_NUMERIC,
                  "cannot fit 'map.0.2': it holds a number that is not finite");
    jc_stats_free(s);
    free(v.x);
}

static void test_fit__short_memory_is_a_status(void **state)
{
    static const size_t rows[] = {30, 3}; /* by Cholesky, and by eigenvectors */
    jc_fit_params p;

    (void)state;
    jc_fit_params_init(&p);
    for (int k = 0; k < 4; k++) {
        vectors v = linear(3, rows[k % 2], 6, true);
        jc_stats *s = vectors_stats(&v, true, false);
        jc_shortcut *shortcut = NULL;
        jc_status st = JC_E_NOMEM;
        long n;

        p.bias = k / 2;
        for (n = 0; st == JC_E_NOMEM; n++) {
            jc_alloc_fail_after(n);
            st = jc_fit(&shortcut, s, &p, NULL);
            jc_alloc_fail_after(-1);
        }
        assert_int_equal(st, JC_OK);
        assert_true(n > 20);
        jc_shortcut_free(shortcut);
        jc_stats_free(s);
        free(v.x);
    }
}

/* To the last bit, so that a file of shortcuts is the same on any machine of a kind. */
static void test_fit__does_not_depend_on_threads(void **state)
{
    enum { WIDE = 160 };
    vectors v = vectors_new(2, 2 * WIDE, WIDE);
    uint64_t seed = 2;

    (void)state;
    for (size_t k = 0; k < 2 * v.n * v.d; k++)
        v.x[k] = check_rand(&seed);
    for (size_t k = 0; k < v.n; k++) /* two equal columns: not of full rank */
        v.x[k * v.d + 1] = v.x[k * v.d];
    for (int bias = 0; bias < 2; bias++) {
        jc_stats *s = vectors_stats(&v, true, false);
        jc_threads_enter(1);
        jc_shortcut *one = fitted(s, "mat", bias);
        for (uint32_t threads = 2; threads <= 5; threads++) {
            jc_threads_enter(threads);
            jc_shortcut *more = fitted(s, "mat", bias);
            assert_memory_equal(jc_map_floats(jc_shortcut_find(one, 0, 1), "weight"),
                                jc_map_floats(jc_shortcut_find(more, 0, 1), "weight"),
                                WIDE * WIDE * sizeof(float));
            jc_shortcut_free(more);
        }
        jc_shortcut_free(one);
        jc_stats_free(s);
    }
    jc_threads_enter(0);
    free(v.x);
}

static void test_methods__are_listed_with_a_summary(void **state)
{
    (void)state;
    for (size_t i = 0; jc_method_at(i); i++) {
        const jc_method *m = jc_method_find(jc_method_at(i)->name);

        assert_ptr_equal(&m->info, jc_method_at(i));
        assert_true(strlen(m->info.summary) > 10);
        assert_non_null(m->form);
        assert_int_equal((m->fit || m->train), m->form != &jc_form_identity);
        assert_int_equal(m->info.texts, m->train != NULL);
        assert_false(m->fit && m->train);
    }
    assert_null(jc_method_find("no such method"));
}

static void test_fit_options__accept_just_the_methods(void **state)
{
    size_t n;
    const jc_option *rows = jc_fit_options(&n);
    char choices[256] = "";
    jc_fit_params p;
    jc_error err;

    (void)state;
    for (size_t i = 0; jc_method_at(i); i++) {
        size_t at = strlen(choices);
        snprintf(choices + at, sizeof choices - at, "%s%s", i ? "|" : "",
                 jc_method_at(i)->name);
    }
    assert_string_equal(rows[0].name, "method");
    assert_string_equal(rows[0].choices, choices);
    jc_fit_params_init(&p);
    assert_string_equal(p.method, "mat");
    assert_false(p.bias);
    assert_int_equal(jc_option_set(&p, rows, n, "ridge", "-1", &err), JC_E_ARG);
    assert_string_equal(err.message, "'--ridge' must be from 0 to 1000000, not '-1'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit__recovers_exact_linear_data),
        cmocka_unit_test(test_fit__of_a_state_to_itself_is_the_identity),
        cmocka_unit_test(test_fit__ridge_of_nothing_is_mat),
        cmocka_unit_test(test_fit__has_a_map_for_each_pair_of_the_sums),
        cmocka_unit_test(test_fit__says_in_the_file_what_it_did),
        cmocka_unit_test(test_fit__says_how_many_vectors_would_do),
        cmocka_unit_test(test_fit__stops_when_told),
        cmocka_unit_test(test_fit__refuses_what_it_cannot_do),
        cmocka_unit_test(test_fit__names_the_layer_of_a_bad_sum),
        cmocka_unit_test(test_fit__short_memory_is_a_status),
        cmocka_unit_test(test_fit__does_not_depend_on_threads),
        cmocka_unit_test(test_methods__are_listed_with_a_summary),
        cmocka_unit_test(test_fit_options__accept_just_the_methods),
    };
    return cmocka_run_group_tests_name("fit/fit", tests, NULL, NULL);
}
