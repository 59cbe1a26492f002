/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include <string.h>

#include "base/readable.h"

static void test_readable__bytes_that_are_no_utf8_are_written_out(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
         "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"caf\xe9.txt", "caf\\xe9.txt"},
        {"\xc3", "\\xc3"},
        {"\xc0\xaf\xed\xa0\x80", "\\xc0\\xaf\\xed\\xa0\\x80"}, /* overlong; a surrogate */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        char *text = jc_readable(rows[i][0], strlen(rows[i][0]));
        assert_string_equal(text, rows[i][1]);
        jc_free(text);
    }
    jc_alloc_fail_after(0);
    assert_null(jc_readable("x", 1));
    jc_alloc_fail_after(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readable__bytes_that_are_no_utf8_are_written_out),
    };
    return cmocka_run_group_tests_name("base/readable", tests, NULL, NULL);
}
