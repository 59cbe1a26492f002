/* SPDX-License-Identifier: MIT */
#include "support/scratch.h"

#include <float.h>
#include <stdbool.h>
#include <string.h>

#include "store/store.h"

static const char text[] =
    "{\"n_layer\": 12, \"eps\": 1e-5, \"type\": \"gpt2\", \"tied\": true, \"off\": false,\n"
    " \"none\": null, \"half\": 0.5, \"minus\": -1, \"most\": 4294967295, \"over\": "
    "4294967296,\n"
    " \"long\": 1000000000000000019884624838656, \"list\": [1], \"\": {\"\": 3},\n"
    " \"lists\": [[[\"a\", \"b\"], 12], null, [], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],\n"
    " \"rope\": {\"factor\": 8, \"deep\": {\"name\": \"x\"}}}";

static jc_config *open_text(void)
{
    jc_config *config;
    jc_error err;

    assert_int_equal(jc_config_parse(&config, text, strlen(text), "c.json", &err), JC_OK);
    return config;
}

static void test_config__values_of_each_type_are_read(void **state)
{
    jc_config *config = open_text();
    uint32_t n = 0;
    double x = 0;
    const char *s = NULL;
    bool flag = false;

    (void)state;
    assert_string_equal(jc_config_path(config), "c.json");
    assert_int_equal(jc_config_u32(config, "n_layer", &n, NULL), JC_OK);
    assert_int_equal(n, 12);
    assert_int_equal(jc_config_u32(config, "most", &n, NULL), JC_OK);
    assert_true(n == UINT32_MAX);
    assert_int_equal(jc_config_real(config, "eps", &x, NULL), JC_OK);
    assert_true(x == 1e-5);
    assert_int_equal(jc_config_real(config, "n_layer", &x, NULL), JC_OK);
    assert_true(x == 12);
    assert_int_equal(jc_config_real(config, "long", &x, NULL), JC_OK);
    assert_true(x == 1e30);
    assert_int_equal(jc_config_text(config, "type", &s, NULL), JC_OK);
    assert_string_equal(s, "gpt2");
    assert_int_equal(jc_config_bool(config, "tied", &flag, NULL), JC_OK);
    assert_true(flag);
    assert_int_equal(jc_config_bool(config, "off", &flag, NULL), JC_OK);
    assert_false(flag);
    jc_config_close(config);
    jc_config_close(NULL);
}

static void test_config__dots_go_into_objects(void **state)
{
    jc_config *config = open_text();
    const char *s = NULL;
    double x = 0;

    (void)state;
    assert_int_equal(jc_config_real(config, "rope.factor", &x, NULL), JC_OK);
    assert_true(x == 8);
    assert_int_equal(jc_config_text(config, "rope.deep.name", &s, NULL), JC_OK);
    assert_string_equal(s, "x");
    static const char *const absent[] = {
        "rope.none", "rope.deep.name.more", "n_layer.x", "list.1", "rope.",
        ".rope",     "rope..deep",          "none",      "no"};
    for (size_t i = 0; i < JC_COUNT(absent); i++)
        assert_false(jc_config_has(config, absent[i]));
    assert_true(jc_config_has(config, "rope"));
    assert_true(jc_config_has(config, "rope.deep"));
    assert_true(jc_config_has(config, "."));
    jc_config_close(config);
}

static void test_config__numbers_go_into_lists(void **state)
{
    static const char *const absent[] = {
        "lists.",      "lists.4",     "lists.x", "lists.-1",
        "lists.0.0.a", "lists.0.1.0", "lists.1", "lists.18446744073709551616.0"};
    jc_config *config = open_text();
    const char *s = NULL;
    uint32_t n = 0;

    (void)state;
    assert_int_equal(jc_config_text(config, "lists.0.0.1", &s, NULL), JC_OK);
    assert_string_equal(s, "b");
    assert_int_equal(jc_config_u32(config, "lists.0.1", &n, NULL), JC_OK);
    assert_int_equal(n, 12);
    assert_int_equal(jc_config_u32(config, "lists.3.10", &n, NULL), JC_OK);
    assert_int_equal(n, 10);
    for (size_t i = 0; i < JC_COUNT(absent); i++)
        assert_false(jc_config_has(config, absent[i]));
    assert_int_equal(jc_config_length(config, "lists"), 4);
    assert_int_equal(jc_config_length(config, "lists.3"), 11);
    assert_int_equal(jc_config_length(config, "lists.2"), 0);
    assert_int_equal(jc_config_length(config, "rope"), 0);
    assert_int_equal(jc_config_length(config, "no"), 0);
    assert_true(jc_config_null(config, "none") && jc_config_null(config, "lists.1"));
    assert_false(jc_config_null(config, "no") || jc_config_null(config, "n_layer"));
    jc_config_close(config);
}

static void test_config__messages_name_the_file_and_the_key(void **state)
{
    static const struct {
        char type; /* of the getter */
        const char *key, *why;
    } bad[] = {
        {'u', "no", "missing"},
        {'u', "none", "missing"},
        {'u', "rope.no", "missing"},
        {'u', "eps", "not a whole number from 0 to 4294967295"},
        {'u', "minus", "not a whole number from 0 to 4294967295"},
        {'u', "over", "not a whole number from 0 to 4294967295"},
        {'u', "long", "not a whole number from 0 to 4294967295"},
        {'u', "type", "not a whole number from 0 to 4294967295"},
        {'u', "tied", "not a whole number from 0 to 4294967295"},
        {'r', "type", "not a number"},
        {'r', "list", "not a number"},
        {'t', "eps", "not text"},
        {'t', "rope", "not text"},
        {'b', "n_layer", "not true or false"},
        {'b', "none", "missing"},
    };
    jc_config *config = open_text();

    (void)state;
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        uint32_t n = 77;
        double x = 77;
        const char *s = "77";
        bool flag = true;
        jc_error err = {JC_OK, ""};
        char want[200];
        jc_status st = bad[i].type == 'u'   ? jc_config_u32(config, bad[i].key, &n, &err)
                       : bad[i].type == 'r' ? jc_config_real(config, bad[i].key, &x, &err)
                       : bad[i].type == 't'
                           ? jc_config_text(config, bad[i].key, &s, &err)
                           : jc_config_bool(config, bad[i].key, &flag, &err);
        assert_int_equal(st, JC_E_FORMAT);
        snprintf(want, sizeof want, "cannot read '%s' of 'c.json': it is %s", bad[i].key,
                 bad[i].why);
        assert_string_equal(err.message, want);
        assert_true(n == 77 && x == 77 && strcmp(s, "77") == 0 && flag);
    }
    jc_config_close(config);
}

static void test_config__what_is_not_one_object_is_refused(void **state)
{
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"", "it is empty (0 bytes)"},
        {"[1]", "it is not a JSON object"},
        {"{\"a\":1", "it is cut short, or not valid JSON: '}' expected near end of file "
                     "(line 1, column 6)"},
        {"{\"a\":\"\xff\"}",
         "it is not valid JSON: unable to decode byte 0xff near '\"' (line "
         "1, column 6)"},
        {"{\"a\":\"\n\"}",
         "it is not valid JSON: unexpected newline near '\"' (line 1, column "
         "6)"},
        {"{\"a\":Nan}",
         "it is not valid JSON: invalid token near 'Nan' (line 1, column 8)"},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        jc_config *config;
        jc_error err = {JC_OK, ""};
        char want[300];
        size_t n = strlen(bad[i].text);
        char *copy = malloc(n ? n : 1); /* of the exact size, not ended by 0 */
        assert_non_null(copy);
        memcpy(copy, bad[i].text, n);
        assert_int_equal(jc_config_parse(&config, copy, n, "c.json", &err), JC_E_FORMAT);
        snprintf(want, sizeof want, "cannot read 'c.json': %s", bad[i].why);
        assert_string_equal(err.message, want);
        assert_null(config);
        free(copy);
    }
}

/* The values are those of Python's json, whose infinity no configuration needs. */
static void test_config__json_of_python_is_read(void **state)
{
    static const char given[] = "{\"a\": 1, \"big\": 123456789012345678901234567890, "
                                "\"inf\": Infinity, \"low\": -1e999, \"nan\": NaN, "
                                "\"half\": \"x\\ud83d\", \"a\\u0000\": 3, \"a\": 2}";
    jc_config *config;
    uint32_t n = 0;
    double x = 0;
    const char *s = NULL;

    (void)state;
    assert_int_equal(jc_config_parse(&config, given, strlen(given), "c.json", NULL), JC_OK);
    assert_int_equal(jc_config_u32(config, "a", &n, NULL), JC_OK);
    assert_int_equal(n, 2); /* the last counts */
    assert_int_equal(jc_config_real(config, "big", &x, NULL), JC_OK);
    assert_true(x == 123456789012345678901234567890.0);
    assert_int_equal(jc_config_real(config, "inf", &x, NULL), JC_OK);
    assert_true(x == DBL_MAX);
    assert_int_equal(jc_config_real(config, "low", &x, NULL), JC_OK);
    assert_true(x == -DBL_MAX);
    assert_false(jc_config_null(config, "nan")); /* which would mean the default */
    assert_int_equal(jc_config_real(config, "nan", &x, NULL), JC_E_FORMAT);
    assert_int_equal(jc_config_text(config, "half", &s, NULL), JC_OK);
    assert_string_equal(s, "x\xef\xbf\xbd");
    jc_config_close(config);
}

static void test_config__a_deep_nest_is_refused_not_followed(void **state)
{
    enum { DEEP = 100000 };
    jc_config *config;
    jc_error err;
    char *nest = malloc(5 * DEEP);

    (void)state;
    assert_non_null(nest);
    for (int i = 0; i < DEEP; i++)
        memcpy(nest + 5 * i, "{\"a\":", 5);
    assert_int_equal(jc_config_parse(&config, nest, 5 * DEEP, "c.json", &err), JC_E_FORMAT);
    assert_non_null(strstr(err.message, "maximum parsing depth reached"));
    free(nest);
}

static void test_config__is_read_from_a_file(void **state)
{
    jc_config *config;
    jc_error err;
    uint32_t n = 0;

    scratch_text(state, "config.json", text);
    assert_int_equal(jc_config_open(&config, scratch_path(state, "config.json"), &err),
                     JC_OK);
    assert_int_equal(jc_config_u32(config, "n_layer", &n, NULL), JC_OK);
    assert_int_equal(n, 12);
    assert_string_equal(jc_config_path(config), scratch_path(state, "config.json"));
    jc_config_close(config);
    assert_int_equal(jc_config_open(&config, "/nowhere/config.json", &err), JC_E_IO);
    assert_string_equal(err.message,
                        "cannot open '/nowhere/config.json': No such file or directory");
    assert_null(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config__values_of_each_type_are_read),
        cmocka_unit_test(test_config__dots_go_into_objects),
        cmocka_unit_test(test_config__numbers_go_into_lists),
        cmocka_unit_test(test_config__messages_name_the_file_and_the_key),
        cmocka_unit_test(test_config__what_is_not_one_object_is_refused),
        cmocka_unit_test(test_config__json_of_python_is_read),
        cmocka_unit_test(test_config__a_deep_nest_is_refused_not_followed),
        SCRATCH_TEST(test_config__is_read_from_a_file),
    };
    return cmocka_run_group_tests_name("store/config", tests, NULL, NULL);
}
