/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include <string.h>

#include "base/base.h"
#include "base/notes.h"

static void test_status__names_and_texts_are_complete(void **state)
{
    (void)state;
#define JC_X(name, value, text)                                                            \
    assert_string_equal(jc_status_name(JC_##name), #name);                                 \
    assert_string_equal(jc_status_text(JC_##name), text);                                  \
    assert_int_equal(JC_##name, value);
    JC_STATUS_LIST(JC_X)
#undef JC_X
    assert_int_equal(JC_OK, 0);
    assert_string_equal(jc_status_name((jc_status)77), "unknown");
    assert_string_equal(jc_status_text((jc_status)77), "unknown status");
}

static void test_fail__returns_its_status_with_and_without_an_error(void **state)
{
    jc_error err = {JC_OK, ""};

    (void)state;
    assert_int_equal(jc_fail(NULL, JC_E_IO, "x"), JC_E_IO);
    assert_int_equal(jc_fail(&err, JC_E_FORMAT, "cannot read '%s': %d", "a", 3),
                     JC_E_FORMAT);
    assert_int_equal(err.status, JC_E_FORMAT);
    assert_string_equal(err.message, "cannot read 'a': 3");
    assert_int_equal(jc_fail_nomem(&err, "a map"), JC_E_NOMEM);
    assert_string_equal(err.message, "out of memory for a map");
}

static void test_fail__a_message_is_one_line_whatever_a_name_holds(void **state)
{
    jc_error err;

    (void)state;
    (void)jc_fail(&err, JC_E_IO, "cannot open '%s'", "a\nb\x1b[31m\x7f\xc3\xa9");
    assert_string_equal(err.message, "cannot open 'a?b?[31m?\xc3\xa9'");
    jc_notes notes = {0};
    assert_int_equal(jc_notes_add(&notes, &err, "'%s' is not read", "a\nb\x1b[31m"), JC_OK);
    assert_string_equal(notes.text[0], "'a?b?[31m' is not read");
    jc_notes_free(&notes);
}

static void test_fail__a_long_name_is_cut(void **state)
{
    char name[2000];
    jc_error err;

    (void)state;
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    (void)jc_fail(&err, JC_E_IO, "cannot open '%s'", name);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
}

static void keep(void *arg, const char *message)
{
    strcpy(arg, message);
}

static bool stop(void *arg, const jc_progress *progress)
{
    strcpy(arg, progress->stage);
    return false;
}

static bool go_on(void *arg, const jc_progress *progress)
{
    strcpy(arg, progress->unit);
    return true;
}

static void test_hooks__are_called_and_may_be_absent(void **state)
{
    char got[64] = "";
    jc_hooks hooks = {.arg = got};
    const jc_progress progress = {.stage = "reading", .unit = "bytes"};
    jc_error err;

    (void)state;
    jc_note(NULL, "%d", 1);
    jc_note(&hooks, "%d", 1);
    assert_int_equal(jc_report(NULL, &progress, &err), JC_OK);
    assert_int_equal(jc_report(&hooks, &progress, &err), JC_OK);
    assert_string_equal(got, "");
    hooks.note = keep;
    jc_note(&hooks, "%d texts\nwere cut", 12);
    assert_string_equal(got, "12 texts?were cut");
    hooks.progress = go_on;
    assert_int_equal(jc_report(&hooks, &progress, &err), JC_OK);
    assert_string_equal(got, "bytes");
    hooks.progress = stop;
    assert_int_equal(jc_report(&hooks, &progress, &err), JC_E_CANCELLED);
    assert_string_equal(got, "reading");
    assert_string_equal(err.message, "stopped while reading");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status__names_and_texts_are_complete),
        cmocka_unit_test(test_fail__returns_its_status_with_and_without_an_error),
        cmocka_unit_test(test_fail__a_message_is_one_line_whatever_a_name_holds),
        cmocka_unit_test(test_fail__a_long_name_is_cut),
        cmocka_unit_test(test_hooks__are_called_and_may_be_absent),
    };
    return cmocka_run_group_tests_name("base/status", tests, NULL, NULL);
}
