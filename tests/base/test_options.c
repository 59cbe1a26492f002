/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include <stdbool.h>
#include <string.h>

#include "base/base.h"
#include "jumpcut/options.h"

typedef struct params {
    size_t size;
    bool bias;
    uint32_t rank;
    uint64_t seed;
    double ridge;
    const char *method;
    const char *name;
    double late; /* as if added in a later version */
} params;

static const jc_option rows[] = {
    {"bias", JC_OPTION_BOOL, offsetof(params, bias), 0, 0, "true", NULL, "an intercept"},
    {"rank", JC_OPTION_U32, offsetof(params, rank), 1, 4294967295, "7", NULL, "rank"},
    {"seed", JC_OPTION_U64, offsetof(params, seed), 0, 18446744073709551615.0,
     "9007199254740993", NULL, "seed"},
    {"ridge", JC_OPTION_REAL, offsetof(params, ridge), 0, 1e6, "1e-3", NULL, "penalty"},
    {"method", JC_OPTION_TEXT, offsetof(params, method), 0, 0, "mat", "id|mat|ridge",
     "how"},
    {"name", JC_OPTION_TEXT, offsetof(params, name), 0, 0, NULL, NULL, "any text"},
    {"late", JC_OPTION_REAL, offsetof(params, late), -1, 1, "0.5", NULL, "new"},
};

static void test_options__defaults_come_from_the_rows(void **state)
{
    params p;

    (void)state;
    memset(&p, 0xff, sizeof p);
    jc_option_defaults(&p, sizeof p, rows, JC_COUNT(rows));
    assert_int_equal(p.size, sizeof p);
    assert_true(p.bias);
    assert_int_equal(p.rank, 7);
    assert_true(p.seed == 9007199254740993u); /* 2^53 + 1: not by way of a double */
    assert_true(p.ridge == 1e-3);
    assert_string_equal(p.method, "mat");
    assert_null(p.name);
    assert_true(p.late == 0.5);
}

/* A caller built against an older, shorter struct must not have its stack written over. */
static void test_options__an_older_caller_is_left_alone(void **state)
{
    params p;
    jc_error err;

    (void)state;
    for (size_t cut = sizeof p.size; cut < sizeof p; cut++) {
        memset(&p, 0x5a, sizeof p);
        jc_option_defaults(&p, cut, rows, JC_COUNT(rows));
        assert_int_equal(p.size, cut);
        for (size_t i = cut; i < sizeof p; i++)
            assert_int_equal(((const unsigned char *)&p)[i], 0x5a);
    }
    memset(&p, 0x5a, sizeof p);
    jc_option_defaults(&p, offsetof(params, late), rows, JC_COUNT(rows));
    assert_int_equal(jc_option_set(&p, rows, JC_COUNT(rows), "late", "1", &err), JC_E_ARG);
    assert_string_equal(err.message, "no option is called '--late'");
    assert_int_equal(((const unsigned char *)&p.late)[0], 0x5a);
    assert_int_equal(jc_option_set(&p, rows, JC_COUNT(rows), "ridge", "2", &err), JC_OK);
    assert_true(p.ridge == 2);
}

static void test_options__bounds_are_inclusive(void **state)
{
    params p;

    (void)state;
    jc_option_defaults(&p, sizeof p, rows, JC_COUNT(rows));
    const struct {
        const char *name, *value;
    } good[] = {{"rank", "1"},     {"rank", "4294967295"}, {"seed", "18446744073709551615"},
                {"ridge", "1e6"},  {"ridge", "0"},         {"late", "-1"},
                {"bias", "false"}, {"method", "id"},       {"method", "ridge"},
                {"name", ""}};
    for (size_t i = 0; i < JC_COUNT(good); i++)
        assert_int_equal(
            jc_option_set(&p, rows, JC_COUNT(rows), good[i].name, good[i].value, NULL),
            JC_OK);
    assert_true(p.rank == 4294967295u);
    assert_true(p.seed == UINT64_MAX);
    assert_true(p.ridge == 0);
    assert_true(p.late == -1);
    assert_false(p.bias);
    assert_string_equal(p.method, "ridge");
    assert_string_equal(p.name, "");
}

static void test_options__messages_name_the_option(void **state)
{
    static const struct {
        const char *name, *value, *message;
    } bad[] = {
        {"ridge", "-1", "'--ridge' must be from 0 to 1000000, not '-1'"},
        {"ridge", "nan", "'--ridge' must be from 0 to 1000000, not 'nan'"},
        {"ridge", "inf", "'--ridge' must be from 0 to 1000000, not 'inf'"},
        {"ridge", "1e999", "'--ridge' wants a number, not '1e999'"},
        {"ridge", "1x", "'--ridge' wants a number, not '1x'"},
        {"ridge", "", "'--ridge' wants a number, not ''"},
        {"rank", "0", "'--rank' must be from 1 to 4294967295, not '0'"},
        {"rank", "4294967296", "'--rank' must be from 1 to 4294967295, not '4294967296'"},
        {"rank", "2.5", "'--rank' wants a whole number, not '2.5'"},
        {"rank", "1e3", "'--rank' wants a whole number, not '1e3'"},
        {"rank", "", "'--rank' wants a number, not ''"},
        {"seed", "-1", "'--seed' must be from 0 to 1.844674407e+19, not '-1'"},
        {"seed", "-0", "'--seed' wants a whole number, not '-0'"},
        {"seed", "18446744073709551616",
         "'--seed' wants a whole number, not '18446744073709551616'"},
        {"bias", "yes", "'--bias' wants true or false, not 'yes'"},
        {"method", "ma",
         "'--method' must be one of id|mat|ridge, not 'ma'; did you mean 'mat'?"},
        {"method", "", "'--method' must be one of id|mat|ridge, not ''"},
        {"method", "id|mat", "'--method' must be one of id|mat|ridge, not 'id|mat'"},
        {"energie", "1", "no option is called '--energie'"},
    };
    params p, before;

    (void)state;
    jc_option_defaults(&p, sizeof p, rows, JC_COUNT(rows));
    memcpy(&before, &p, sizeof p);
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        jc_error err = {JC_OK, ""};
        assert_int_equal(
            jc_option_set(&p, rows, JC_COUNT(rows), bad[i].name, bad[i].value, &err),
            JC_E_ARG);
        assert_string_equal(err.message, bad[i].message);
        assert_int_equal(err.status, JC_E_ARG);
    }
    assert_memory_equal(&p, &before, sizeof p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options__defaults_come_from_the_rows),
        cmocka_unit_test(test_options__an_older_caller_is_left_alone),
        cmocka_unit_test(test_options__bounds_are_inclusive),
        cmocka_unit_test(test_options__messages_name_the_option),
    };
    return cmocka_run_group_tests_name("base/options", tests, NULL, NULL);
}
