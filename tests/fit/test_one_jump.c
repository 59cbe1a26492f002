/* SPDX-License-Identifier: MIT */
/* One map for all layers: it must be the map that other methods find on the pooled pairs,
 * written out one below the other. */
#include "stats/vectors.h"

#include <stdio.h>

#include "fit/methods.h"
#include "support/scratch.h"

enum { TAPS = 5, LAYERS = TAPS - 1, ROWS = 90, D = 7 };

/* States that are not quite linear in each other, of different scales. */
static vectors states(void)
{
    vectors v = vectors_new(TAPS, ROWS, D);
    uint64_t seed = 21;

    for (size_t r = 0; r < ROWS; r++)
        for (size_t i = 0; i < D; i++)
            vectors_at(&v, 0, r)[i] = (float)(vectors_normal(&seed) + (double)i / 3);
    for (size_t t = 1; t < TAPS; t++)
        for (size_t r = 0; r < ROWS; r++)
            for (size_t i = 0; i < D; i++)
                vectors_at(&v, t, r)[i] =
                    (float)(0.8 * (double)vectors_at(&v, t - 1, r)[i] +
                            sin((double)vectors_at(&v, t - 1, r)[(i + t) % D]) +
                            0.3 * vectors_normal(&seed) + 0.2 * (double)t);
    return v;
}

/* The scale and shift of a coordinate that make its mean 0 and its variance 1. */
static void standard(const vectors *v, size_t tap, size_t c, float *scale, float *shift)
{
    double mean = 0, square = 0;

    for (size_t r = 0; r < v->n; r++)
        mean += (double)vectors_at(v, tap, r)[c] / (double)v->n;
    for (size_t r = 0; r < v->n; r++)
        square += pow((double)vectors_at(v, tap, r)[c] - mean, 2) / (double)v->n;
    *scale = (float)(1 / sqrt(square));
    *shift = (float)(-mean / sqrt(square));
}

/* All pairs (h_l, h_L), one below the other, as two taps. */
static vectors stacked(const vectors *v, bool scales)
{
    vectors all = vectors_new(2, LAYERS * v->n, v->d);

    for (size_t l = 0; l < LAYERS; l++)
        for (size_t c = 0; c < v->d; c++) {
            float scale = 1, shift = 0;
            if (scales)
                standard(v, l, c, &scale, &shift);
            for (size_t r = 0; r < v->n; r++) {
                vectors_at(&all, 0, l * v->n + r)[c] =
                    vectors_at(v, l, r)[c] * scale + shift;
                vectors_at(&all, 1, l * v->n + r)[c] = vectors_at(v, LAYERS, r)[c];
            }
        }
    return all;
}

static jc_shortcut *fitted(const vectors *v, const char *method, bool bias, uint32_t rank,
                           const char *share, bool scales)
{
    jc_stats *s = vectors_stats(v, false, false);
    jc_fit_params p;
    jc_shortcut *out = NULL;
    jc_error err;

    jc_fit_params_init(&p);
    p.method = method;
    p.bias = bias;
    p.rank = rank;
    p.share = share;
    p.scales = scales;
    if (jc_fit(&out, s, &p, &err))
        fail_msg("%s: %s", method, err.message);
    jc_stats_free(s);
    return out;
}

static void check_same(const jc_map *a, const jc_map *b, double tolerance)
{
    float w[2][D * D], c[2][D];
    double got[D * D + D], want[D * D + D];

    assert_int_equal(jc_map_dense(a, w[0], c[0], NULL), JC_OK);
    assert_int_equal(jc_map_dense(b, w[1], c[1], NULL), JC_OK);
    for (size_t i = 0; i < D * D + D; i++) {
        got[i] = (double)(i < D * D ? w[0][i] : c[0][i - D * D]);
        want[i] = (double)(i < D * D ? w[1][i] : c[1][i - D * D]);
    }
    check_close(got, want, D * D + D, tolerance, tolerance);
}

static const jc_map *base_of(const jc_shortcut *s)
{
    return jc_shortcut_find(s, 0, LAYERS)->base;
}

static void test_one_jump__pooled_is_least_squares_of_the_pooled_pairs(void **state)
{
    vectors v = states();

    (void)state;
    for (int scales = 0; scales < 2; scales++)
        for (int bias = scales; bias < 2; bias++)
            for (uint32_t rank = 0; rank < 4; rank += 3) {
                vectors all = stacked(&v, scales);
                jc_shortcut *one = fitted(&v, "one-jump", bias, rank, "pooled", scales);
                jc_shortcut *want =
                    fitted(&all, rank ? "narrow" : "mat", bias, rank, NULL, false);
                check_same(base_of(one), jc_shortcut_find(want, 0, 1), 2e-5);
                jc_shortcut_free(one);
                jc_shortcut_free(want);
                free(all.x);
            }
    free(v.x);
}

/* R2 on stacked pairs, from the definition. */
static double r2_on(const vectors *all, const jc_map *map)
{
    float w[D * D], b[D];
    double total = 0;

    assert_int_equal(jc_map_dense(map, w, b, NULL), JC_OK);
    for (size_t c = 0; c < D; c++) {
        double mean = 0, squares = 0, variance = 0;
        for (size_t r = 0; r < all->n; r++)
            mean += (double)vectors_at(all, 1, r)[c] / (double)all->n;
        for (size_t r = 0; r < all->n; r++) {
            double y = (double)vectors_at(all, 1, r)[c], e = y - (double)b[c];
            for (size_t i = 0; i < D; i++)
                e -= (double)w[c * D + i] * (double)vectors_at(all, 0, r)[i];
            squares += e * e;
            variance += (y - mean) * (y - mean);
        }
        total += (1 - squares / variance) / D;
    }
    return total;
}

static void test_one_jump__pick_is_the_layer_that_does_best_on_all(void **state)
{
    vectors v = states();

    (void)state;
    for (int bias = 0; bias < 2; bias++) {
        vectors all = stacked(&v, false);
        jc_shortcut *own = fitted(&v, "mat", bias, 0, NULL, false);
        jc_shortcut *one = fitted(&v, "one-jump", bias, 0, "pick", false);
        jc_shortcut *pooled = fitted(&v, "one-jump", bias, 0, "pooled", false);
        uint32_t best = 0;
        for (uint32_t l = 1; l < LAYERS; l++)
            if (r2_on(&all, jc_shortcut_find(own, l, LAYERS)) >
                r2_on(&all, jc_shortcut_find(own, best, LAYERS)))
                best = l;
        assert_int_equal(atoi(jc_shortcut_meta(one, "picked")), best);
        check_same(base_of(one), jc_shortcut_find(own, best, LAYERS), 1e-6);
        jc_shortcut_free(own);
        jc_shortcut_free(one);
        jc_shortcut_free(pooled);
        free(all.x);
    }
    free(v.x);
}

/* R2 of each layer, and the map of a layer, scales and all. */
static void test_one_jump__each_layer_sees_it_through_its_own_scales(void **state)
{
    vectors v = states();
    jc_shortcut *one = fitted(&v, "one-jump", true, 0, "pooled", true), *opened;
    const char *path = scratch_path(state, "one");
    jc_error err;

    if (jc_shortcut_save(one, path, &err) || jc_shortcut_open(&opened, path, &err))
        fail_msg("%s", err.message);
    for (uint32_t l = 0; l < LAYERS; l++) {
        const jc_map *map = jc_shortcut_find(one, l, LAYERS);
        const jc_map *again = jc_shortcut_find(opened, l, LAYERS);
        vectors pairs = vectors_new(2, v.n, v.d);
        float y[ROWS * D], z[ROWS * D], w[D * D], b[D];
        memcpy(vectors_at(&pairs, 0, 0), vectors_at(&v, l, 0), sizeof y);
        memcpy(vectors_at(&pairs, 1, 0), vectors_at(&v, LAYERS, 0), sizeof y);
        assert_true(fabs(r2_on(&pairs, map) - map->r2) < 1e-5);
        assert_string_equal(jc_map_form(again), "shared");
        assert_int_equal(jc_map_run(map, vectors_at(&v, l, 0), ROWS, y, NULL), JC_OK);
        assert_int_equal(jc_map_run(again, vectors_at(&v, l, 0), ROWS, z, NULL), JC_OK);
        assert_memory_equal(y, z, sizeof y);
        assert_int_equal(jc_map_run(map, vectors_at(&v, l, 3), 1, z, NULL), JC_OK);
        assert_memory_equal(y + 3 * D, z, D * sizeof *z);
        assert_int_equal(jc_map_dense(map, w, b, NULL), JC_OK);
        for (size_t c = 0; c < D; c++) {
            double want = (double)b[c];
            for (size_t i = 0; i < D; i++)
                want += (double)w[c * D + i] * (double)vectors_at(&v, l, 5)[i];
            assert_true(fabs((double)y[5 * D + c] - want) < 1e-5);
        }
        free(pairs.x);
    }
    jc_shortcut_free(one);
    jc_shortcut_free(opened);
    free(v.x);
}

static void test_one_jump__without_scales_a_file_keeps_who_shares(void **state)
{
    vectors v = states();
    jc_shortcut *one = fitted(&v, "one-jump", false, 2, "pooled", false), *opened;
    const char *path = scratch_path(state, "one");
    float y[D], z[D];
    jc_error err;

    if (jc_shortcut_save(one, path, &err) || jc_shortcut_open(&opened, path, &err))
        fail_msg("%s", err.message);
    for (uint32_t l = 0; l < LAYERS; l++) {
        assert_int_equal(jc_shortcut_apply(one, l, LAYERS, v.x, 1, y, NULL), JC_OK);
        assert_int_equal(jc_shortcut_apply(opened, l, LAYERS, v.x, 1, z, NULL), JC_OK);
        assert_memory_equal(y, z, sizeof y);
    }
    assert_int_equal(jc_map_costs(jc_shortcut_find(opened, 1, LAYERS)).parameters, 0);
    assert_int_equal(jc_map_costs(base_of(opened)).parameters, 2 * 2 * D);
    jc_shortcut_free(one);
    jc_shortcut_free(opened);
    free(v.x);
}

/* What fewer bits take from R2 is what the definition says. */
static void test_fit__what_a_type_costs_is_measured(void **state)
{
    vectors v = states();
    jc_stats *s = vectors_stats(&v, false, false);
    jc_shortcut *plain = fitted(&v, "mat", true, 0, NULL, false), *stored;
    double loss = 0;
    jc_fit_params p;

    (void)state;
    jc_fit_params_init(&p);
    p.bias = true;
    p.store = "int8";
    assert_int_equal(jc_fit(&stored, s, &p, NULL), JC_OK);
    for (uint32_t l = 0; l < LAYERS; l++) {
        vectors pairs = vectors_new(2, v.n, v.d);
        memcpy(vectors_at(&pairs, 0, 0), vectors_at(&v, l, 0), ROWS * D * sizeof(float));
        memcpy(vectors_at(&pairs, 1, 0), vectors_at(&v, LAYERS, 0),
               ROWS * D * sizeof(float));
        double r2 = r2_on(&pairs, jc_shortcut_find(stored, l, LAYERS));
        assert_true(fabs(r2 - jc_shortcut_find(stored, l, LAYERS)->r2) < 1e-6);
        loss += (jc_shortcut_find(plain, l, LAYERS)->r2 - r2) / LAYERS;
        free(pairs.x);
    }
    assert_true(loss > 0);
    assert_true(fabs(loss - atof(jc_shortcut_meta(stored, "store.r2-loss"))) < 1e-6);
    jc_shortcut_free(plain);
    jc_shortcut_free(stored);
    jc_stats_free(s);
    free(v.x);
}

static void test_one_jump__short_memory_is_a_status(void **state)
{
    vectors v = states();
    jc_stats *s = vectors_stats(&v, false, false);
    jc_shortcut *out = NULL;
    jc_status st = JC_E_NOMEM;
    jc_fit_params p;

    (void)state;
    jc_fit_params_init(&p);
    p.method = "one-jump";
    p.rank = 3;
    p.share = "pick";
    for (long n = 0; st == JC_E_NOMEM; n++) {
        jc_alloc_fail_after(n);
        st = jc_fit(&out, s, &p, NULL);
        jc_alloc_fail_after(-1);
    }
    assert_int_equal(st, JC_OK);
    jc_shortcut_free(out);
    jc_stats_free(s);
    free(v.x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_jump__pooled_is_least_squares_of_the_pooled_pairs),
        cmocka_unit_test(test_one_jump__pick_is_the_layer_that_does_best_on_all),
        SCRATCH_TEST(test_one_jump__each_layer_sees_it_through_its_own_scales),
        SCRATCH_TEST(test_one_jump__without_scales_a_file_keeps_who_shares),
        cmocka_unit_test(test_fit__what_a_type_costs_is_measured),
        cmocka_unit_test(test_one_jump__short_memory_is_a_status),
    };
    return cmocka_run_group_tests_name("fit/one_jump", tests, NULL, NULL);
}
