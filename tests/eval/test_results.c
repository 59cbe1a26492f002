/* SPDX-License-Identifier: MIT */
/* Sections of results: their rooms, how they are moved, and the document that they make. */
#include "support/check.h"

#include <math.h>
#include <string.h>

#include <jansson.h>

#include "eval/results.h"

static jc_error err;

static void write_point(const jc_section *section, jc_json *json, json_t *root)
{
    const jc_scores *scores = section->figures;
    json_t *list = jc_put_list(json, root, section->name);

    jc_put_text(json, list, NULL, section->methods[0]);
    jc_scores_write_layers(scores, section->taps, json, root, "layers");
}

/* Results with a section of one layer, whose figures are all `value`. */
static jc_results *results_of(const char *name, double value)
{
    jc_results *results;
    jc_section *section;

    assert_int_equal(jc_results_new(&results, &err), JC_OK);
    assert_int_equal(jc_results_section(results, &section, &err), JC_OK);
    jc_scores *scores = jc_section_room(section, 1, sizeof *scores);
    jc_method_name *methods = jc_section_room(section, 1, sizeof *methods);
    assert_non_null(scores);
    assert_non_null(methods);
    const jc_estimate x = {value, value - 1, value + 1};
    *scores = (jc_scores){x, x, x, x, x};
    strcpy(methods[0], "mat");
    section->name = name;
    section->write = write_point;
    section->figures = scores;
    section->methods = (const jc_method_name *)methods;
    section->n_methods = section->taps = 1;
    return results;
}

static json_t *document(const jc_results *results)
{
    char *text;

    assert_int_equal(jc_results_json(results, &text, &err), JC_OK);
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    jc_free(text);
    return json;
}

static double layer_member(const json_t *json, const char *name)
{
    const json_t *layer = json_array_get(json_object_get(json, "layers"), 0);

    return json_number_value(json_object_get(layer, name));
}

static void test_results__figures_that_are_not_known_are_null(void **state)
{
    jc_results *known = results_of("a", 4.5), *unknown = results_of("a", (double)NAN);
    json_t *json = document(known), *nulls = document(unknown);
    const json_t *layer = json_array_get(json_object_get(nulls, "layers"), 0);

    (void)state;
    const double got = layer_member(json, "surprisal"), want = 4.5;
    check_close(&got, &want, 1, 0, 0);
    assert_int_equal(json_object_size(layer), 11);
    assert_true(json_is_null(json_object_get(layer, "p1")));
    assert_true(json_is_null(json_object_get(layer, "p1_ci")));
    json_decref(json);
    json_decref(nulls);
    jc_results_free(known);
    jc_results_free(unknown);
}

static void test_results__a_section_moves_and_outlives_where_it_was(void **state)
{
    jc_results *to = results_of("a", 1), *from = results_of("b", 2);

    (void)state;
    assert_int_equal(jc_results_take(to, from, "c", &err), JC_E_ARG);
    assert_string_equal(err.message, "the results have no section 'c'");
    assert_int_equal(jc_results_take(to, from, "b", &err), JC_OK);
    assert_int_equal(jc_results_take(to, from, "b", &err), JC_E_ARG);
    jc_results_free(from);
    json_t *json = document(to);
    assert_non_null(json_object_get(json, "a"));
    assert_non_null(json_object_get(json, "b"));
    json_decref(json);
    from = results_of("b", 7); /* takes the place of the first */
    assert_int_equal(jc_results_take(to, from, "b", &err), JC_OK);
    jc_results_free(from);
    json = document(to);
    assert_int_equal(json_object_size(json), 3);
    const double got = layer_member(json, "p1"), want = 7;
    check_close(&got, &want, 1, 0, 0);
    json_decref(json);
    jc_results_free(to);
}

static void test_results__what_is_added_is_merged_member_by_member(void **state)
{
    jc_results *results = results_of("a", 1);

    (void)state;
    assert_int_equal(jc_results_add(results, "[1]", &err), JC_E_ARG);
    assert_int_equal(jc_results_add(results, "{\"data\":{\"seed\":1}}", &err), JC_OK);
    assert_int_equal(jc_results_add(results, "{\"data\":{\"rows\":2}}", &err), JC_OK);
    for (int again = 0; again < 2; again++) { /* a document takes nothing away */
        json_t *json = document(results);
        assert_int_equal(json_object_size(json_object_get(json, "data")), 2);
        assert_non_null(json_object_get(json, "a"));
        json_decref(json);
    }
    jc_results_free(results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results__figures_that_are_not_known_are_null),
        cmocka_unit_test(test_results__a_section_moves_and_outlives_where_it_was),
        cmocka_unit_test(test_results__what_is_added_is_merged_member_by_member),
    };
    return cmocka_run_group_tests_name("eval/results", tests, NULL, NULL);
}
