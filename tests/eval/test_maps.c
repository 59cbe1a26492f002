/* SPDX-License-Identifier: MIT */
/* Maps that are scored one by one. Of pairs of layers they must have the scores that
 * jumps and R2 have; of other tokens, those of the definition. */
#include "support/scratch.h"

#include <jansson.h>
#include <math.h>

#include "jumpcut/eval.h"
#include "jumpcut/fit.h"
#include "model/session.h"
#include "shortcut/shortcut.h"

#define GOLDEN JC_SOURCE_DIR "/tests/golden/"
#define TINY   GOLDEN "eval/tiny.samples.jsonl"

enum { LAYERS = 3, WIDTH = 24, VOCAB = 61, LENGTH = 12 };

static jc_error err;

static void must(jc_status st)
{
    if (st != JC_OK)
        fail_msg("%s: %s", jc_status_name(st), err.message);
}

static jc_model *tiny(void)
{
    jc_model_params params;
    jc_model *model;

    jc_model_params_init(&params);
    params.threads = 1;
    must(jc_model_open(&model, GOLDEN "models/tiny-gpt2", &params, &err));
    return model;
}

static jc_samples *open_samples(const char *path, const char *split)
{
    jc_samples_params params;
    jc_samples *samples;

    jc_samples_params_init(&params);
    params.split = split;
    must(jc_samples_from_file(&samples, path, &params, &err));
    return samples;
}

/* Each pair (l, LAYERS) of a shortcut, filled by a formula; all, or but the first. */
static jc_shortcut *made(const jc_model *model, uint32_t first)
{
    jc_shortcut *s;

    must(jc_shortcut_new(&s, &jc_form_affine, LAYERS, WIDTH, &err));
    must(jc_shortcut_set_meta(s, "method", "made", &err));
    must(jc_shortcut_set_meta(s, "model.fingerprint", jc_model_get_info(model)->fingerprint,
                              &err));
    for (uint32_t l = first; l < LAYERS; l++) {
        jc_map *map;
        must(jc_shortcut_add_pair(s, l, LAYERS, &map, &err));
        for (size_t i = 0; i < WIDTH * WIDTH; i++)
            jc_map_fill(map, "weight")[i] =
                (float)((i % (WIDTH + 1) == 0) + 0.2 * sin((double)i + l));
        for (size_t i = 0; i < WIDTH; i++)
            jc_map_fill(map, "bias")[i] = (float)cos((double)i);
    }
    return s;
}

static json_t *scored(const jc_model *model, const jc_shortcut *s, jc_samples *samples)
{
    jc_eval_params params;
    jc_results *results;
    json_error_t why;
    char *text;

    jc_eval_params_init(&params);
    must(jc_eval(&results, model, &s, 1, samples, &params, &err));
    must(jc_results_json(results, &text, &err));
    json_t *json = json_loads(text, 0, &why);
    assert_non_null(json);
    free(text);
    jc_results_free(results);
    jc_samples_close(samples);
    return json;
}

static double member(const json_t *o, const char *key)
{
    assert_true(json_is_number(json_object_get(o, key)));
    return json_number_value(json_object_get(o, key));
}

static void test_maps__of_layers_score_as_jumps_do(void **state)
{
    static const char *const keys[] = {"p1", "p5", "p10", "surprisal"};
    jc_model *model = tiny();
    jc_shortcut *whole = made(model, 0), *part = made(model, 1);
    json_t *a = scored(model, whole, open_samples(TINY, "val"));
    json_t *b = scored(model, part, open_samples(TINY, "val"));
    json_t *maps = json_object_get(b, "maps");
    json_t *jump = json_object_get(json_object_get(a, "jump"), "made");
    json_t *r2 = json_object_get(json_object_get(a, "r2"), "made");

    (void)state;
    assert_null(json_object_get(a, "maps"));
    assert_null(json_object_get(json_object_get(b, "jump"), "made"));
    assert_int_equal(json_array_size(maps), LAYERS - 1);
    for (size_t l = 1; l < LAYERS; l++) {
        json_t *map = json_array_get(maps, l - 1);
        for (size_t k = 0; k < JC_COUNT(keys); k++)
            assert_true(fabs(member(map, keys[k]) -
                             member(json_array_get(jump, l), keys[k])) < 1e-9);
        assert_true(fabs(member(map, "r2") - json_number_value(json_array_get(
                                                 json_array_get(r2, l), LAYERS))) < 1e-9);
        assert_int_equal(member(map, "blocks"), l);
        assert_int_equal(member(map, "unused"), 0);
        assert_int_equal(member(map, "parameters"), WIDTH * WIDTH + WIDTH);
        assert_true(json_equal(json_object_get(map, "p1_ci"),
                               json_object_get(json_array_get(jump, l), "p1_ci")));
    }
    json_decref(a);
    json_decref(b);
    jc_shortcut_free(whole);
    jc_shortcut_free(part);
    jc_model_close(model);
}

static uint32_t token(size_t text, size_t i)
{
    return (uint32_t)((text * 31 + i * i * 7 + text * i) % VOCAB);
}

/* The states of a text after a layer, [LENGTH, WIDTH]. */
static void run_text(const jc_model *model, size_t text, uint32_t layer, float *out)
{
    uint32_t ids[LENGTH], positions[LENGTH];
    const jc_text one = {ids, LENGTH, positions, LENGTH};
    jc_session *session;

    for (uint32_t i = 0; i < LENGTH; i++) {
        ids[i] = token(text, i);
        positions[i] = i;
    }
    must(jc_session_new(&session, model, &err));
    must(jc_session_run(session, &one, 1, &err));
    memcpy(out, jc_session_states(session, layer), LENGTH * WIDTH * sizeof *out);
    jc_session_free(session);
}

static size_t top_of(const float *z)
{
    size_t top = 0;

    for (size_t v = 1; v < VOCAB; v++)
        top = z[v] > z[top] ? v : top;
    return top;
}

/* The map 1+3@-1 to 3@+1, on positions 2, 5 and 11 of ten texts; 11 has none after it. */
static void test_maps__of_other_tokens_score_by_definition(void **state)
{
    enum { TEXTS = 10, ROWS = 2 * TEXTS };
    const char *path = scratch_path(state, "samples.jsonl");
    jc_map_spec spec = {.form = &jc_form_low_rank, .rank = 7, .optional = true};
    const uint32_t at[] = {2, 5};
    jc_model *model = tiny();
    jc_shortcut *s = made(model, LAYERS); /* without maps */
    static float low[LENGTH * WIDTH], high[LENGTH * WIDTH], logits[VOCAB], full[VOCAB];
    double residual[WIDTH] = {0}, sum[WIDTH] = {0}, square[WIDTH] = {0}, hits = 0, r2 = 0;
    jc_map *map;

    assert_true(jc_place_read(&spec.place, "map.1+3@-1.3@+1", 15, LAYERS));
    must(jc_shortcut_add(s, &spec, &map, &err));
    uint64_t seed = 3;
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < map->tensor[i].rows * map->tensor[i].cols; k++)
            ((float *)map->tensor[i].own)[k] = check_rand(&seed);
    FILE *f = fopen(path, "w");
    for (size_t t = 0; t < TEXTS; t++) {
        fputs("{\"ids\":[", f);
        for (size_t i = 0; i < LENGTH; i++)
            fprintf(f, i ? ",%u" : "%u", token(t, i));
        fputs("],\"positions\":[2,5,11]}\n", f);
        run_text(model, t, 1, low);
        run_text(model, t, LAYERS, high);
        for (size_t k = 0; k < 2; k++) {
            float x[2 * WIDTH], y[WIDTH];
            memcpy(x, low + at[k] * WIDTH, sizeof y);
            memcpy(x + WIDTH, high + (at[k] - 1) * WIDTH, sizeof y);
            must(jc_map_run(map, x, 1, y, &err));
            const float *want = high + (at[k] + 1) * WIDTH;
            for (size_t c = 0; c < WIDTH; c++) {
                residual[c] += pow((double)want[c] - (double)y[c], 2);
                sum[c] += (double)want[c];
                square[c] += (double)want[c] * (double)want[c];
            }
            must(jc_model_readout(model, y, 1, logits, &err));
            must(jc_model_readout(model, want, 1, full, &err));
            hits += top_of(logits) == top_of(full);
        }
    }
    fclose(f);
    for (size_t c = 0; c < WIDTH; c++)
        r2 += (1 - residual[c] / (square[c] - sum[c] * sum[c] / ROWS)) / WIDTH;
    json_t *json = scored(model, s, open_samples(path, "all"));
    json_t *one = json_array_get(json_object_get(json, "maps"), 0);
    assert_string_equal(json_string_value(json_object_get(one, "map")), "map.1+3@-1.3@+1");
    assert_int_equal(member(one, "rows"), ROWS);
    assert_int_equal(member(one, "unused"), TEXTS);
    assert_int_equal(member(one, "blocks"), 1);
    assert_true(fabs(member(one, "p1") - hits / ROWS) < 1e-9);
    assert_true(fabs(member(one, "r2") - r2) < 1e-4 * fabs(r2));
    /* the rows of other metrics are those of the samples still */
    assert_int_equal(member(json, "n_val"), 3 * TEXTS);
    json_decref(json);
    jc_shortcut_free(s);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maps__of_layers_score_as_jumps_do),
        SCRATCH_TEST(test_maps__of_other_tokens_score_by_definition),
    };
    return cmocka_run_group_tests_name("eval/maps", tests, NULL, NULL);
}
