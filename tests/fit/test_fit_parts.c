/* SPDX-License-Identifier: MIT */
/*
 * Maps of parts of blocks, from a model's texts to the file: against LAPACK's gelsd on the
 * states at the taps that the part goes from and to. That the taps are right is tested with
 * the model. Tolerance: as of other fits from sums of float32 products, 1e-3 of the largest
 * weight; what decides is the residual, which must be within 1e-5 of the least one.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "jumpcut/fit.h"
#include "jumpcut/samples.h"
#include "model/parts.h"
#include "shortcut/shortcut.h"
#include "stats/moments.h"
#include "support/check.h"
#include "support/gelsd.h"
#include "support/scratch.h"

enum { TEXTS = 40, LENGTH = 20, WIDTH = 24, ROWS = TEXTS * LENGTH };

/* Texts of random ids, `from` to `to` of the same 40. */
struct source {
    uint32_t at, to;
    uint32_t ids[LENGTH];
};

static void make_text(uint32_t number, uint32_t *ids)
{
    uint64_t seed = 100 + number;

    for (size_t i = 0; i < LENGTH; i++)
        ids[i] = 5 + (uint32_t)((check_rand(&seed) + 1) * 25);
}

static jc_status next(void *arg, jc_ids *ids, jc_error *err)
{
    struct source *s = arg;

    (void)err;
    if (s->at == s->to)
        return JC_OK;
    ids->id = realloc(ids->id, LENGTH * sizeof *ids->id);
    ids->n = ids->capacity = LENGTH;
    make_text(s->at++, ids->id);
    return JC_OK;
}

static jc_model *open_tiny(const char *name)
{
    char path[512];
    jc_model *model;
    jc_error err = {JC_OK, ""};

    snprintf(path, sizeof path, JC_SOURCE_DIR "/tests/golden/models/%s", name);
    if (jc_model_open(&model, path, NULL, &err))
        fail_msg("%s", err.message);
    return model;
}

static jc_stats *gather(const jc_model *model, uint32_t from, uint32_t to)
{
    struct source source = {.at = from, .to = to};
    jc_samples *samples;
    jc_stats_params params;
    jc_stats *stats;
    jc_error err = {JC_OK, ""};

    jc_stats_params_init(&params);
    params.parts = true;
    params.pairs = "all";
    params.batch = 100;
    assert_int_equal(jc_samples_from_source(&samples, next, &source, NULL, NULL), JC_OK);
    if (jc_stats_gather(&stats, model, samples, &params, &err))
        fail_msg("%s", err.message);
    jc_samples_close(samples);
    assert_int_equal(jc_stats_rows(stats), (to - from) * LENGTH);
    return stats;
}

static jc_shortcut *fit(const jc_stats *stats, const char *method, bool bias)
{
    jc_fit_params params;
    jc_shortcut *shortcut;
    jc_error err = {JC_OK, ""};

    jc_fit_params_init(&params);
    params.method = method;
    params.bias = bias;
    if (jc_fit(&shortcut, stats, &params, &err))
        fail_msg("%s", err.message);
    return shortcut;
}

/* states [2, ROWS, WIDTH] at two taps. */
static void run(const jc_model *model, const jc_tap *taps, double *states)
{
    jc_session *session;
    uint32_t ids[LENGTH], positions[LENGTH];

    for (uint32_t i = 0; i < LENGTH; i++)
        positions[i] = i;
    assert_int_equal(jc_session_new(&session, model, NULL), JC_OK);
    assert_int_equal(jc_session_want(session, taps, 2, NULL), JC_OK);
    for (uint32_t t = 0; t < TEXTS; t++) {
        const jc_text text = {ids, LENGTH, positions, LENGTH};
        make_text(t, ids);
        assert_int_equal(jc_session_run(session, &text, 1, NULL), JC_OK);
        for (size_t k = 0; k < 2; k++)
            for (size_t i = 0; i < LENGTH * WIDTH; i++)
                states[(k * ROWS + t * LENGTH) * WIDTH + i] =
                    (double)jc_session_wanted(session, k)[i];
    }
    jc_session_free(session);
}

/* Squared residuals of y ~ W x over the sum of squares of y. */
static double residual(const double *x, const double *y, const double *w)
{
    double sum = 0, all = 0;

    for (size_t r = 0; r < ROWS; r++)
        for (size_t i = 0; i < WIDTH; i++) {
            double e = y[r * WIDTH + i];
            all += e * e;
            for (size_t k = 0; k < WIDTH; k++)
                e -= w[i * WIDTH + k] * x[r * WIDTH + k];
            sum += e * e;
        }
    return sum / all;
}

static void check_part(const jc_model *model, const jc_shortcut *shortcut, uint32_t block,
                       jc_part part)
{
    const jc_map *map = jc_shortcut_find_part(shortcut, block, part);
    double *states = malloc(2 * ROWS * WIDTH * sizeof *states);
    double want[WIDTH * WIDTH], got[WIDTH * WIDTH];
    jc_tap taps[2];

    assert_true(jc_model_part(model, block, part, &taps[0], &taps[1]));
    assert_non_null(map);
    const float *weight = jc_map_floats(map, "weight");
    assert_true(jc_shortcut_has_part(shortcut, block, jc_part_name(part)));
    run(model, taps, states);
    assert_true(gelsd(states, states + ROWS * WIDTH, ROWS, WIDTH, 1e-7, want));
    for (size_t i = 0; i < WIDTH * WIDTH; i++)
        got[i] = (double)weight[i];
    double least = residual(states, states + ROWS * WIDTH, want);
    double ours = residual(states, states + ROWS * WIDTH, got);
    if (!(fabs(ours - least) < 1e-5))
        fail_msg("block %u, %s: residual %.8f, the least is %.8f", block,
                 jc_part_name(part), ours, least);
    free(states);
}

static void test_fit_parts__are_least_squares_of_what_parts_do(void **state)
{
    static const char *const models[] = {"tiny-gpt2", "tiny-bert", "tiny-opt-after"};

    (void)state;
    for (size_t m = 0; m < JC_COUNT(models); m++) {
        jc_model *model = open_tiny(models[m]);
        jc_stats *stats = gather(model, 0, TEXTS);
        jc_shortcut *shortcut = fit(stats, "mat", false);
        for (uint32_t block = 1; block <= jc_model_get_info(model)->layers; block++)
            for (jc_part part = 0; part < JC_PARTS; part++)
                check_part(model, shortcut, block, part);
        assert_true(jc_shortcut_has(shortcut, 0, 2));
        assert_false(jc_shortcut_has_part(shortcut, 1, "mid"));
        assert_false(jc_shortcut_has_part(shortcut, 9, "mlp"));
        jc_shortcut_free(shortcut);
        jc_stats_free(stats);
        jc_model_close(model);
    }
}

static void test_fit_parts__merged_and_saved_sums_are_those_of_one_pass(void **state)
{
    jc_model *model = open_tiny("tiny-bert");
    jc_stats *whole = gather(model, 0, TEXTS), *part = gather(model, 15, TEXTS);
    jc_stats *merged = gather(model, 0, 15), *loaded;
    const char *path = scratch_path(state, "sums.safetensors");
    size_t d2 = (size_t)WIDTH * WIDTH;

    assert_int_equal(jc_stats_merge(merged, part, NULL), JC_OK);
    assert_int_equal(jc_stats_save(merged, path, NULL), JC_OK);
    assert_int_equal(jc_stats_load(&loaded, path, NULL), JC_OK);
    assert_true(jc_stats_same_parts(loaded, whole));
    assert_memory_equal(loaded->mean, merged->mean, loaded->nodes * WIDTH * sizeof(double));
    for (uint32_t i = 0; i < whole->nodes; i++)
        for (uint32_t j = 0; j < whole->nodes; j++) {
            const double *a = jc_stats_cross(whole, i, j),
                         *b = jc_stats_cross(merged, i, j);
            const double *c = jc_stats_cross(loaded, i, j);
            assert_true(!a == !b && !b == !c);
            if (!a)
                continue;
            assert_memory_equal(b, c, d2 * sizeof *b);
            double size = 0, off = 0;
            for (size_t k = 0; k < d2; k++) {
                size = fmax(size, fabs(a[k]));
                off = fmax(off, fabs(a[k] - b[k]));
            }
            assert_true(off <= 1e-5 * size);
        }
    jc_stats_free(loaded);
    jc_stats_free(merged);
    jc_stats_free(part);
    jc_stats_free(whole);
    jc_model_close(model);
}

static void test_fit_parts__of_the_file_are_those_of_the_fit(void **state)
{
    jc_model *model = open_tiny("tiny-gpt2");
    jc_stats *stats = gather(model, 0, TEXTS);
    const char *path = scratch_path(state, "maps.safetensors");

    for (int bias = 0; bias < 2; bias++) {
        jc_shortcut *made = fit(stats, "ridge", bias), *opened;
        assert_int_equal(jc_shortcut_save(made, path, NULL), JC_OK);
        assert_int_equal(jc_shortcut_open(&opened, path, NULL), JC_OK);
        for (uint32_t block = 1; block <= 3; block++)
            for (jc_part part = 0; part < JC_PARTS; part++) {
                const jc_map *a = jc_shortcut_find_part(made, block, part);
                const jc_map *b = jc_shortcut_find_part(opened, block, part);
                assert_memory_equal(jc_map_floats(a, "weight"), jc_map_floats(b, "weight"),
                                    WIDTH * WIDTH * sizeof(float));
                assert_true(!jc_map_floats(a, "bias") == !bias &&
                            !jc_map_floats(b, "bias") == !bias);
            }
        float r2[2][16] = {{0}};
        assert_true(jc_shortcut_r2(made, r2[0]) && jc_shortcut_r2(opened, r2[1]));
        assert_memory_equal(r2[0], r2[1], sizeof r2[0]);
        jc_shortcut_free(opened);
        jc_shortcut_free(made);
    }
    jc_stats_free(stats);
    jc_model_close(model);
}

/* R2 on the training vectors, from the definition. */
static double direct_r2(const double *x, const double *y, const jc_map *map)
{
    const float *weight = jc_map_floats(map, "weight"), *bias = jc_map_floats(map, "bias");
    double total = 0;

    for (size_t i = 0; i < WIDTH; i++) {
        double mean = 0, variance = 0, squares = 0;
        for (size_t r = 0; r < ROWS; r++)
            mean += y[r * WIDTH + i] / ROWS;
        for (size_t r = 0; r < ROWS; r++) {
            double e = y[r * WIDTH + i] - (bias ? (double)bias[i] : 0);
            for (size_t k = 0; k < WIDTH; k++)
                e -= (double)weight[i * WIDTH + k] * x[r * WIDTH + k];
            squares += e * e;
            variance += (y[r * WIDTH + i] - mean) * (y[r * WIDTH + i] - mean);
        }
        total += (1 - squares / variance) / WIDTH;
    }
    return total;
}

static void test_fit_parts__r2_is_that_of_the_training_vectors(void **state)
{
    static const char *const methods[] = {"mat", "ridge"};
    jc_model *model = open_tiny("tiny-gpt2");
    jc_stats *stats = gather(model, 0, TEXTS);
    double *states = malloc(2 * ROWS * WIDTH * sizeof *states);

    (void)state;
    for (size_t m = 0; m < JC_COUNT(methods); m++)
        for (int bias = 0; bias < 2; bias++) {
            jc_shortcut *shortcut = fit(stats, methods[m], bias);
            for (uint32_t i = 0; i < 3; i++)
                for (uint32_t j = i + 1; j <= 3; j++) {
                    const jc_tap taps[] = {{i, 0}, {j, 0}};
                    run(model, taps, states);
                    double want = direct_r2(states, states + ROWS * WIDTH,
                                            jc_shortcut_find(shortcut, i, j));
                    if (!(fabs(jc_shortcut_find(shortcut, i, j)->r2 - want) < 1e-5))
                        fail_msg("%s %d, %u to %u: %.8f, not %.8f", methods[m], bias, i, j,
                                 jc_shortcut_find(shortcut, i, j)->r2, want);
                }
            jc_shortcut_free(shortcut);
        }
    free(states);
    jc_stats_free(stats);
    jc_model_close(model);
}

/* How the metadata 'parts' of a good file is made wrong. */
static void test_fit_parts__wrong_metadata_is_refused(void **state)
{
    static const char *const wrong[] = {
        "1.ln1:0",       "1.ln1:0:1.foo", "1.mid:0:1.ln1",   "9.ln1:0:1.ln1",
        "1.ln1:3:1.ln1", "junk",          "1.ln1:0:1.ln1 x", "1.ln1:2.mlp:1.ln1"};
    jc_model *model = open_tiny("tiny-gpt2");
    jc_stats *stats = gather(model, 0, 2), *loaded = NULL;
    const char *good = scratch_path(state, "good.safetensors");
    const char *bad = scratch_path(state, "bad.safetensors");

    assert_int_equal(jc_stats_save(stats, good, NULL), JC_OK);
    for (size_t i = 0; i < JC_COUNT(wrong); i++) {
        jc_safetensors *file;
        jc_st_writer *w;
        jc_error err = {JC_OK, ""};
        assert_int_equal(jc_safetensors_open(&file, good, NULL), JC_OK);
        assert_int_equal(jc_st_writer_new(&w, bad, NULL), JC_OK);
        const char *key = jc_safetensors_meta_key(file, 0);
        for (size_t k = 1; key; k++) {
            const char *value = jc_safetensors_meta(file, key);
            assert_int_equal(
                jc_st_writer_meta(w, key, strcmp(key, "parts") ? value : wrong[i], NULL),
                JC_OK);
            key = jc_safetensors_meta_key(file, k);
        }
        for (int data = 0; data < 2; data++)
            for (size_t k = 0; k < jc_safetensors_count(file); k++) {
                const jc_tensor *t = jc_safetensors_at(file, k);
                assert_int_equal(data ? jc_st_writer_data(w, t->data, t->bytes, NULL)
                                      : jc_st_writer_declare(w, t->name, t->dtype, t->shape,
                                                             t->n_dims, NULL),
                                 JC_OK);
            }
        assert_int_equal(jc_st_writer_commit(w, NULL), JC_OK);
        jc_safetensors_close(file);
        assert_int_equal(jc_stats_load(&loaded, bad, &err), JC_E_FORMAT);
        assert_non_null(strstr(err.message, "bad.safetensors"));
        assert_null(loaded);
    }
    jc_stats_free(stats);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_parts__are_least_squares_of_what_parts_do),
        cmocka_unit_test_setup_teardown(
            test_fit_parts__merged_and_saved_sums_are_those_of_one_pass, scratch_setup,
            scratch_teardown),
        cmocka_unit_test_setup_teardown(test_fit_parts__of_the_file_are_those_of_the_fit,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test(test_fit_parts__r2_is_that_of_the_training_vectors),
        cmocka_unit_test_setup_teardown(test_fit_parts__wrong_metadata_is_refused,
                                        scratch_setup, scratch_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
