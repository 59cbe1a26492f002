/* SPDX-License-Identifier: MIT */
/*
 * The training size against tests/golden/oracle.py: the definitions in float64.
 *
 * Tolerances. Precision: one read-out of one layer, where two logits tie within float32.
 * R2: 1e-3 as of all R2 here, relative where it is below -1. Sums are off by 6e-7 of their
 * size, which a map carries as 6e-7 over the least eigenvalue of the correlation matrix,
 * and a residual twice that; where this is more, with about as many vectors as
 * unknowns and no ridge, the fit is not determined to these digits and is not compared.
 */
#include "study/golden.h"

#include "shortcut/shortcut.h"

#define SUMS 6e-7

enum { LAYERS = 3, VAL_TEXTS = 20 };

static json_t *run(const jc_model *model, const char *positions, jc_samples *train,
                   double ridge, uint32_t texts)
{
    const jc_training_series series = {"some positions", positions, train};
    jc_samples *val = open_samples(TINY, "val");
    jc_training_size_params params;
    jc_results *results;

    jc_training_size_params_init(&params);
    params.ridge = ridge;
    params.size_texts = texts;
    must(jc_training_size(&results, model, &series, 1, val, &params, &err));
    jc_samples_close(train);
    jc_samples_close(val);
    return section_of(results, "training_size");
}

static void check_point(const json_t *got, const json_t *want, double rows)
{
    double r2 = real_of(want, "r2"), vectors = real_of(want, "vectors");

    assert_int_equal(real_of(got, "vectors"), vectors);
    if (!(fabs(real_of(got, "r2") - r2) <= 1e-3 * fmax(1, -r2)))
        fail_msg("R2 at %g vectors is %.9g, not %.9g", vectors, real_of(got, "r2"), r2);
    if (!(fabs(real_of(got, "p1") - real_of(want, "p1")) <= 1.001 / (rows * LAYERS)))
        fail_msg("p1 at %g vectors is %.9g, not %.9g", vectors, real_of(got, "p1"),
                 real_of(want, "p1"));
}

/* -> how many points were compared. */
static size_t check_series(const json_t *got, const json_t *want)
{
    const json_t *points = json_object_get(got, "points"), *value;
    double ridge = real_of(want, "ridge");
    const char *key;
    size_t k, compared = 0;

    json_object_foreach((json_t *)(uintptr_t)want, key, value)
    {
        if (strcmp(key, "points") != 0)
            assert_true(json_equal(json_object_get(got, key), value));
    }
    want = json_object_get(want, "points");
    assert_int_equal(json_array_size(points), json_array_size(want));
    json_array_foreach(want, k, value)
    {
        if (ridge == 0 && 2 * SUMS / real_of(value, "least") > 1e-3)
            continue;
        check_point(json_array_get(points, k), value, real_of(got, "val_vectors"));
        compared++;
    }
    return compared;
}

static void test_training_size__matches_the_definition(void **state)
{
    jc_model *model = open_tiny("onednn");
    json_t *want = golden("training_size");
    json_t *one = run(model, "one", open_samples(ONE, "train"), 0.01, VAL_TEXTS);
    json_t *all = run(model, "all", open_samples(WHOLE, "train"), 0.01, VAL_TEXTS);

    (void)state;
    size_t compared = 0;

    assert_int_equal(json_array_size(want), 8);
    assert_int_equal(json_array_size(one), 4);
    for (size_t i = 0; i < 8; i++) {
        const json_t *got = json_array_get(i < 4 ? one : all, i % 4);
        assert_int_equal(real_of(got, "val_texts"), VAL_TEXTS);
        compared += check_series(got, json_array_get(want, i));
    }
    assert_int_equal(compared, 4 * (5 + 7) - 4); /* 24 vectors, no ridge, two streams */
    assert_string_equal(json_string_value(json_object_get(json_array_get(all, 3), "name")),
                        "ridge 0.01 with intercept, some positions");
    json_decref(want);
    json_decref(one);
    json_decref(all);
    jc_model_close(model);
}

/* The first `rows` vectors of the whole texts; the last text has some of its positions. */
static jc_samples *first_vectors(void **state, size_t rows)
{
    FILE *from = fopen(WHOLE, "r"), *to = fopen(scratch_path(state, "first"), "w");
    char line[4096];

    assert_non_null(from);
    assert_non_null(to);
    while (rows > 0 && fgets(line, sizeof line, from)) {
        json_t *sample = json_loads(line, 0, NULL);
        json_t *positions = json_object_get(sample, "positions");
        while (json_array_size(positions) > rows)
            json_array_remove(positions, json_array_size(positions) - 1);
        rows -= json_array_size(positions);
        json_dumpf(sample, to, JSON_COMPACT);
        fputc('\n', to);
        json_decref(sample);
    }
    fclose(from);
    fclose(to);
    return open_samples(scratch_path(state, "first"), "train");
}

/* The same sums, bit for bit, so the same scores. */
static void test_training_size__a_point_equals_a_fit_of_its_own(void **state)
{
    jc_model *model = open_tiny("onednn");
    json_t *whole = run(model, "all", open_samples(WHOLE, "train"), 0.01, VAL_TEXTS);
    const json_t *points = json_object_get(json_array_get(whole, 0), "points");

    for (size_t k = 0; k < json_array_size(points); k++) {
        size_t n = (size_t)real_of(json_array_get(points, k), "vectors");
        json_t *first = run(model, "all", first_vectors(state, n), 0.01, VAL_TEXTS);
        for (size_t i = 0; i < 4; i++) {
            json_t *a = json_object_get(json_array_get(whole, i), "points");
            json_t *b = json_object_get(json_array_get(first, i), "points");
            assert_int_equal(json_array_size(b), k + 1);
            assert_true(json_equal(json_array_get(a, k), json_array_get(b, k)));
        }
        json_decref(first);
    }
    json_decref(whole);
    jc_model_close(model);
}

/* The fit of a milestone, and the same of a pass over these vectors alone. */
struct fits {
    const jc_model *model;
    void **state;
    size_t n;
};

static jc_status compare_maps(void *arg, const jc_stats *sums, jc_error *why)
{
    struct fits *fits = arg;
    jc_samples *samples = first_vectors(fits->state, (size_t)jc_stats_rows(sums));
    jc_stats *own;
    jc_shortcut *a, *b;

    must(jc_stats_gather(&own, fits->model, samples, NULL, why));
    must(jc_fit(&a, sums, NULL, why));
    must(jc_fit(&b, own, NULL, why));
    for (uint32_t l = 0; l < LAYERS; l++)
        assert_memory_equal(jc_map_floats(jc_shortcut_find(a, l, LAYERS), "weight"),
                            jc_map_floats(jc_shortcut_find(b, l, LAYERS), "weight"),
                            (size_t)a->width * a->width * sizeof(float));
    fits->n++;
    jc_shortcut_free(a);
    jc_shortcut_free(b);
    jc_stats_free(own);
    jc_samples_close(samples);
    return JC_OK;
}

static void test_training_size__milestones_give_the_maps_of_separate_fits(void **state)
{
    static const uint64_t at[] = {6, 12, 24, 48, 96, 384, 1053};
    jc_model *model = open_tiny("onednn");
    jc_samples *train = open_samples(WHOLE, "train");
    struct fits fits = {model, state, 0};
    const jc_milestones milestones = {at, JC_COUNT(at), compare_maps, &fits};
    jc_stats *stats;

    must(jc_stats_gather_at(&stats, model, train, &milestones, NULL, &err));
    assert_int_equal(fits.n, JC_COUNT(at));
    jc_stats_free(stats);
    jc_samples_close(train);
    jc_model_close(model);
}

/* What the first k texts add to the hits of the first k - 1 are those of text k; then the
 * interval of a ratio of sums, as docs/methods.md has it for surprisal. It is normal where
 * the bootstrap is not: a quarter of its width, of which a twentieth is the bootstrap's own
 * error with 1,000 draws. */
static void test_training_size__the_interval_is_that_of_a_ratio_of_sums(void **state)
{
    jc_model *model = open_tiny("onednn");
    double hits[VAL_TEXTS], rows[VAL_TEXTS], sum = 0, all = 0, squares = 0;
    json_t *ci = NULL;

    for (uint32_t k = 0; k < VAL_TEXTS; k++) {
        json_t *got = run(model, "all", first_vectors(state, 48), 0.01, k + 1);
        const json_t *series = json_array_get(got, 2);
        const json_t *point = json_array_get(json_object_get(series, "points"), 3);
        double n = real_of(series, "val_vectors") * LAYERS;
        hits[k] = real_of(point, "p1") * n - sum;
        rows[k] = n - all;
        sum += hits[k];
        all += rows[k];
        json_decref(ci);
        ci = json_incref(json_object_get(point, "p1_ci"));
        assert_int_equal(json_is_null(ci), k == 0); /* one text tells no spread */
        json_decref(got);
    }
    for (uint32_t k = 0; k < VAL_TEXTS; k++)
        squares += pow(hits[k] - sum / all * rows[k], 2);
    double half = 1.96 * sqrt(VAL_TEXTS / (VAL_TEXTS - 1.0) * squares) / all;
    double low = json_number_value(json_array_get(ci, 0));
    double high = json_number_value(json_array_get(ci, 1));
    if (!(fabs(low - (sum / all - half)) < half / 2 &&
          fabs(high - (sum / all + half)) < half / 2))
        fail_msg("%g to %g, not %g to %g", low, high, sum / all - half, sum / all + half);
    json_decref(ci);
    jc_model_close(model);
}

/* The first VAL_TEXTS validation texts but one. */
static jc_samples *val_without(void **state, size_t text)
{
    FILE *from = fopen(TINY, "r"), *to = fopen(scratch_path(state, "without"), "w");
    char line[4096];

    assert_non_null(from);
    assert_non_null(to);
    for (size_t k = 0; k < VAL_TEXTS && fgets(line, sizeof line, from);)
        if (strstr(line, "\"val\"") && k++ != text)
            fputs(line, to);
    fclose(from);
    fclose(to);
    return open_samples(scratch_path(state, "without"), "val");
}

/* With as many texts as groups each is one; what R2 is without it, is what it is of the
 * other texts. 2.093 is Student's quantile of 19 degrees of freedom. To the digits of the
 * results. */
static void test_training_size__the_interval_of_r2_is_a_jackknife(void **state)
{
    jc_model *model = open_tiny("onednn");
    double r2[VAL_TEXTS + 1], mean = 0, squares = 0, ends[2], want[2];

    for (size_t k = 0; k <= VAL_TEXTS; k++) {
        jc_samples *train = first_vectors(state, 96), *val = val_without(state, k);
        const jc_training_series series = {"some", "all", train};
        jc_results *results;
        must(jc_training_size(&results, model, &series, 1, val, NULL, &err));
        json_t *all = section_of(results, "training_size");
        const json_t *points = json_object_get(json_array_get(all, 3), "points");
        const json_t *point = json_array_get(points, 4), *ci;
        r2[k] = real_of(point, "r2");
        ci = json_object_get(point, "r2_ci");
        ends[0] = json_number_value(json_array_get(ci, 0));
        ends[1] = json_number_value(json_array_get(ci, 1));
        mean += k < VAL_TEXTS ? r2[k] / VAL_TEXTS : 0;
        json_decref(all);
        jc_samples_close(train);
        jc_samples_close(val);
    }
    for (size_t k = 0; k < VAL_TEXTS; k++)
        squares += pow(r2[k] - mean, 2);
    double half = 2.093 * sqrt((VAL_TEXTS - 1.0) / VAL_TEXTS * squares);
    want[0] = r2[VAL_TEXTS] - half;
    want[1] = r2[VAL_TEXTS] + half;
    check_close(ends, want, 2, 0, 1e-3 * half);
    assert_true(half > 0.01);
    jc_model_close(model);
}

/* The scores of a fit of all vectors, as jc_eval() has them: [0] R2, [1] p1, [2] and [3]
 * its interval. */
static void eval_all(const jc_model *model, const char *path, double scores[4])
{
    jc_samples *train = open_samples(path, "train"), *val = open_samples(path, "val");
    uint32_t last = jc_model_get_info(model)->layers;
    jc_stats *stats;
    jc_shortcut *shortcut;
    jc_results *results;
    char *text;

    must(jc_stats_gather(&stats, model, train, NULL, &err));
    must(jc_fit(&shortcut, stats, NULL, &err));
    must(jc_eval(&results, model, (const jc_shortcut *const *)&shortcut, 1, val, NULL,
                 &err));
    must(jc_results_json(results, &text, &err));
    json_t *root = json_loads(text, 0, NULL);
    const json_t *r2 = json_object_get(root, "r2");
    const json_t *means = json_object_get(root, "jump_mean");
    const json_t *mean = json_object_get(means, "mat");
    scores[0] = 0;
    for (uint32_t l = 0; l < last; l++)
        scores[0] += json_number_value(json_array_get(
                         json_array_get(json_object_get(r2, "mat"), l), last)) /
                     last;
    scores[1] = real_of(mean, "p1");
    for (size_t i = 0; i < 2; i++)
        scores[2 + i] =
            json_number_value(json_array_get(json_object_get(mean, "p1_ci"), i));
    json_decref(root);
    free(text);
    jc_results_free(results);
    jc_shortcut_free(shortcut);
    jc_stats_free(stats);
    jc_samples_close(train);
    jc_samples_close(val);
}

/* Of decoders of two kinds and an encoder. The same maps on the same vectors: what remains
 * is the rounding of sums, and of ten digits. */
static void test_training_size__the_last_point_is_what_eval_says(void **state)
{
    static const char *const models[][2] = {
        {"tiny-gpt2", TINY}, {"tiny-llama", TINY}, {"tiny-bert", BERT}};

    (void)state;
    for (size_t m = 0; m < JC_COUNT(models); m++) {
        jc_model *model = open_model(models[m][0], "onednn");
        jc_samples *train = open_samples(models[m][1], "train");
        jc_samples *val = open_samples(models[m][1], "val");
        const jc_training_series series = {"some positions", "all", train};
        double want[4], got[4];
        jc_results *results;
        must(jc_training_size(&results, model, &series, 1, val, NULL, &err));
        json_t *all = section_of(results, "training_size");
        const json_t *points = json_object_get(json_array_get(all, 0), "points");
        const json_t *point = json_array_get(points, json_array_size(points) - 1);
        got[0] = real_of(point, "r2");
        got[1] = real_of(point, "p1");
        for (size_t i = 0; i < 2; i++)
            got[2 + i] =
                json_number_value(json_array_get(json_object_get(point, "p1_ci"), i));
        eval_all(model, models[m][1], want);
        check_close(got, want, 4, 1e-8, 0);
        assert_true(got[1] > 0.1 && got[2] < got[1]);
        json_decref(all);
        jc_samples_close(train);
        jc_samples_close(val);
        jc_model_close(model);
    }
}

static bool stop(void *arg, const jc_progress *progress)
{
    assert_non_null(strstr(progress->stage, arg));
    return strstr(progress->stage, "size") == NULL;
}

static void test_training_size__can_be_stopped(void **state)
{
    char none[] = "";
    const jc_hooks hooks = {.progress = stop, .arg = none};
    jc_model *model = open_tiny("onednn");
    jc_samples *train = open_samples(WHOLE, "train"), *val = open_samples(TINY, "val");
    const jc_training_series series = {"all positions", "all", train};
    jc_training_size_params params;
    jc_results *results;

    (void)state;
    jc_training_size_params_init(&params);
    params.hooks = &hooks;
    assert_int_equal(jc_training_size(&results, model, &series, 1, val, &params, &err),
                     JC_E_CANCELLED);
    assert_null(results);
    jc_samples_close(train);
    jc_samples_close(val);
    jc_model_close(model);
}

static void test_training_size__says_what_is_missing(void **state)
{
    jc_model *model = open_tiny("onednn");
    jc_samples *train = open_samples(WHOLE, "train"), *none = open_samples(ONE, "val");
    const jc_training_series series = {"all positions", "all", train};
    jc_results *results;

    (void)state;
    assert_int_equal(jc_training_size(&results, model, &series, 1, none, NULL, &err),
                     JC_E_FORMAT);
    assert_non_null(strstr(err.message, ".samples.jsonl"));
    assert_null(results);
    jc_samples_close(train);
    jc_samples_close(none);
    jc_model_close(model);
}

/* Few and short texts: what is allocated hardly depends on them. */
static void test_training_size__short_memory_is_a_status(void **state)
{
    const char *few = scratch_path(state, "few");
    jc_model *model = open_tiny("ref");
    jc_status st = JC_E_NOMEM;
    long n;

    scratch_text(state, "few", "{\"ids\":[1,2,3,4,5,6,7],\"positions\":[0,1,2,3,4,5]}\n");
    for (n = 0; st != JC_OK; n += 5) {
        jc_samples *train = open_samples(few, "train"), *val = open_samples(few, "val");
        const jc_training_series series = {"all positions", "all", train};
        jc_results *results;
        jc_alloc_fail_after(n);
        st = jc_training_size(&results, model, &series, 1, val, NULL, &err);
        jc_alloc_fail_after(-1);
        if (st)
            assert_int_equal(st, JC_E_NOMEM);
        assert_true((st == JC_OK) == (results != NULL));
        jc_results_free(results);
        jc_samples_close(train);
        jc_samples_close(val);
    }
    assert_true(n > 100);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training_size__matches_the_definition),
        SCRATCH_TEST(test_training_size__a_point_equals_a_fit_of_its_own),
        SCRATCH_TEST(test_training_size__milestones_give_the_maps_of_separate_fits),
        SCRATCH_TEST(test_training_size__the_interval_is_that_of_a_ratio_of_sums),
        SCRATCH_TEST(test_training_size__the_interval_of_r2_is_a_jackknife),
        cmocka_unit_test(test_training_size__the_last_point_is_what_eval_says),
        cmocka_unit_test(test_training_size__can_be_stopped),
        cmocka_unit_test(test_training_size__says_what_is_missing),
        SCRATCH_TEST(test_training_size__short_memory_is_a_status),
    };
    return cmocka_run_group_tests_name("study/training_size", tests, NULL, NULL);
}
