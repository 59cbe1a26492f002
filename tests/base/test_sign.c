/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/sign.h"
#include "support/check.h"

static void check(const void *data, size_t n, const char *begins)
{
    void *copy = malloc(n ? n : 1); /* of the exact size, for the sanitizer */

    assert_non_null(copy);
    memcpy(copy, data, n);
    const char *sign = jc_sign_of(copy, n);
    if (begins) {
        assert_non_null(sign);
        assert_memory_equal(sign, begins, strlen(begins));
    } else {
        assert_null(sign);
    }
    free(copy);
}

static void test_sign__tells_what_a_file_is_instead(void **state)
{
    static const struct {
        const char *text, *begins;
    } rows[] = {
        {"version https://git-lfs.github.com/spec/v1\noid sha256:4ec7\nsize 5\n",
         "it is a git-lfs pointer"},
        {"/annex/objects/SHA256E-s5--1\n", "it is a git-annex pointer"},
        {"# xet version 0\nfilesize = 5\n", "it is a git-xet pointer"},
        {"<!DOCTYPE html><html>", "it is a web page"},
        {" \r\n<HTML>", "it is a web page"},
        {"<?xml version='1.0'?><Error><Code>AccessDenied</Code>", "it is the message of"},
        {"{\"error\":\"Invalid username or password.\"}", "it is the message of"},
        {"Entry not found", "it is the message of"},
        {"PK\3\4....", "it is a zip archive"},
        {"\x80\2}q", "it is a pickle"},
        {"\x1f\x8b\x08", "it is compressed by gzip"},
        {"GGUF\3", "it is a GGUF file"},
        {"tjgg\3", "it is a GGML file"},
        {"\xff\xfe{", "it is UTF-16"},
        {"", "it is empty"},
        {"version 2", NULL},
        {"{\"model_type\": \"llama\"}", NULL},
        {"<", NULL},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(rows); i++)
        check(rows[i].text, strlen(rows[i].text), rows[i].begins);
}

static void test_sign__tells_a_file_that_was_never_filled(void **state)
{
    static const char zeros[5000];
    char late[5000] = {0};

    (void)state;
    check(zeros, sizeof zeros, "it begins with zeros");
    late[4096] = 1;
    check(late, sizeof late, "it begins with zeros");
    late[4095] = 1;
    check(late, sizeof late, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sign__tells_what_a_file_is_instead),
        cmocka_unit_test(test_sign__tells_a_file_that_was_never_filled),
    };
    return cmocka_run_group_tests_name("base/sign", tests, NULL, NULL);
}
