/* SPDX-License-Identifier: MIT */
/* Other text against tests/golden/oracle.py: the definitions in float64. Tolerance: one
 * read-out, where two logits tie within float32; of a mean over layers, one in any. */
#include "study/golden.h"

enum { LAYERS = 3, METHODS = 2 };

static const char *const texts[2] = {TINY, OTHER};

struct fitted {
    jc_shortcut *of[2][METHODS]; /* mat; ridge with intercept */
    jc_samples *val[2];
};

static void fit(struct fitted *x, const jc_model *model, const char *pairs)
{
    for (size_t at = 0; at < 2; at++) {
        jc_samples *train = open_samples(texts[at], "train");
        jc_stats_params stats_params;
        jc_fit_params params;
        jc_stats *stats;

        jc_stats_params_init(&stats_params);
        stats_params.pairs = pairs;
        must(jc_stats_gather(&stats, model, train, &stats_params, &err));
        must(jc_fit(&x->of[at][0], stats, NULL, &err));
        jc_fit_params_init(&params);
        params.method = "ridge";
        params.ridge = 0.01;
        params.bias = true;
        must(jc_fit(&x->of[at][1], stats, &params, &err));
        jc_stats_free(stats);
        jc_samples_close(train);
        x->val[at] = open_samples(texts[at], "val");
    }
}

static void release(struct fitted *x)
{
    for (size_t at = 0; at < 2; at++) {
        for (size_t i = 0; i < METHODS; i++)
            jc_shortcut_free(x->of[at][i]);
        jc_samples_close(x->val[at]);
    }
}

static jc_status transfer(jc_results **results, const jc_model *model,
                          const struct fitted *x, size_t n)
{
    const jc_transfer_text both[2] = {
        {"a.txt", (const jc_shortcut *const *)x->of[0], x->val[0]},
        {"b.txt", (const jc_shortcut *const *)x->of[1], x->val[1]}};

    return jc_transfer(results, model, both, n, NULL, &err);
}

static void check_number(const json_t *got, const json_t *want, double rows,
                         const char *what)
{
    assert_true(json_is_number(got) && json_is_number(want));
    if (!(fabs(json_number_value(got) - json_number_value(want)) <= 1.001 / rows))
        fail_msg("%s is %.9g, not %.9g", what, json_number_value(got),
                 json_number_value(want));
}

/* Of some width, around the mean. */
static void check_interval(const json_t *map, size_t of, size_t on, const char *what)
{
    double mean = json_number_value(
        json_array_get(json_array_get(json_object_get(map, "p1_mean"), of), on));
    const json_t *ci =
        json_array_get(json_array_get(json_object_get(map, "p1_mean_ci"), of), on);
    double low = json_number_value(json_array_get(ci, 0));
    double high = json_number_value(json_array_get(ci, 1));

    if (!(low > 0 && low < mean && mean < high && high - low < 0.2))
        fail_msg("%s: interval %g to %g around %g", what, low, high, mean);
}

static void check_map(const json_t *got, const json_t *want, const json_t *rows,
                      const char *name)
{
    for (size_t of = 0; of < 2; of++)
        for (size_t on = 0; on < 2; on++) {
            const json_t *p1 =
                json_array_get(json_array_get(json_object_get(got, "p1"), of), on);
            const json_t *p1_want =
                json_array_get(json_array_get(json_object_get(want, "p1"), of), on);
            double n = json_number_value(json_array_get(rows, on));
            char what[80];
            assert_int_equal(json_array_size(p1), LAYERS + 1);
            for (size_t l = 0; l <= LAYERS; l++) {
                snprintf(what, sizeof what, "%s of %zu on %zu, layer %zu", name, of, on, l);
                check_number(json_array_get(p1, l), json_array_get(p1_want, l), n, what);
            }
            snprintf(what, sizeof what, "the mean of %s of %zu on %zu", name, of, on);
            check_interval(got, of, on, what);
            check_number(
                json_array_get(json_array_get(json_object_get(got, "p1_mean"), of), on),
                json_array_get(json_array_get(json_object_get(want, "p1_mean"), of), on), n,
                what);
        }
}

/* Maps between other layers do not matter. */
static void test_transfer__matches_the_definition(void **state)
{
    static const char *const pairs[] = {"final", "all"};
    jc_model *model = open_tiny("onednn");
    json_t *want = golden("transfer"), *map;
    const char *name;

    (void)state;
    for (size_t p = 0; p < JC_COUNT(pairs); p++) {
        struct fitted x;
        jc_results *results;
        fit(&x, model, pairs[p]);
        must(transfer(&results, model, &x, METHODS));
        json_t *got = section_of(results, "transfer");
        const json_t *names = json_object_get(got, "texts");
        assert_string_equal(json_string_value(json_array_get(names, 0)), "a.txt");
        assert_string_equal(json_string_value(json_array_get(names, 1)), "b.txt");
        assert_int_equal(json_object_size(json_object_get(got, "map")), METHODS + 1);
        json_object_foreach(want, name, map)
        {
            check_map(json_object_get(json_object_get(got, "map"), name), map,
                      json_object_get(got, "n_val"), name);
        }
        json_decref(got);
        release(&x);
    }
    json_decref(want);
    jc_model_close(model);
}

/* A second shortcut of a method gets a number, as in results. */
static void test_transfer__the_same_method_twice_has_two_names(void **state)
{
    jc_model *model = open_tiny("onednn");
    struct fitted x;
    jc_results *results;

    (void)state;
    fit(&x, model, "final");
    for (size_t at = 0; at < 2; at++)
        must(jc_shortcut_set_meta(x.of[at][1], "method", "mat", &err));
    must(transfer(&results, model, &x, METHODS));
    json_t *got = section_of(results, "transfer"), *map = json_object_get(got, "map");
    assert_non_null(json_object_get(map, "mat"));
    assert_non_null(json_object_get(map, "mat-2"));
    assert_false(json_equal(json_object_get(map, "mat"), json_object_get(map, "mat-2")));
    json_decref(got);
    release(&x);
    jc_model_close(model);
}

static void test_transfer__different_methods_are_not_compared(void **state)
{
    jc_model *model = open_tiny("onednn");
    struct fitted x;
    jc_results *results;

    (void)state;
    fit(&x, model, "final");
    must(jc_shortcut_set_meta(x.of[1][1], "method", "magic", &err));
    assert_int_equal(transfer(&results, model, &x, METHODS), JC_E_ARG);
    assert_string_equal(err.message, "cannot compare shortcuts of method 'ridge' with "
                                     "shortcuts of method 'magic'");
    assert_null(results);
    must(jc_shortcut_set_meta(x.of[0][0], "method", "id", &err));
    must(jc_shortcut_set_meta(x.of[1][0], "method", "id", &err));
    assert_int_equal(transfer(&results, model, &x, 1), JC_E_ARG);
    assert_string_equal(err.message, "nothing is fitted for method 'id', which is scored "
                                     "on both texts anyway");
    release(&x);
    jc_model_close(model);
}

static void test_transfer__shortcuts_of_another_model_are_refused(void **state)
{
    jc_model *model = open_tiny("onednn"), *other;
    struct fitted x;
    jc_results *results;

    (void)state;
    fit(&x, model, "final");
    must(jc_model_open(&other, GOLDEN "models/tiny-gpt2-f16", NULL, &err));
    assert_int_equal(transfer(&results, other, &x, METHODS), JC_E_MISMATCH);
    assert_null(results);
    release(&x);
    jc_model_close(model);
    jc_model_close(other);
}

/* Few and short texts: what is allocated hardly depends on them. */
static void test_transfer__short_memory_is_a_status(void **state)
{
    const char *few = scratch_path(state, "few");
    jc_model *model = open_tiny("ref");
    jc_status st = JC_E_NOMEM;
    struct fitted x;
    long n;

    scratch_text(state, "few", "{\"ids\":[1,2],\"positions\":[0,1]}\n");
    fit(&x, model, "final");
    for (n = 0; st != JC_OK; n += 5) {
        jc_results *results;
        for (size_t at = 0; at < 2; at++) {
            jc_samples_close(x.val[at]);
            x.val[at] = open_samples(few, "val");
        }
        jc_alloc_fail_after(n);
        st = transfer(&results, model, &x, METHODS);
        jc_alloc_fail_after(-1);
        if (st)
            assert_int_equal(st, JC_E_NOMEM);
        assert_true((st == JC_OK) == (results != NULL));
        jc_results_free(results);
    }
    assert_true(n > 50);
    release(&x);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transfer__matches_the_definition),
        cmocka_unit_test(test_transfer__the_same_method_twice_has_two_names),
        cmocka_unit_test(test_transfer__different_methods_are_not_compared),
        cmocka_unit_test(test_transfer__shortcuts_of_another_model_are_refused),
        SCRATCH_TEST(test_transfer__short_memory_is_a_status),
    };
    return cmocka_run_group_tests_name("study/transfer", tests, NULL, NULL);
}
