/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include <string.h>

#include "base/base.h"
#include "jumpcut/generate.h"

/* Push the text in pieces of `size` bytes; what is shown in all is `want`. */
static void check_cut(const char *const *strings, size_t n, const char *text, size_t size,
                      const char *want, bool stops)
{
    jc_stopper *s;
    char shown[256] = "";
    const char *out;
    size_t n_out, length = strlen(text);
    bool stopped = false;

    assert_int_equal(jc_stopper_new(&s, strings, n, NULL), JC_OK);
    for (size_t at = 0; at < length; at += size) {
        size_t piece = length - at < size ? length - at : size;
        assert_int_equal(jc_stopper_push(s, text + at, piece, &out, &n_out, &stopped, NULL),
                         JC_OK);
        strncat(shown, out, n_out);
        /* nothing is held that cannot begin a stop string */
        assert_true(strlen(shown) <= strlen(want));
    }
    jc_stopper_end(s, &out, &n_out);
    strncat(shown, out, n_out);
    assert_string_equal(shown, want);
    assert_int_equal(stopped, stops);
    jc_stopper_free(s);
}

static void check_pieces(const char *const *strings, size_t n, const char *text,
                         const char *want, bool stops)
{
    for (size_t size = 1; size <= strlen(text); size++)
        check_cut(strings, n, text, size, want, stops);
}

static void test_stop__a_string_is_found_however_the_text_is_cut(void **state)
{
    static const char *const end[] = {"END"}, *const two[] = {"\n\n", "END"};

    (void)state;
    check_pieces(end, 1, "one EN two ENDING", "one EN two ", true);
    check_pieces(end, 1, "EEENDND", "EE", true);
    check_pieces(end, 1, "no stop, but EN", "no stop, but EN", false);
    check_pieces(two, 2, "a\nb\n\nc END", "a\nb", true);
    check_pieces(two, 2, "END", "", true);
    check_pieces(NULL, 0, "nothing stops", "nothing stops", false);
}

static void test_stop__the_string_that_is_complete_first_counts(void **state)
{
    static const char *const inside[] = {"abcd", "b"}, *const same[] = {"c", "bc"};

    (void)state;
    /* one byte at a time, and in one piece */
    check_pieces(inside, 2, "xabcd", "xa", true);
    check_pieces(same, 2, "abc", "a", true);
}

static void test_stop__what_cannot_begin_a_string_is_shown_at_once(void **state)
{
    static const char *const end[] = {"abab"};
    jc_stopper *s;
    const char *out;
    size_t n;
    bool stopped;

    (void)state;
    assert_int_equal(jc_stopper_new(&s, end, 1, NULL), JC_OK);
    assert_int_equal(jc_stopper_push(s, "xxaba", 5, &out, &n, &stopped, NULL), JC_OK);
    assert_int_equal(n, 2);
    assert_int_equal(jc_stopper_push(s, "c", 1, &out, &n, &stopped, NULL), JC_OK);
    assert_int_equal(n, 4);
    assert_memory_equal(out, "abac", 4);
    assert_false(stopped);
    jc_stopper_free(s);
}

static void test_stop__an_empty_string_is_refused(void **state)
{
    static const char *const bad[] = {"a", ""};
    jc_stopper *s;

    (void)state;
    assert_int_equal(jc_stopper_new(&s, bad, 2, NULL), JC_E_ARG);
    assert_null(s);
    assert_int_equal(jc_stopper_new(NULL, bad, 1, NULL), JC_E_ARG);
    assert_int_equal(jc_stopper_new(&s, NULL, 1, NULL), JC_E_ARG);
    const char *out;
    size_t n;
    bool stopped;
    assert_int_equal(jc_stopper_push(NULL, "a", 1, &out, &n, &stopped, NULL), JC_E_ARG);
}

static void test_stop__every_failed_allocation_is_reported(void **state)
{
    static const char *const two[] = {"a", "b"};
    jc_status st = JC_E_NOMEM;

    (void)state;
    for (long n = 0; st != JC_OK; n++) {
        jc_stopper *s;
        const char *out;
        size_t n_out;
        bool stopped;
        jc_alloc_fail_after(n);
        st = jc_stopper_new(&s, two, 2, NULL);
        if (st == JC_OK)
            st = jc_stopper_push(s, "xyz", 3, &out, &n_out, &stopped, NULL);
        jc_alloc_fail_after(-1);
        assert_true(st == JC_OK || st == JC_E_NOMEM);
        jc_stopper_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop__a_string_is_found_however_the_text_is_cut),
        cmocka_unit_test(test_stop__the_string_that_is_complete_first_counts),
        cmocka_unit_test(test_stop__what_cannot_begin_a_string_is_shown_at_once),
        cmocka_unit_test(test_stop__an_empty_string_is_refused),
        cmocka_unit_test(test_stop__every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests_name("generate/stop", tests, NULL, NULL);
}
