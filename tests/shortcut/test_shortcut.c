/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include <stdlib.h>
#include <string.h>

#include "shortcut/shortcut.h"

enum { L = 3, D = 6, ROWS = 10 };

static jc_shortcut *made(const jc_form *form)
{
    jc_shortcut *s;

    assert_int_equal(jc_shortcut_new(&s, form, L, D, NULL), JC_OK);
    return s;
}

/* The map (1, 3), filled at random. */
static void add(jc_shortcut *s)
{
    jc_map *map;
    uint64_t seed = 4;

    assert_int_equal(jc_shortcut_add_pair(s, 1, 3, &map, NULL), JC_OK);
    float *weight = jc_map_fill(map, "weight"), *bias = jc_map_fill(map, "bias");
    for (size_t i = 0; i < D * D; i++)
        weight[i] = check_rand(&seed);
    for (size_t i = 0; bias && i < D; i++)
        bias[i] = 1 + check_rand(&seed);
}

static void check_apply(const jc_form *form)
{
    jc_shortcut *s = made(form);
    float x[ROWS * D], y[ROWS * D];
    double got[ROWS * D], want[ROWS * D];
    uint64_t seed = 8;

    add(s);
    const jc_map *map = jc_shortcut_find(s, 1, 3);
    const float *weight = jc_map_floats(map, "weight"), *bias = jc_map_floats(map, "bias");
    for (size_t i = 0; i < ROWS * D; i++)
        x[i] = check_rand(&seed);
    assert_int_equal(jc_shortcut_apply(s, 1, 3, x, ROWS, y, NULL), JC_OK);
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t i = 0; i < D; i++) {
            want[r * D + i] = bias ? (double)bias[i] : 0;
            for (size_t j = 0; j < D; j++)
                want[r * D + i] += (double)weight[i * D + j] * (double)x[r * D + j];
            got[r * D + i] = (double)y[r * D + i];
        }
    }
    check_close(got, want, ROWS * D, 1e-6, 1e-6);
    jc_shortcut_free(s);
}

static void test_shortcut__dense_is_w_x(void **state)
{
    (void)state;
    check_apply(&jc_form_dense);
}

static void test_shortcut__affine_is_w_x_plus_b(void **state)
{
    (void)state;
    check_apply(&jc_form_affine);
}

static void test_shortcut__identity_has_every_pair_and_changes_nothing(void **state)
{
    jc_shortcut *s = made(&jc_form_identity);
    float x[2 * D], y[2 * D];
    uint64_t seed = 8;

    (void)state;
    for (size_t i = 0; i < 2 * D; i++)
        x[i] = check_rand(&seed);
    for (uint32_t i = 0; i <= L + 1; i++) {
        for (uint32_t j = 0; j <= L + 1; j++) {
            bool pair = i < j && j <= L;

            assert_true(jc_shortcut_has(s, i, j) == pair);
            memset(y, 0, sizeof y);
            assert_int_equal(jc_shortcut_apply(s, i, j, x, 2, y, NULL),
                             pair ? JC_OK : JC_E_ARG);
            if (pair)
                assert_memory_equal(x, y, sizeof x);
        }
    }
    jc_shortcut_free(s);
}

static void test_shortcut__says_which_map_it_lacks(void **state)
{
    jc_shortcut *s = made(&jc_form_dense);
    float x[D] = {0}, y[D];
    jc_error err;

    (void)state;
    add(s);
    assert_true(jc_shortcut_has(s, 1, 3));
    assert_false(jc_shortcut_has(s, 1, 2));
    assert_int_equal(jc_shortcut_apply(s, 1, 2, x, 1, y, &err), JC_E_ARG);
    assert_string_equal(err.message, "the shortcut has no map from layer 1 to 2");
    jc_shortcut_free(s);
}

static void test_shortcut__metadata_is_set_and_replaced(void **state)
{
    jc_shortcut *s = made(&jc_form_dense);
    jc_error err;

    (void)state;
    assert_null(jc_shortcut_meta(s, "method"));
    assert_int_equal(jc_shortcut_set_meta(s, "method", "mat", &err), JC_OK);
    assert_int_equal(jc_shortcut_set_meta(s, "method", "ridge", &err), JC_OK);
    assert_string_equal(jc_shortcut_meta(s, "method"), "ridge");
    assert_string_equal(jc_shortcut_meta(s, "form"), "dense");
    assert_string_equal(jc_shortcut_meta(s, "layers"), "3");
    assert_int_equal(jc_shortcut_set_meta(s, "width", "7", &err), JC_E_ARG);
    assert_string_equal(err.message, "metadata 'width' of shortcuts cannot be set");
    assert_string_equal(jc_shortcut_meta(s, "width"), "6");
    jc_shortcut_free(s);
}

#define OURS   "0123456789abcdef0123456789abcdef"
#define THEIRS "ffffffffffffffffffffffffffffffff"

static void test_shortcut__of_another_model_is_refused_naming_both(void **state)
{
    jc_shortcut *s = made(&jc_form_dense);
    jc_model_info info = {
        .path = "models/b", .fingerprint = THEIRS, .layers = L, .width = D};
    jc_error err;

    (void)state;
    assert_int_equal(jc_shortcut_check_info(s, &info, &err), JC_E_MISMATCH);
    assert_string_equal(err.message,
                        "the shortcuts were fitted on model '' (no fingerprint), "
                        "not on 'models/b' (" THEIRS ")");
    assert_int_equal(jc_shortcut_set_meta(s, "model", "models/a", NULL), JC_OK);
    assert_int_equal(jc_shortcut_set_meta(s, "model.fingerprint", OURS, NULL), JC_OK);
    assert_int_equal(jc_shortcut_check_info(s, &info, &err), JC_E_MISMATCH);
    assert_string_equal(err.message, "the shortcuts were fitted on model 'models/a' (" OURS
                                     "), not on 'models/b' (" THEIRS ")");
    info.fingerprint = OURS; /* the same model, moved */
    assert_int_equal(jc_shortcut_check_info(s, &info, &err), JC_OK);
    info.layers = L + 1;
    assert_int_equal(jc_shortcut_check_info(s, &info, &err), JC_E_MISMATCH);
    assert_string_equal(err.message, "the shortcuts are for 3 layers of width 6, model "
                                     "'models/b' has 4 of width 6");
    jc_shortcut_free(s);
}

static void test_shortcut__is_checked_against_an_open_model(void **state)
{
    jc_shortcut *s;
    jc_model *model;
    jc_error err;

    (void)state;
    if (jc_model_inspect(&model, JC_SOURCE_DIR "/data/demo", &err))
        fail_msg("%s", err.message);
    const jc_model_info *info = jc_model_get_info(model);
    assert_int_equal(jc_shortcut_new(&s, &jc_form_dense, info->layers, info->width, NULL),
                     JC_OK);
    assert_int_equal(jc_shortcut_check(s, model, &err), JC_E_MISMATCH);
    assert_int_equal(jc_shortcut_set_meta(s, "model.fingerprint", info->fingerprint, NULL),
                     JC_OK);
    assert_int_equal(jc_shortcut_check(s, model, &err), JC_OK);
    jc_shortcut_free(s);
    jc_model_close(model);
}

static void test_shortcut__short_memory_is_a_status(void **state)
{
    jc_shortcut *s = NULL;
    jc_status st = JC_E_NOMEM;
    jc_map *map;

    (void)state;
    for (long n = 0; st == JC_E_NOMEM; n++) {
        jc_alloc_fail_after(n);
        st = jc_shortcut_new(&s, &jc_form_affine, L, D, NULL);
        jc_alloc_fail_after(-1);
    }
    assert_int_equal(st, JC_OK);
    st = JC_E_NOMEM;
    for (long n = 0; st == JC_E_NOMEM; n++) {
        jc_alloc_fail_after(n);
        st = jc_shortcut_add_pair(s, 0, 1, &map, NULL);
        jc_alloc_fail_after(-1);
        assert_true(jc_shortcut_has(s, 0, 1) == (st == JC_OK));
    }
    for (long n = 0; n < 2; n++) {
        jc_alloc_fail_after(n);
        assert_int_equal(jc_shortcut_set_meta(s, "k", "v", NULL), JC_E_NOMEM);
        assert_null(jc_shortcut_meta(s, "k"));
    }
    jc_alloc_fail_after(-1);
    jc_shortcut_free(s);
}

static void test_shortcut__joined_has_the_maps_of_both(void **state)
{
    jc_shortcut *into = made(&jc_form_affine), *from = made(&jc_form_affine), *wide;
    jc_error err;
    jc_map *map;

    (void)state;
    add(from);
    assert_int_equal(jc_shortcut_add_pair(into, 0, 1, &map, NULL), JC_OK);
    assert_int_equal(jc_shortcut_join(into, from, NULL), JC_OK);
    assert_true(jc_shortcut_has(into, 0, 1));
    const jc_map *one = jc_shortcut_find(into, 1, 3), *two = jc_shortcut_find(from, 1, 3);
    const float *weight = jc_map_floats(two, "weight");
    assert_memory_equal(jc_map_floats(one, "weight"), weight, D * D * sizeof(float));
    assert_memory_equal(jc_map_floats(one, "bias"), jc_map_floats(two, "bias"),
                        D * sizeof(float));
    assert_int_equal(jc_shortcut_join(into, from, &err), JC_E_ARG);
    assert_non_null(strstr(err.message, "map.1.3"));
    assert_int_equal(jc_shortcut_new(&wide, &jc_form_affine, L, D + 1, NULL), JC_OK);
    assert_int_equal(jc_shortcut_join(wide, from, NULL), JC_E_MISMATCH);
    jc_shortcut_free(wide);
    jc_shortcut_free(from);
    jc_shortcut_free(into);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shortcut__dense_is_w_x),
        cmocka_unit_test(test_shortcut__affine_is_w_x_plus_b),
        cmocka_unit_test(test_shortcut__identity_has_every_pair_and_changes_nothing),
        cmocka_unit_test(test_shortcut__says_which_map_it_lacks),
        cmocka_unit_test(test_shortcut__metadata_is_set_and_replaced),
        cmocka_unit_test(test_shortcut__of_another_model_is_refused_naming_both),
        cmocka_unit_test(test_shortcut__is_checked_against_an_open_model),
        cmocka_unit_test(test_shortcut__short_memory_is_a_status),
        cmocka_unit_test(test_shortcut__joined_has_the_maps_of_both),
    };
    return cmocka_run_group_tests_name("shortcut/shortcut", tests, NULL, NULL);
}
