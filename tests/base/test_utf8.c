/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "support/check.h"

#include "base/utf8.h"

static void test_name__bytes_that_are_not_utf8_are_escaped(void **state)
{
    static const char *const rows[][2] = {
        {"plain.txt", "plain.txt"},
        {"", ""},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"caf\xe9", "caf\\xe9"},
        {"\xff\xfe", "\\xff\\xfe"},
        {"a\xe2\x82z", "a\\xe2\\x82z"},      /* cut short */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* a surrogate */
        {"\xf0\x9f\x98\x80\xf0", "\xf0\x9f\x98\x80\\xf0"},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        char *name = jc_utf8_name(rows[i][0]);
        assert_string_equal(name, rows[i][1]);
        jc_free(name);
    }
    jc_alloc_fail_after(0);
    assert_null(jc_utf8_name("x"));
    jc_alloc_fail_after(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name__bytes_that_are_not_utf8_are_escaped),
    };
    return cmocka_run_group_tests_name("base/utf8", tests, NULL, NULL);
}
