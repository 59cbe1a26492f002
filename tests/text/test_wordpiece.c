/* SPDX-License-Identifier: MIT */
/* WordPiece: what the files may say, and what becomes of texts. The ids of the reference
 * are in test_wordpiece_golden.c. */
#include "support/check.h"

#include <time.h>

#include "base/base.h"
#include "files.h"
#include "golden.h"

#define WORDS    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\nab\n.\n\xc3\xa9\n##A\nA\n"
#define NORMAL   "\"normalizer\":{\"type\":\"BertNormalizer\"}"
#define PRE      "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"}"
#define MODEL    "\"model\":{\"type\":\"WordPiece\",\"vocab\":" VOCAB
#define VOCAB    "{\"[UNK]\":0,\"a\":1,\"##b\":2,\"-b\":3,\"[CLS]\":4,\"[SEP]\":5}"
#define WHOLE(x) "{" MODEL x "}," NORMAL "," PRE "}"
#define POST(x)  "{" MODEL "}," NORMAL "," PRE ",\"post_processor\":" x "}"

enum { PAD, UNK, CLS, SEP, MASK, A, B_IN, AB, DOT, E_ACUTE, BIG_A_IN, BIG_A };

static void test_wordpiece__words_and_roles_of_a_plain_list(void **state)
{
    static const file_texts files = {[JC_FILE_WORDS] = WORDS};
    jc_tokenizer *t;

    (void)state;
    check_small(files, "ab abb  aB.x AB", CIDS(CLS, AB, AB, B_IN, AB, DOT, UNK, AB, SEP));
    check_small(files, "", CIDS(CLS, SEP));
    check_small(files, " \x01\xff\xef\xbf\xbd\n", CIDS(CLS, SEP));
    check_small(files, "a[MASK]b [mask]", CIDS(CLS, A, MASK, UNK, UNK, UNK, UNK, SEP));
    assert_int_equal(open_files(files, &t, NULL), JC_OK);
    assert_string_equal(jc_tokenizer_kind(t), "wordpiece");
    assert_int_equal(jc_tokenizer_size(t), 12);
    assert_int_equal(jc_tokenizer_special(t, "cls"), CLS);
    assert_int_equal(jc_tokenizer_special(t, "sep"), SEP);
    assert_int_equal(jc_tokenizer_special(t, "mask"), MASK);
    assert_int_equal(jc_tokenizer_special(t, "pad"), PAD);
    assert_int_equal(jc_tokenizer_special(t, "unk"), UNK);
    assert_int_equal(jc_tokenizer_special(t, "bos"), -1);
    jc_tokenizer_close(t);
}

static void test_wordpiece__the_config_says_what_is_made_normal(void **state)
{
    file_texts files = {
        [JC_FILE_WORDS] = WORDS, [JC_FILE_CONFIG] = "{\"do_lower_case\":false}"};

    (void)state;
    check_small(files, "aA \xc3\xa9", CIDS(CLS, A, BIG_A_IN, E_ACUTE, SEP));
    files[JC_FILE_CONFIG] = "{\"do_lower_case\":false,\"strip_accents\":true}";
    check_small(files, "A\xcc\x81 \xc3\xa9", CIDS(CLS, BIG_A, UNK, SEP));
    files[JC_FILE_CONFIG] = "{\"strip_accents\":false}";
    check_small(files, "A \xc3\x89", CIDS(CLS, A, E_ACUTE, SEP));
    files[JC_FILE_WORDS] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##\xe4\xb8\xad\n";
    files[JC_FILE_CONFIG] = "{\"tokenize_chinese_chars\":false}";
    check_small(files, "a\xe4\xb8\xad", CIDS(CLS, A, 6, SEP));
    files[JC_FILE_CONFIG] = "{\"tokenize_chinese_chars\":null}";
    check_small(files, "a\xe4\xb8\xad", CIDS(CLS, A, UNK, SEP));
}

/* What the config says goes before what the normalizer of tokenizer.json says. */
static void test_wordpiece__the_config_goes_before_tokenizer_json(void **state)
{
    file_texts files = {
        [JC_FILE_TOKENIZER] =
            "{" MODEL "}," PRE
            ",\"normalizer\":{\"type\":\"BertNormalizer\",\"lowercase\":false}}"};

    (void)state;
    check_small(files, "aB A", CIDS(0, 0));
    files[JC_FILE_CONFIG] = "{\"do_lower_case\":true}";
    check_small(files, "aB A", CIDS(1, 2, 1));
}

static void test_wordpiece__tokenizer_json_goes_first_then_bpe_then_the_list(void **state)
{
    file_texts files = {[JC_FILE_TOKENIZER] = WHOLE(""),
                        [JC_FILE_VOCAB] = "{\"a\":7}",
                        [JC_FILE_MERGES] = "",
                        [JC_FILE_WORDS] = WORDS};

    (void)state;
    check_small(files, "a", CIDS(1));
    files[JC_FILE_TOKENIZER] = NULL;
    check_small(files, "a", CIDS(7));
    files[JC_FILE_MERGES] = NULL;
    check_small(files, "a", CIDS(CLS, A, SEP));
}

static void test_wordpiece__model_settings_of_tokenizer_json(void **state)
{
    file_texts files = {[JC_FILE_TOKENIZER] = WHOLE(",\"max_input_chars_per_word\":3")};

    (void)state;
    check_small(files, "abb abbb", CIDS(1, 2, 2, 0));
    files[JC_FILE_TOKENIZER] = WHOLE(",\"continuing_subword_prefix\":\"-\"");
    check_small(files, "ab", CIDS(1, 3));
    files[JC_FILE_TOKENIZER] = WHOLE(",\"continuing_subword_prefix\":\"\"");
    check_small(files, "aa", CIDS(1, 1));
    files[JC_FILE_TOKENIZER] = WHOLE(",\"unk_token\":\"a\"");
    check_small(files, "x", CIDS(1));
}

static void test_wordpiece__what_stands_around_a_text(void **state)
{
    file_texts files = {[JC_FILE_TOKENIZER] =
                            POST("{\"type\":\"BertProcessing\",\"sep\":[\"[SEP]\",5],"
                                 "\"cls\":[\"[CLS]\",4]}")};

    (void)state;
    check_small(files, "a", CIDS(4, 1, 5));
    files[JC_FILE_TOKENIZER] = POST(
        "{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"x\"}},"
        "{\"Sequence\":{\"id\":\"A\"}},{\"SpecialToken\":{\"id\":\"y\"}}],"
        "\"special_tokens\":{\"x\":{\"ids\":[4,4]},\"y\":{\"ids\":[5]}}}");
    check_small(files, "a", CIDS(4, 4, 1, 5));
    files[JC_FILE_TOKENIZER] = POST("null");
    check_small(files, "a", CIDS(1));
}

/* As the reference: later lines win, and the white space at a line's end is not a part of
 * it.
 */
static void test_wordpiece__odd_lists_are_read_as_the_reference_does(void **state)
{
    static const file_texts files = {
        [JC_FILE_WORDS] = "[UNK] \r\n[CLS]\n[SEP]\t\n\na\xe3\x80\x80\nb\na\n\nc"};
    static const uint32_t first = 4, empty = 7;
    jc_tokenizer *t;
    char *text;
    size_t n;
    jc_error err;

    (void)state;
    check_small(files, "abc b c a", CIDS(1, 0, 5, 8, 6, 2));
    assert_int_equal(open_files(files, &t, NULL), JC_OK);
    assert_int_equal(jc_tokenizer_size(t), 9);
    assert_int_equal(jc_tokenizer_decode(t, &empty, 1, &text, &n, NULL), JC_OK);
    assert_string_equal(text, "");
    free(text);
    assert_int_equal(jc_tokenizer_decode(t, &first, 1, &text, &n, &err), JC_E_ARG);
    assert_string_equal(err.message, "no token has id 4 (the vocabulary has 9)");
    jc_tokenizer_close(t);
}

static void test_wordpiece__decodes_to_text_for_people(void **state)
{
    static const file_texts files = {[JC_FILE_WORDS] = WORDS};
    static const uint32_t ids[] = {CLS, B_IN, A, B_IN, DOT, MASK, UNK, PAD, AB, SEP};
    jc_tokenizer *t;
    char *text;
    size_t n;

    (void)state;
    assert_int_equal(open_files(files, &t, NULL), JC_OK);
    assert_int_equal(jc_tokenizer_decode(t, ids, JC_COUNT(ids), &text, &n, NULL), JC_OK);
    assert_string_equal(text, "##b ab. [MASK] [UNK] ab");
    free(text);
    jc_tokenizer_close(t);
}

static void test_wordpiece__a_very_long_word_is_not_quadratic(void **state)
{
    enum { N = 1 << 20 };
    static char text[N];
    static const file_texts files = {[JC_FILE_TOKENIZER] =
                                         WHOLE(",\"max_input_chars_per_word\":10000000")};
    double seconds[2];
    jc_tokenizer *t;
    jc_ids ids = {0};

    (void)state;
    memset(text, 'b', N);
    text[0] = 'a';
    assert_int_equal(open_files(files, &t, NULL), JC_OK);
    for (size_t i = 0; i < 2; i++) {
        clock_t start = clock();
        ids.n = 0;
        assert_int_equal(jc_tokenizer_encode(t, text, i ? N : N / 16, &ids, NULL), JC_OK);
        seconds[i] = (double)(clock() - start) / CLOCKS_PER_SEC + 1e-3;
    }
    assert_int_equal(ids.n, N);
    assert_true(seconds[1] < 100 * seconds[0]); /* 16 if linear, 256 if quadratic */
    jc_ids_free(&ids);
    jc_tokenizer_close(t);
}

static void test_wordpiece__bad_files_are_named(void **state)
{
    static const struct {
        file_texts file;
        jc_status status;
        const char *message;
    } bad[] = {
        {{[JC_FILE_WORDS] = ""},
         JC_E_FORMAT,
         "cannot read 'vocab.txt': there is no unknown token '[UNK]'"},
        {{[JC_FILE_WORDS] = "[UNK]\na\xff\n"},
         JC_E_FORMAT,
         "cannot read 'vocab.txt': line 2 is not UTF-8"},
        {{[JC_FILE_WORDS] = "[UNK]\n[SEP]\n"},
         JC_E_FORMAT,
         "cannot read 'vocab.txt': there is no cls token '[CLS]'"},
        {{[JC_FILE_WORDS] = "[UNK]\n[CLS]\n"},
         JC_E_FORMAT,
         "cannot read 'vocab.txt': there is no sep token '[SEP]'"},
        {{[JC_FILE_WORDS] = WORDS, [JC_FILE_CONFIG] = "{\"unk_token\":\"?\"}"},
         JC_E_FORMAT,
         "cannot read 'vocab.txt': there is no unknown token '?'"},
        {{[JC_FILE_WORDS] = WORDS, [JC_FILE_CONFIG] = "{\"do_lower_case\":1}"},
         JC_E_FORMAT,
         "cannot read 'tokenizer_config.json': 'do_lower_case' is neither true nor false"},
        {{"{" MODEL "}," PRE ",\"normalizer\":{\"type\":\"X\"}}"},
         JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.json': a 'normalizer' of type 'X' is not supported"},
        {{"{" MODEL "}," NORMAL ",\"pre_tokenizer\":{\"type\":\"Y\"}}"},
         JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.json': a 'pre_tokenizer' of type 'Y' is not supported"},
        {{POST("{\"type\":\"Z\"}")},
         JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.json': a 'post_processor' of type 'Z' is not supported"},
        {{"{" MODEL "}," NORMAL "," PRE ",\"decoder\":{\"type\":\"BPEDecoder\"}}"},
         JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.json': a 'decoder' of type 'BPEDecoder' is not supported"},
        {{"{" PRE "," NORMAL ",\"model\":{\"type\":\"WordPiece\"}}"},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': the vocabulary is not an object"},
        {{WHOLE(",\"unk_token\":\"?\"")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': there is no unknown token '?'"},
        {{"{" MODEL "}," PRE
          ",\"normalizer\":{\"type\":\"BertNormalizer\",\"lowercase\":\"yes\"}}"},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': 'lowercase' is neither true nor false"},
        {{POST(
             "{\"type\":\"BertProcessing\",\"sep\":[\"[SEP]\",5],\"cls\":[\"[CLS]\",9]}")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': 'post_processor' names an id without a token"},
        {{POST("{\"type\":\"BertProcessing\",\"cls\":[\"[CLS]\",4]}")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': 'post_processor' names an id without a token"},
        {{POST("{\"type\":\"TemplateProcessing\"}")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': 'post_processor.single' has no text"},
        {{POST("{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":"
               "{\"id\":\"x\"}},{\"Sequence\":{}}],\"special_tokens\":{}}")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': 'post_processor.single'[0] is not understood"},
        {{POST("{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{}},"
               "{\"Sequence\":{}}]}")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': 'post_processor.single'[1] is not understood"},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        jc_tokenizer *t;
        jc_error err = {JC_OK, ""};
        assert_int_equal(open_files(bad[i].file, &t, &err), bad[i].status);
        assert_string_equal(err.message, bad[i].message);
        assert_null(t);
    }
}

static void test_wordpiece__every_failed_allocation_is_reported(void **state)
{
    static const file_texts files = {
        [JC_FILE_WORDS] = WORDS,
        [JC_FILE_CONFIG] = "{\"added_tokens_decoder\":{\"20\":{\"content\":\"N\","
                           "\"normalized\":true}}}"};
    jc_status st = JC_E_NOMEM;

    (void)state;
    for (long n = 0; st != JC_OK; n++) {
        jc_tokenizer *t = NULL;
        jc_ids ids = {0};
        char *text = NULL;
        size_t length;
        assert_true(n < 10000);
        jc_alloc_fail_after(n);
        st = open_files(files, &t, NULL);
        if (st == JC_OK)
            st = jc_tokenizer_encode(t, "n ab[MASK]abb\xff.", 15, &ids, NULL);
        if (st == JC_OK)
            st = jc_tokenizer_decode(t, ids.id, ids.n, &text, &length, NULL);
        jc_alloc_fail_after(-1);
        assert_true(st == JC_OK || st == JC_E_NOMEM);
        assert_true(st || strcmp(text, "N ab [MASK] abb.") == 0);
        free(text);
        jc_ids_free(&ids);
        jc_tokenizer_close(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wordpiece__words_and_roles_of_a_plain_list),
        cmocka_unit_test(test_wordpiece__the_config_says_what_is_made_normal),
        cmocka_unit_test(test_wordpiece__the_config_goes_before_tokenizer_json),
        cmocka_unit_test(test_wordpiece__tokenizer_json_goes_first_then_bpe_then_the_list),
        cmocka_unit_test(test_wordpiece__model_settings_of_tokenizer_json),
        cmocka_unit_test(test_wordpiece__what_stands_around_a_text),
        cmocka_unit_test(test_wordpiece__odd_lists_are_read_as_the_reference_does),
        cmocka_unit_test(test_wordpiece__decodes_to_text_for_people),
        cmocka_unit_test(test_wordpiece__a_very_long_word_is_not_quadratic),
        cmocka_unit_test(test_wordpiece__bad_files_are_named),
        cmocka_unit_test(test_wordpiece__every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests_name("text/wordpiece", tests, NULL, NULL);
}
