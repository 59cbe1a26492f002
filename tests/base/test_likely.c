/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include <string.h>

#include "base/likely.h"

static const char *guess(const char *word, const char *names)
{
    static char text[JC_LIKELY_TEXT];
    jc_likely likely;

    jc_likely_begin(&likely, word, strlen(word));
    jc_likely_offer_list(&likely, names);
    return jc_likely_text(&likely, text);
}

static void test_likely__one_letter_wrong_missing_added_or_swapped(void **state)
{
    static const char *const words[] = {"ridgo", "rige", "ridgge", "rigde", "iridge"};

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_string_equal(guess(words[i], "id|mat|ridge|narrow"),
                            "; did you mean 'ridge'?");
}

static void test_likely__the_nearest_of_several(void **state)
{
    (void)state;
    assert_string_equal(guess("states", "state|stats|sates"), "; did you mean 'state'?");
    assert_string_equal(guess("mad", "id|mat|ridge"), "; did you mean 'mat'?");
    /* a swap is one step, two changes are two */
    assert_string_equal(guess("fti", "fat_|fit"), "; did you mean 'fit'?");
}

static void test_likely__a_beginning_is_near(void **state)
{
    (void)state;
    assert_string_equal(guess("arch", "methods|architectures"),
                        "; did you mean 'architectures'?");
    assert_string_equal(guess("a", "methods|architectures"), "");
}

static void test_likely__nothing_where_nothing_is_near(void **state)
{
    char word[200];

    (void)state;
    assert_string_equal(guess("linear", "id|mat|ridge|narrow"), "");
    assert_string_equal(guess("x", "id|mat"), "");
    assert_string_equal(guess("", "id|mat"), "");
    assert_string_equal(guess("mat", ""), "");
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    assert_string_equal(guess(word, "id|mat"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_likely__one_letter_wrong_missing_added_or_swapped),
        cmocka_unit_test(test_likely__the_nearest_of_several),
        cmocka_unit_test(test_likely__a_beginning_is_near),
        cmocka_unit_test(test_likely__nothing_where_nothing_is_near),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
