/* SPDX-License-Identifier: MIT */
/* Texts written with early exit, in results: against what jc_generate() does with the same
 * exits, and what must hold of every trial. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "jumpcut/study.h"
#include "support/shortcuts.h"

#define DEMO JC_SOURCE_DIR "/data/demo"

static jc_status next_text(void *arg, jc_ids *ids, jc_error *err)
{
    size_t *left = arg;

    (void)err;
    if ((*left)-- == 0)
        return JC_OK;
    for (uint32_t i = 0; i < 10; i++) {
        assert_true(jc_grow(&ids->id, &ids->capacity, ids->n + 1, sizeof *ids->id));
        ids->id[ids->n++] = 5 + 7 * i;
    }
    return JC_OK;
}

static jc_status study(jc_results **out, const char *path, size_t texts, jc_error *err)
{
    const jc_decode_params params = {
        .size = sizeof params, .prompts = 1, .prompt_tokens = 10, .tokens = 12};
    jc_samples_params how;
    jc_samples *samples;
    jc_model *model;

    assert_int_equal(jc_model_open(&model, path, NULL, NULL), JC_OK);
    jc_shortcut *lens = shortcut_of(model, &jc_form_identity);
    jc_samples_params_init(&how);
    how.positions = "all";
    how.vocab = jc_model_get_info(model)->vocab;
    assert_int_equal(jc_samples_from_source(&samples, next_text, &texts, &how, NULL),
                     JC_OK);
    jc_status st = jc_decode_study(out, model, lens, samples, &params, err);
    jc_samples_close(samples);
    jc_shortcut_free(lens);
    jc_model_close(model);
    return st;
}

static json_t *points_of(jc_results *results, json_t **root)
{
    char *text;
    json_t *points;

    assert_int_equal(jc_results_json(results, &text, NULL), JC_OK);
    *root = json_loads(text, 0, NULL);
    free(text);
    points = json_object_get(json_object_get(*root, "decode"), "points");
    assert_true(json_array_size(points) > 20);
    return points;
}

static double number(const json_t *in, const char *name)
{
    return json_number_value(json_object_get(in, name));
}

static const char *text(const json_t *in, const char *name)
{
    return json_string_value(json_object_get(in, name));
}

static void test_decode__trials_are_what_they_say(void **state)
{
    jc_results *results;
    json_t *root, *point;
    size_t i, fixed = 0;

    (void)state;
    assert_int_equal(study(&results, DEMO, 3, NULL), JC_OK);
    json_t *points = points_of(results, &root);
    json_array_foreach(points, i, point)
    {
        const json_t *at = json_object_get(point, "at");
        assert_true(number(point, "equal") >= 0 && number(point, "equal") <= 1);
        assert_true(number(point, "equal_from_start") <= number(point, "equal") + 1e-12);
        assert_true(number(point, "blocks") <= 12 + 1e-9);
        assert_true(number(point, "speed") > 0 && number(point, "bytes") > 0);
        if (strcmp(text(point, "gate"), "fixed") != 0)
            continue;
        fixed++; /* every token leaves there */
        assert_int_equal(json_array_size(at), 1);
        double layer = json_number_value(json_array_get(at, 0));
        assert_true(fabs(number(point, "blocks") - layer) < 1e-9);
    }
    assert_int_equal(fixed, 9); /* after 6, 8 and 10, three fills */
    json_decref(root);
    jc_results_free(results);
}

static void test_decode__wrong_use_is_answered(void **state)
{
    jc_results *results;
    jc_error err;

    (void)state;
    assert_int_equal(study(&results, DEMO, 0, &err), JC_E_FORMAT);
    assert_null(results);
    assert_int_equal(
        study(&results, JC_SOURCE_DIR "/tests/golden/models/tiny-bert", 1, &err),
        JC_E_UNSUPPORTED);
    assert_null(results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode__trials_are_what_they_say),
        cmocka_unit_test(test_decode__wrong_use_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
