/* SPDX-License-Identifier: MIT */
/* tiktoken's files and tekken.json: ids against those of the tiktoken package
 * (tests/golden/make_ranks_ids.py). */
#include "support/check.h"

#include "base/base.h"
#include "files.h"
#include "golden.h"

enum { LINES = 100 };

/* A folder with one golden file under another name. */
static void check_named(const char *name, const char *of)
{
    char from[1024], to[1024];
    const char *const names[] = {name};
    char *folder = temp_folder();

    snprintf(from, sizeof from, GOLDEN "ranks/%s", of);
    snprintf(to, sizeof to, "%s/%s", folder, name);
    assert_int_equal(symlink(from, to), 0);
    print_message("%s\n", name);
    assert_int_equal(check_file(folder, GOLDEN "ranks.jsonl", name,
                                strncmp(name, "qwen", 4) == 0 ? NULL : "text"),
                     LINES); /* Qwen composes characters */
    drop_folder(folder, names, 1);
}

static void test_ranks__files_of_tiktoken_give_the_reference_ids(void **state)
{
    static const char *const names[] = {"r50k_base.tiktoken",  "cl100k_base.tiktoken",
                                        "o200k_base.tiktoken", "qwen.tiktoken",
                                        "tokenizer.model",     "tiktoken.model"};

    (void)state;
    for (size_t i = 0; i < JC_COUNT(names); i++)
        check_named(names[i], "ranks");
}

static void test_ranks__tekken_gives_the_reference_ids(void **state)
{
    jc_tokenizer *t;

    (void)state;
    assert_int_equal(check_file(GOLDEN "ranks/", GOLDEN "ranks.jsonl", "tekken.json", NULL),
                     LINES);
    assert_int_equal(jc_tokenizer_open(&t, GOLDEN "ranks", NULL), JC_OK);
    assert_int_equal(jc_tokenizer_special(t, "bos"), 1);
    assert_int_equal(jc_tokenizer_special(t, "eos"), 2);
    jc_ids ids = {0};
    assert_int_equal(jc_tokenizer_encode(t, "[INST]<SPECIAL_19>", 18, &ids, NULL), JC_OK);
    assert_int_equal(ids.n, 3);
    assert_memory_equal(ids.id, ((const uint32_t[]){1, 3, 19}), 3 * sizeof *ids.id);
    jc_ids_free(&ids);
    jc_tokenizer_close(t);
}

/* What the configuration says counts: the class, and its special tokens. */
static void test_ranks__the_configuration_names_class_and_tokens(void **state)
{
    static const file_texts files = {
        [JC_FILE_RANKS] = "YQ== 0\nYg== 1\nYWI= 2\n",
        [JC_FILE_CONFIG] = "{\"tokenizer_class\":\"TikTokenTokenizer\","
                           "\"bos_token\":\"[BOS]\",\"add_bos_token\":true,"
                           "\"added_tokens_decoder\":{\"5\":{\"content\":\"[BOS]\"}}}"};

    (void)state;
    check_small(files, "abba[BOS]b", CIDS(5, 2, 1, 0, 5, 1));
}

#define TEKKEN(config, vocab) "{\"config\":{" config "},\"vocab\":[" vocab "]}"
#define COUNTS                "\"pattern\":\".\",\"default_vocab_size\":9,\"default_num_special_tokens\":5"

static void test_ranks__bad_files_are_named(void **state)
{
    static const struct {
        file_texts file;
        const char *message;
    } bad[] = {
        {{[JC_FILE_RANKS] = "YQ== 0\n"},
         "cannot read 'x.tiktoken': its pattern is not in it, and neither its name nor the "
         "tokenizer's class is known; is there a 'tokenizer.json'?"},
        {{[JC_FILE_RANKS] = "YQ==\n", [JC_FILE_CONFIG] = "{\"tokenizer_class\":\"QWen\"}"},
         "cannot read 'x.tiktoken': line 1 is not a token and its rank"},
        {{[JC_FILE_RANKS] = "YQ== 0\nYg== 1x\n",
          [JC_FILE_CONFIG] = "{\"tokenizer_class\":\"QWen\"}"},
         "cannot read 'x.tiktoken': line 2 has no rank"},
        {{[JC_FILE_RANKS] = "Y?== 0\n",
          [JC_FILE_CONFIG] = "{\"tokenizer_class\":\"QWen\"}"},
         "cannot read 'x.tiktoken': 'Y?==' at line 1 is not a token of at most 512 bytes "
         "in "
         "base64"},
        {{[JC_FILE_RANKS] = "YQ== 0\nYg== 0\n",
          [JC_FILE_CONFIG] = "{\"tokenizer_class\":\"QWen\"}"},
         "cannot read 'x.tiktoken': tokens 'a' and 'b' have the same id 0"},
        {{[JC_FILE_TEKKEN] = "{}"},
         "cannot read 'tekken.json': 'config.default_vocab_size' is not a count"},
        {{[JC_FILE_TEKKEN] =
              TEKKEN("\"default_vocab_size\":9,\"default_num_special_tokens\":10", "")},
         "cannot read 'tekken.json': 'config' has no 'pattern', or more special tokens "
         "than "
         "tokens"},
        {{[JC_FILE_TEKKEN] = TEKKEN(COUNTS, "{\"rank\":0}")},
         "cannot read 'tekken.json': token 0 has no 'rank' or 'token_bytes'"},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        jc_tokenizer *t;
        jc_error err = {JC_OK, ""};
        assert_true(open_files(bad[i].file, &t, &err) != JC_OK);
        assert_string_equal(err.message, bad[i].message);
        assert_null(t);
    }
}

static void test_ranks__every_failed_allocation_is_reported(void **state)
{
    static const file_texts files = {
        [JC_FILE_TEKKEN] = TEKKEN(
            COUNTS, "{\"rank\":0,\"token_bytes\":\"YQ==\"},{\"rank\":1,"
                    "\"token_bytes\":\"Yg==\"},{\"rank\":2,\"token_bytes\":\"YWI=\"}")};
    jc_status st = JC_E_NOMEM;

    (void)state;
    for (long n = 0; st != JC_OK; n++) {
        jc_tokenizer *t = NULL;
        assert_true(n < 10000);
        jc_alloc_fail_after(n);
        st = open_files(files, &t, NULL);
        jc_alloc_fail_after(-1);
        assert_true(st == JC_OK || st == JC_E_NOMEM);
        jc_tokenizer_close(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks__files_of_tiktoken_give_the_reference_ids),
        cmocka_unit_test(test_ranks__tekken_gives_the_reference_ids),
        cmocka_unit_test(test_ranks__the_configuration_names_class_and_tokens),
        cmocka_unit_test(test_ranks__bad_files_are_named),
        cmocka_unit_test(test_ranks__every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests_name("text/ranks", tests, NULL, NULL);
}
