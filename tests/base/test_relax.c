/* SPDX-License-Identifier: MIT */
/* What is right is what json.loads() of Python 3.11 makes of each text. */
#include "base/relax.h"

#include <stdlib.h>
#include <string.h>

#include "support/check.h"

#define LARGEST "1.7976931348623157e308"

static void relaxes(const char *text, const char *want)
{
    size_t n = strlen(text), out_n;
    char *copy = malloc(n ? n : 1), *out; /* of the exact size, not ended by 0 */

    assert_non_null(copy);
    memcpy(copy, text, n);
    assert_true(jc_json_relax(copy, n, "null", &out, &out_n));
    if (want) {
        assert_non_null(out);
        assert_int_equal(out_n, strlen(want));
        assert_memory_equal(out, want, out_n);
    } else {
        assert_null(out);
    }
    jc_free(out);
    free(copy);
}

static void test_relax__what_python_adds_becomes_plain_json(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"[NaN,Infinity,-Infinity]", "[null," LARGEST ",-" LARGEST "]"},
        {"{\"n\": 1000000000000000019884624838656}",
         "{\"n\": 1000000000000000019884624838656e0}"},
        {"[18446744073709551615, -9223372036854775809]",
         "[18446744073709551615e0, -9223372036854775809e0]"},
        {"[1e999,-1.5E+400]", "[" LARGEST ",-" LARGEST "]"},
        {"\"\\ud83d\"", "\"\\ufffd\""},
        {"\"\\uDe00\\uD83d\"", "\"\\ufffd\\ufffd\""},
        {"\"\\ud83d\\ud83d\\ude00\"", "\"\\ufffd\\ud83d\\ude00\""},
        {"\"\\ud83dx\\n\"", "\"\\ufffdx\\n\""},
        {"{\"a\\u0000b\" : \"c\\u0000\"}", "{\"a\\ufffdb\" : \"c\\u0000\"}"},
        {"\xef\xbb\xbf{}", "{}"},
        {"[\"NaN\",NaN]", "[\"NaN\",null]"},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(rows); i++)
        relaxes(rows[i].text, rows[i].want);
}

static void test_relax__an_integer_of_any_length_is_a_number(void **state)
{
    enum { DIGITS = 400 };
    char text[DIGITS + 2] = "-";

    (void)state;
    memset(text + 1, '9', DIGITS);
    relaxes(text, "-" LARGEST);
}

static void test_relax__plain_json_is_not_copied(void **state)
{
    static const char *const plain[] = {
        "",
        "{}",
        "[9223372036854775807, -9223372036854775808, 1e308, 1e-999, 0.1]",
        "\"\\ud83d\\ude00 \\u0000 \\\\ud83d NaN Infinity 1e999 \\\" 1e999\"",
        "{\"Infinity\": true, \"-Infinity\": null}",
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(plain); i++)
        relaxes(plain[i], NULL);
}

/* The parser says what is wrong with them. */
static void test_relax__mistakes_stay_as_they_are(void **state)
{
    static const char *const bad[] = {
        "\"",      "\"\\", "\"\\u", "\"\\ud8", "\"\\ud83d\\", "{\"a\":", "Nan",
        "Infinit", "-",    "+1",    "1.2.3",   "--1",         "N",       "\"\\u00"};

    (void)state;
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        size_t n = strlen(bad[i]), out_n;
        char *copy = malloc(n), *out;
        assert_non_null(copy);
        memcpy(copy, bad[i], n);
        assert_true(jc_json_relax(copy, n, "null", &out, &out_n));
        if (strcmp(bad[i], "\"\\ud83d\\") != 0) /* the half pair is mended, the end not */
            assert_null(out);
        jc_free(out);
        free(copy);
    }
}

static void test_relax__short_memory_is_said(void **state)
{
    char *out;
    size_t n;

    (void)state;
    jc_alloc_fail_after(0);
    assert_false(jc_json_relax("[NaN]", 5, "null", &out, &n));
    assert_null(out);
    assert_false(jc_json_relax("[1e999]", 7, "null", &out, &n));
    jc_alloc_fail_after(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relax__what_python_adds_becomes_plain_json),
        cmocka_unit_test(test_relax__an_integer_of_any_length_is_a_number),
        cmocka_unit_test(test_relax__plain_json_is_not_copied),
        cmocka_unit_test(test_relax__mistakes_stay_as_they_are),
        cmocka_unit_test(test_relax__short_memory_is_said),
    };

    return cmocka_run_group_tests_name("base/relax", tests, NULL, NULL);
}
