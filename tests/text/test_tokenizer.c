/* SPDX-License-Identifier: MIT */
#include "support/scratch.h"

#include <time.h>

#include "base/base.h"
#include "files.h"
#include "golden.h"

#define DEMO JC_SOURCE_DIR "/data/demo"

static jc_tokenizer *demo;

static int open_demo(void **state)
{
    (void)state;
    return jc_tokenizer_open(&demo, DEMO, NULL);
}

static int close_demo(void **state)
{
    (void)state;
    jc_tokenizer_close(demo);
    return 0;
}

static void test_tokenizer__says_what_it_is(void **state)
{
    jc_tokenizer *gpt2;

    (void)state;
    assert_string_equal(jc_tokenizer_kind(demo), "byte-bpe");
    assert_int_equal(jc_tokenizer_size(demo), 4096);
    assert_int_equal(jc_tokenizer_special(demo, "bos"), 4095);
    assert_int_equal(jc_tokenizer_special(demo, "eos"), 4095);
    assert_int_equal(jc_tokenizer_special(demo, "unk"), 4095);
    assert_int_equal(jc_tokenizer_special(demo, "pad"), -1);
    assert_int_equal(jc_tokenizer_special(demo, "moon"), -1);
    assert_int_equal(jc_tokenizer_open(&gpt2, GOLDEN "tiny", NULL), JC_OK);
    assert_int_equal(jc_tokenizer_size(gpt2), 400);
    assert_int_equal(jc_tokenizer_special(gpt2, "bos"), -1); /* nothing says so */
    jc_tokenizer_close(gpt2);
}

/* ---- decode(encode(x)) == x ---- */

static void check_round_trip(const jc_tokenizer *t, const char *text, size_t n, jc_ids *ids)
{
    char *again;
    size_t length;
    jc_error err;

    ids->n = 0;
    if (jc_tokenizer_encode(t, text, n, ids, &err))
        fail_msg("%s", err.message);
    assert_int_equal(jc_tokenizer_decode(t, ids->id, ids->n, &again, &length, NULL), JC_OK);
    assert_int_equal(length, n);
    assert_memory_equal(again, text, n);
    assert_int_equal(again[n], 0);
    free(again);
}

static uint32_t below(jc_rng *rng, uint32_t n)
{
    return (uint32_t)jc_rng_below(rng, n);
}

static void test_tokenizer__any_bytes_come_back(void **state)
{
    static const char pieces[][14] = {"<|endoftext|>", "<|end",        "'ll",      " ",
                                      "\n\n",          "\xf0\x9f\x98", "\xed\xa0", "\xc0",
                                      "word",          "\xe2\x80\xa8"};
    jc_rng rng = {2026};
    jc_ids ids = {0};

    (void)state;
    for (size_t round = 0; round < 6000; round++) {
        char text[128];
        size_t n = 0, want = below(&rng, 100);
        while (n < want) {
            const char *piece = pieces[below(&rng, JC_COUNT(pieces))];
            if (round % 2 == 0 || below(&rng, 4)) {
                text[n++] = (char)below(&rng, 256);
            } else {
                memcpy(text + n, piece, strlen(piece));
                n += strlen(piece);
            }
        }
        check_round_trip(demo, text, n, &ids);
    }
    jc_ids_free(&ids);
}

static void test_tokenizer__any_code_points_come_back(void **state)
{
    jc_rng rng = {1};
    jc_ids ids = {0};

    (void)state;
    for (size_t round = 0; round < 4000; round++) {
        char text[400];
        size_t n = 0;
        for (uint32_t left = below(&rng, 90); left > 0; left--) {
            uint32_t c =
                below(&rng, (uint32_t[]){0x80, 0x800, 0x10000, 0x110000}[round % 4]);
            if (c >= 0xd800 && c <= 0xdfff)
                c = ' ';
            if (c < 0x80) {
                text[n++] = (char)c;
            } else if (c < 0x800) {
                text[n++] = (char)(0xc0 | c >> 6);
                text[n++] = (char)(0x80 | (c & 0x3f));
            } else if (c < 0x10000) {
                text[n++] = (char)(0xe0 | c >> 12);
                text[n++] = (char)(0x80 | (c >> 6 & 0x3f));
                text[n++] = (char)(0x80 | (c & 0x3f));
            } else {
                text[n++] = (char)(0xf0 | c >> 18);
                text[n++] = (char)(0x80 | (c >> 12 & 0x3f));
                text[n++] = (char)(0x80 | (c >> 6 & 0x3f));
                text[n++] = (char)(0x80 | (c & 0x3f));
            }
        }
        assert_int_equal(jc_utf8_span(text, n), n);
        check_round_trip(demo, text, n, &ids);
    }
    jc_ids_free(&ids);
}

/* Bytes that are not UTF-8 leave the pieces around them as they are. */
static void test_tokenizer__bad_bytes_are_their_own_tokens(void **state)
{
    jc_ids ids = {0}, word = {0};

    (void)state;
    assert_int_equal(jc_tokenizer_encode(demo, " the", 4, &word, NULL), JC_OK);
    assert_int_equal(jc_tokenizer_encode(demo, " the\xff the", 9, &ids, NULL), JC_OK);
    assert_int_equal(ids.n, 2 * word.n + 1);
    assert_memory_equal(ids.id, word.id, word.n * sizeof *ids.id);
    assert_memory_equal(ids.id + word.n + 1, word.id, word.n * sizeof *ids.id);
    jc_ids_free(&ids);
    jc_ids_free(&word);
}

/* Time grows about as the length: ten times the text may not take a hundred times as long.
 */
static void test_tokenizer__a_very_long_word_is_not_quadratic(void **state)
{
    enum { N = 1 << 20 };
    static char text[N];
    double seconds[2];
    jc_ids ids = {0};

    (void)state;
    for (size_t i = 0; i < N; i++)
        text[i] = "abcd"[i * i % 7 % 4];
    for (size_t i = 0; i < 2; i++) {
        clock_t start = clock();
        ids.n = 0;
        assert_int_equal(jc_tokenizer_encode(demo, text, i ? N : N / 16, &ids, NULL),
                         JC_OK);
        seconds[i] = (double)(clock() - start) / CLOCKS_PER_SEC + 1e-3;
    }
    assert_true(seconds[1] < 100 * seconds[0]); /* 16 if linear, 256 if quadratic */
    memset(text, ' ', N);
    check_round_trip(demo, text, N, &ids);
    jc_ids_free(&ids);
}

static void test_tokenizer__appends_and_leaves_the_list_on_failure(void **state)
{
    jc_ids ids = {0};
    size_t n;

    (void)state;
    assert_int_equal(jc_tokenizer_encode(demo, "one", 3, &ids, NULL), JC_OK);
    n = ids.n;
    jc_alloc_fail_after(0);
    assert_int_equal(jc_tokenizer_encode(demo, " two", 4, &ids, NULL), JC_E_NOMEM);
    jc_alloc_fail_after(-1);
    assert_int_equal(ids.n, n);
    assert_int_equal(jc_tokenizer_encode(demo, " two", 4, &ids, NULL), JC_OK);
    assert_true(ids.n > n);
    jc_ids_free(&ids);
}

static void test_tokenizer__ids_outside_the_vocabulary_are_refused(void **state)
{
    uint32_t ids[] = {5, 4096};
    char *text;
    size_t n;
    jc_error err;

    (void)state;
    assert_int_equal(jc_tokenizer_decode(demo, ids, 2, &text, &n, &err), JC_E_ARG);
    assert_string_equal(err.message, "no token has id 4096 (the vocabulary has 4096)");
    assert_null(text);
    assert_int_equal(jc_tokenizer_decode(demo, ids, 0, &text, &n, &err), JC_OK);
    assert_string_equal(text, "");
    free(text);
}

/* ---- files that are not right ---- */

#define VOCAB "{\"a\":0,\"b\":1,\"ab\":2}"
#define WHOLE(model, more)                                                                 \
    "{\"model\":{\"type\":\"BPE\",\"vocab\":" VOCAB "," model "},"                         \
    "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false}" more "}"

static void test_tokenizer__bad_files_are_named(void **state)
{
    static const struct {
        file_texts file;
        jc_status status;
        const char *message;
    } bad[] = {
        {{NULL, VOCAB},
         JC_E_IO,
         "no tokenizer in 'd': it wants 'tokenizer.json', 'tokenizer.model', "
         "'tekken.json', "
         "'*.tiktoken', 'vocab.json' and 'merges.txt', or 'vocab.txt'"},
        {{NULL, "", ""}, JC_E_FORMAT, "cannot read 'vocab.json': it is empty (0 bytes)"},
        {{NULL, "{\"a\":0,\n\"b\":}", ""},
         JC_E_FORMAT,
         "cannot read 'vocab.json': line 2, column 5: not JSON"},
        {{NULL, "{\"\xff\":0}", ""},
         JC_E_FORMAT,
         "cannot read 'vocab.json': line 1, column 2: not UTF-8"},
        {{NULL, "[]", ""},
         JC_E_FORMAT,
         "cannot read 'vocab.json': it is not a JSON object"},
        {{NULL, "{}", ""},
         JC_E_FORMAT,
         "cannot read 'vocab.json': the vocabulary is empty"},
        {{NULL, "{\"a\":0,\"b\":0}", ""},
         JC_E_FORMAT,
         "cannot read 'vocab.json': tokens 'a' and 'b' have the same id 0"},
        {{NULL, "{\"a\":\"0\"}", ""},
         JC_E_FORMAT,
         "cannot read 'vocab.json': the id of token 'a' is not a whole number"},
        {{NULL, "{\"a\":-1}", ""},
         JC_E_FORMAT,
         "cannot read 'vocab.json': the id of token 'a' is not a whole number"},
        {{NULL, "{\"a\\nb\":4194304}", ""},
         JC_E_FORMAT,
         "cannot read 'vocab.json': id 4194304 of token 'a\\x0ab' is out of bounds"},
        {{NULL, VOCAB, "#version: 0.2\na b\na c\n"},
         JC_E_FORMAT,
         "cannot read 'merges.txt': line 3 names 'c', which is not in the vocabulary"},
        {{NULL, VOCAB, "b a\n"},
         JC_E_FORMAT,
         "cannot read 'merges.txt': line 1 names 'ba', which is not in the vocabulary"},
        {{NULL, VOCAB, "ab\n"},
         JC_E_FORMAT,
         "cannot read 'merges.txt': line 1 is not two tokens with a space between"},
        {{NULL, VOCAB, "a b c\n"},
         JC_E_FORMAT,
         "cannot read 'merges.txt': line 1 is not two tokens with a space between"},
        {{NULL, VOCAB, "a b\n", "{\"added_tokens_decoder\":{\"x\":{\"content\":\"a\"}}}"},
         JC_E_FORMAT,
         "cannot read 'tokenizer_config.json': 'x' is not a token id"},
        {{NULL, VOCAB, "a b\n", "{\"added_tokens_decoder\":{\"7\":{}}}"},
         JC_E_FORMAT,
         "cannot read 'tokenizer_config.json': an added token has no 'content'"},
        {{"{\"model\":{\"type\":\"Words\"}}"},
         JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.json': model type 'Words' is not supported"},
        {{"{\"model\":{\"type\":\"Unigram\"}}"},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': 'model.vocab' is not a list of pieces"},
        {{"{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\",-1],[\"b\"]]}}"},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': piece 1 is not a token with its score"},
        {{"{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\",-1]],\"unk_id\":1}}"},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': 'model.unk_id' is not a piece"},
        {{"{}"},
         JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.json': model type '' is not supported"},
        {{WHOLE("\"merges\":[]", ",\"normalizer\":{\"type\":\"Other\"}")},
         JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.json': a 'normalizer' of type 'Other' is not supported"},
        {{WHOLE("\"merges\":[]",
                ",\"pre_tokenizer\":{\"type\":\"CharDelimiterSplit\",\"delimiter\":\"\"}")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': 'delimiter' is empty"},
        {{WHOLE("\"merges\":[]", ",\"normalizer\":{}")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': a 'normalizer' has no 'type'"},
        {{WHOLE("\"merges\":[]", ",\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{"
                                 "\"type\":\"NFC\"},{\"type\":\"X\"}]}")},
         JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.json': a 'normalizer' of type 'X' is not supported"},
        {{WHOLE("\"merges\":[]", ",\"normalizer\":{\"type\":\"Sequence\"}")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': 'normalizer.normalizers' is not a list"},
        {{WHOLE("\"merges\":[]", ",\"normalizer\":{\"type\":\"Prepend\"}")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': 'prepend' is not text"},
        {{WHOLE("\"merges\":[]",
                ",\"normalizer\":{\"type\":\"Replace\",\"content\":\"a\"}")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': a 'pattern' is neither text nor an expression"},
        {{WHOLE(
             "\"merges\":[]",
             ",\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"!\"}")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': its precompiled charsmap is not base64"},
        {{WHOLE("\"merges\":[]", ",\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_"
                                 "charsmap\":\"////fw==\"}")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': its precompiled charsmap of 4 bytes does not fit "
         "together"},
        {{"{\"pre_tokenizer\":{\"type\":\"UnicodeScripts\"}}"},
         JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.json': a 'pre_tokenizer' of type 'UnicodeScripts' is not "
         "supported"},
        {{"{\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":"
          "\"ByteLevel\"},{\"type\":\"BertPreTokenizer\"}]}}"},
         JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.json': such a 'pre_tokenizer' after ByteLevel is not "
         "supported"},
        {{"{\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\"a\"}}}"},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': a 'pre_tokenizer' has no known 'behavior'"},
        {{"{\"pre_tokenizer\":{\"type\":\"Split\",\"behavior\":\"Isolated\",\"pattern\":{"
          "\"Regex\":\"(\"}}}"},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': pattern is not understood at character 2: missing "
         "closing parenthesis"},
        {{"{\"pre_tokenizer\":{\"type\":\"Split\",\"behavior\":\"Isolated\",\"pattern\":{"
          "\"Regex\":\"[a[^b]]\"}}}"},
         JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.json': a pattern with a negated class in a class is "
         "not supported"},
        {{"{\"pre_tokenizer\":{\"type\":\"Split\",\"behavior\":\"Isolated\",\"pattern\":{"
          "\"Regex\":\"[a&&b]\"}}}"},
         JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.json': a pattern with '&&' in a class is not supported"},
        {{"{\"pre_tokenizer\":{\"type\":\"Split\",\"behavior\":\"Isolated\",\"pattern\":{"
          "\"Regex\":\"(?m:.)\"}}}"},
         JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.json': a pattern with '(?m' is not supported"},
        {{"{\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"\"}}"},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': 'replacement' is not a character"},
        {{"{\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_"
          "scheme\":\"last\"}}"},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': 'prepend_scheme' is none of always, first, never"},
        {{WHOLE("\"merges\":[]", ",\"post_processor\":{\"type\":\"PairProcessing\"}")},
         JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.json': a 'post_processor' of type 'PairProcessing' is not "
         "supported"},
        {{WHOLE("\"merges\":[]", ",\"post_processor\":{\"type\":\"TemplateProcessing\"}")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': 'post_processor.single' has no text"},
        {{WHOLE("\"merges\":[]", ",\"decoder\":{\"type\":\"CTC\"}")},
         JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.json': a 'decoder' of type 'CTC' is not supported"},
        {{WHOLE("\"merges\":[]", ",\"decoder\":{\"type\":\"Strip\",\"content\":\" "
                                 "\",\"start\":-1,\"stop\":0}")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': 'start' of Strip is not a count"},
        {{WHOLE("\"byte_fallback\":true", "")},
         JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.json': 'model.byte_fallback' with ByteLevel is not "
         "supported"},
        {{WHOLE("\"dropout\":0.1", "")},
         JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.json': 'model.dropout' is not supported"},
        {{WHOLE("\"x\":1", "")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': 'model.merges' is not a list"},
        {{WHOLE("\"merges\":[[\"a\",\"b\"],[\"a\"]]", "")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': merge 1 is neither text nor a pair"},
        {{WHOLE("\"merges\":[\"a x\"]", "")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': merge 0 names 'x', which is not in the vocabulary"},
        {{WHOLE("\"merges\":[]", ",\"added_tokens\":[{\"content\":\"<s>\"}]")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': added token 0 has no 'id'"},
        {{WHOLE("\"merges\":[]", ",\"added_tokens\":[{\"id\":1,\"content\":\"<s>\"}]")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': tokens 'b' and '<s>' have the same id 1"},
        {{WHOLE("\"merges\":[]", ",\"added_tokens\":{}")},
         JC_E_FORMAT,
         "cannot read 'tokenizer.json': 'added_tokens' is not a list"},
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

static void test_tokenizer__no_such_folder(void **state)
{
    jc_tokenizer *t;
    jc_error err;

    (void)state;
    assert_int_equal(jc_tokenizer_open(&t, "/no/such", &err), JC_E_IO);
    assert_string_equal(err.message, "cannot open '/no/such': no such folder");
    assert_int_equal(jc_tokenizer_open(&t, JC_SOURCE_DIR "/cmake", &err), JC_E_IO);
    assert_string_equal(err.message, "no tokenizer in '" JC_SOURCE_DIR "/cmake': it wants "
                                     "'tokenizer.json', 'tokenizer.model', "
                                     "'tekken.json', '*.tiktoken', 'vocab.json' and "
                                     "'merges.txt', or 'vocab.txt'");
}

static void test_tokenizer__a_byte_without_a_token_is_named(void **state)
{
    static const file_texts files = {NULL, VOCAB, "a b\r\n"};
    jc_tokenizer *t;
    jc_ids ids = {0};
    jc_error err;

    (void)state;
    assert_int_equal(open_files(files, &t, &err), JC_OK);
    assert_int_equal(jc_tokenizer_encode(t, "abc", 3, &ids, &err), JC_E_FORMAT);
    assert_string_equal(err.message, "the vocabulary has no token for byte 0x63");
    assert_int_equal(ids.n, 0);
    jc_ids_free(&ids);
    jc_tokenizer_close(t);
    /* unless the file says what stands for the unknown */
    static const file_texts whole = {WHOLE("\"merges\":[\"a b\"],\"unk_token\":\"a\"", "")};
    check_small(whole, "abcb", (const uint32_t[]){2, 2}, 2);
}

static void test_tokenizer__a_token_may_have_an_empty_name(void **state)
{
    static const file_texts files = {NULL, "{\"\":0,\"a\":1}", "", "{\"bos_token\":\"\"}"};
    static const uint32_t ids[] = {0, 1, 0};
    jc_tokenizer *t;
    char *text;
    size_t n;

    (void)state;
    check_small(files, "aa", (const uint32_t[]){1, 1}, 2);
    assert_int_equal(open_files(files, &t, NULL), JC_OK);
    assert_int_equal(jc_tokenizer_special(t, "bos"), 0);
    assert_int_equal(jc_tokenizer_decode(t, ids, 3, &text, &n, NULL), JC_OK);
    assert_string_equal(text, "a");
    free(text);
    jc_tokenizer_close(t);
}

/* The two ways in which merges are written, and special tokens that only a role names. */
static void test_tokenizer__small_files_are_understood(void **state)
{
    static const file_texts text = {WHOLE("\"merges\":[\"a b\"]", "")};
    static const file_texts pair = {
        WHOLE("\"merges\":[[\"a\",\"b\"]]", ",\"normalizer\":null")};
    static const file_texts two = {NULL, VOCAB, "#version\na b"};
    static const file_texts role = {NULL, "{\"a\":0,\"b\":1,\"ab\":2,\"aab\":3}", "a b\n",
                                    "{\"eos_token\":\"<none>\"}",
                                    "{\"pad_token\":{\"content\":\"aab\"}}"};

    (void)state;
    check_small(text, "aabba", (const uint32_t[]){0, 2, 1, 0}, 4);
    check_small(pair, "aabba", (const uint32_t[]){0, 2, 1, 0}, 4);
    check_small(two, "aabba", (const uint32_t[]){0, 2, 1, 0}, 4);
    check_small(role, "aabba", (const uint32_t[]){3, 1, 0}, 3);
}

static void test_tokenizer__prefix_space_is_added_where_the_file_says_so(void **state)
{
    static const file_texts files = {NULL,
                                     "{\"a\":0,\"\xc4\xa0\":1,\"\xc4\xa0"
                                     "a\":2}",
                                     "\xc4\xa0 a\n", "{\"add_prefix_space\":true}"};

    (void)state;
    check_small(files, "a a", (const uint32_t[]){2, 2}, 2);
    check_small(files, " a", (const uint32_t[]){2}, 1);
    check_small(files, "", NULL, 0);
}

/* A role's token may say how it is found, as the added tokens do. */
static void test_tokenizer__a_role_may_have_flags(void **state)
{
    static const file_texts files = {
        [JC_FILE_VOCAB] = "{\"a\":0,\"\xc4\xa0\":1,\"<m>\":2}",
        [JC_FILE_MERGES] = "",
        [JC_FILE_CONFIG] = "{\"mask_token\":{\"content\":\"<m>\",\"lstrip\":true}}"};

    (void)state;
    check_small(files, "a <m> a", (const uint32_t[]){0, 2, 1, 0}, 4);
}

/* ---- the n-th allocation fails ---- */

static void test_tokenizer__every_failed_allocation_is_reported(void **state)
{
    static const file_texts files = {WHOLE(
        "\"merges\":[\"a b\"]",
        ",\"added_tokens\":[{\"id\":9,\"content\":\"<s>\"},{\"id\":8,\"content\":\"x\"}]")};
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
            st = jc_tokenizer_encode(t, "ab<s>aabx\xff", 9, &ids, NULL);
        if (st == JC_OK)
            st = jc_tokenizer_decode(t, ids.id, ids.n, &text, &length, NULL);
        jc_alloc_fail_after(-1);
        assert_true(st == JC_OK || st == JC_E_NOMEM);
        assert_true(st || strcmp(text, "ab<s>aabx") == 0);
        free(text);
        jc_ids_free(&ids);
        jc_tokenizer_close(t);
    }
}

/* Files of words and of sentencepiece have no form of their own that could be missed. */
static void test_tokenizer__files_that_are_something_else_are_told(void **state)
{
    static const char *const names[] = {"vocab.txt", "tokenizer.model", "tokenizer.json"};
    static const char pointer[] = "version https://git-lfs.github.com/spec/v1\noid x\n";
    jc_tokenizer *t;

    for (size_t i = 0; i < JC_COUNT(names); i++) {
        jc_error err = {JC_OK, ""};
        scratch_text(state, names[i], pointer);
        assert_int_equal(jc_tokenizer_open(&t, *state, &err), JC_E_FORMAT);
        assert_non_null(strstr(err.message, names[i]));
        assert_non_null(strstr(err.message, "git-lfs pointer"));
        assert_int_equal(unlink(scratch_path(state, names[i])), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokenizer__says_what_it_is),
        cmocka_unit_test(test_tokenizer__any_bytes_come_back),
        cmocka_unit_test(test_tokenizer__any_code_points_come_back),
        cmocka_unit_test(test_tokenizer__bad_bytes_are_their_own_tokens),
        cmocka_unit_test(test_tokenizer__a_very_long_word_is_not_quadratic),
        cmocka_unit_test(test_tokenizer__appends_and_leaves_the_list_on_failure),
        cmocka_unit_test(test_tokenizer__ids_outside_the_vocabulary_are_refused),
        cmocka_unit_test(test_tokenizer__bad_files_are_named),
        cmocka_unit_test(test_tokenizer__no_such_folder),
        SCRATCH_TEST(test_tokenizer__files_that_are_something_else_are_told),
        cmocka_unit_test(test_tokenizer__a_byte_without_a_token_is_named),
        cmocka_unit_test(test_tokenizer__a_token_may_have_an_empty_name),
        cmocka_unit_test(test_tokenizer__small_files_are_understood),
        cmocka_unit_test(test_tokenizer__prefix_space_is_added_where_the_file_says_so),
        cmocka_unit_test(test_tokenizer__a_role_may_have_flags),
        cmocka_unit_test(test_tokenizer__every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests_name("text/tokenizer", tests, open_demo, close_demo);
}
