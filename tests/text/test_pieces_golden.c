/* SPDX-License-Identifier: MIT */
/* Ids of decoders' tokenizers against those of the `tokenizers` and `sentencepiece`
 * packages (tests/golden/make_piece_ids.py), from each kind of file. */
#include "support/check.h"

#include "base/base.h"
#include "golden.h"
#include "text/normal.h"

/* A folder or GGUF file of tests/golden/tokenizer, and whose ids it gives. */
typedef struct given {
    const char *path, *ids;
} given;

static void check_given(const given *g, const char *lines, size_t want, bool texts)
{
    char path[1024], file[1024], text[64];

    snprintf(path, sizeof path, GOLDEN "%s", g->path);
    snprintf(file, sizeof file, GOLDEN "%s", lines);
    snprintf(text, sizeof text, "%s_text", g->ids);
    print_message("%s\n", g->path);
    assert_int_equal(check_file(path, file, g->ids, texts ? text : NULL), want);
}

/* tokenizer.model against the sentencepiece package. */
static void test_pieces__models_give_the_reference_ids_and_texts(void **state)
{
    static const given all[] = {{"llama", "llama"},
                                {"gemma", "gemma"},
                                {"t5", "t5"},
                                {"bytes", "bytes"},
                                {"albert", "albert"}};

    (void)state;
    for (size_t i = 0; i < JC_COUNT(all); i++)
        check_given(&all[i], "pieces.jsonl", 286, true);
}

/* What the transformers package makes of them, against the tokenizers package. */
static void test_pieces__tokenizer_json_gives_the_reference_ids_and_texts(void **state)
{
    static const given all[] = {{"llama-json", "llama-json"},
                                {"llama-first-json", "llama-first-json"},
                                {"gemma-json", "gemma-json"},
                                {"t5-json", "t5-json"},
                                {"albert-json", "albert-json"}};

    (void)state;
    for (size_t i = 0; i < JC_COUNT(all); i++)
        check_given(&all[i], "pieces.jsonl", 293, true);
}

/* Rare kinds of its parts (make_kind_ids.py). */
static void test_pieces__kinds_of_tokenizer_json_give_the_reference_ids(void **state)
{
    static const given all[] = {
        {"kind-words", "words"},     {"kind-delimiter", "delimiter"},
        {"kind-unknown", "unknown"}, {"kind-unknown-bytes", "unknown-bytes"},
        {"kind-control", "control"}, {"kind-spaced", "spaced"}};

    (void)state;
    for (size_t i = 0; i < JC_COUNT(all); i++)
        check_given(&all[i], "kinds.jsonl", 31, true);
}

static void test_pieces__gguf_gives_the_ids_and_texts_of_its_model(void **state)
{
    static const given all[] = {{"llama.gguf", "llama"},
                                {"gemma.gguf", "gemma"},
                                {"t5.gguf", "t5"},
                                {"bytes.gguf", "bytes"}};

    (void)state;
    for (size_t i = 0; i < JC_COUNT(all); i++)
        check_given(&all[i], "pieces.jsonl", 286, true);
}

/* Merges of characters, as Gemma 4 has them. */
static void test_pieces__gguf_of_gemma4_gives_the_reference_ids(void **state)
{
    static const given gemma4 = {"gemma4.gguf", "gemma-json"};

    (void)state;
    check_given(&gemma4, "pieces.jsonl", 293, false);
}

static const given patterns[] = {
    {"llama3", "llama3"},
    {"qwen2", "qwen2"},
    {"neox", "neox"},
    {"tekken", "tekken"},
    {"o200k", "o200k"},
    {"starcoder", "starcoder"},
    {"deepseek", "deepseek"},
    {"deepseek3", "deepseek3"},
    {"odd", "odd"},
    {"llama3.gguf", "llama3"},
    {"qwen2.gguf", "qwen2"},
    {"tekken.gguf", "tekken"},
    {"o200k.gguf", "o200k"},
    {"deepseek.gguf", "deepseek"},
    {"deepseek3.gguf", "deepseek3"},
    {"starcoder.gguf", "starcoder"},
};

static void test_pieces__patterns_give_the_reference_ids(void **state)
{
    (void)state;
    for (size_t i = 0; i < JC_COUNT(patterns); i++)
        check_given(&patterns[i], "patterns.jsonl", 293, false);
}

static void test_pieces__gguf_of_bert_gives_the_reference_ids(void **state)
{
    static const given bert = {"bert.gguf", "ids"};

    (void)state;
    check_given(&bert, "bert-gguf.jsonl", 276, false);
}

static void check_published(const char *folder, const char *key, const char *text)
{
    char path[1024];
    const char *data = getenv("JC_DATA");

    snprintf(path, sizeof path, "%s/%s", data ? data : JC_SOURCE_DIR "/../shared/data",
             folder);
    if (access(path, R_OK) != 0) {
        print_message("skipped: the published tokenizer is not at '%s'\n", path);
        skip();
    }
    assert_int_equal(check_file(path, GOLDEN "published.jsonl", key, text), 293);
}

static void test_pieces__published_llama_gives_the_reference_ids(void **state)
{
    (void)state;
    check_published("models/stories260K", "stories", "stories_text");
}

static void test_pieces__published_neox_gives_the_reference_ids(void **state)
{
    (void)state;
    check_published("tokenizers/gpt-neox-20b", "neox", NULL);
}

/* ---- decoding ---- */

static void check_decoded(const json_t *row)
{
    const json_t *list = json_object_get(row, "ids"), *want = json_object_get(row, "text");
    uint32_t ids[16];
    size_t n = json_array_size(list), length;
    char path[1024], *text;
    jc_tokenizer *t;

    assert_true(n <= JC_COUNT(ids));
    for (size_t i = 0; i < n; i++)
        ids[i] = (uint32_t)json_integer_value(json_array_get(list, i));
    snprintf(path, sizeof path, GOLDEN "%s",
             json_string_value(json_object_get(row, "name")));
    assert_int_equal(jc_tokenizer_open(&t, path, NULL), JC_OK);
    assert_int_equal(jc_tokenizer_decode(t, ids, n, &text, &length, NULL), JC_OK);
    if (length != json_string_length(want) ||
        memcmp(text, json_string_value(want), length) != 0)
        fail_msg("%s: '%s', not '%s'", path, text, json_string_value(want));
    free(text);
    jc_tokenizer_close(t);
}

/* Ids that no text gives: bytes that are no characters, special tokens anywhere. */
static void test_pieces__any_ids_decode_as_in_the_reference(void **state)
{
    FILE *f = fopen(GOLDEN "decoded.jsonl", "r");
    size_t lines = 0;
    json_t *row;

    (void)state;
    assert_non_null(f);
    for (row = json_loadf(f, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL); row;
         row = json_loadf(f, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL)) {
        check_decoded(row);
        json_decref(row);
        lines++;
    }
    assert_int_equal(lines, 240);
    fclose(f);
}

/* ---- normalizers ---- */

static void check_form(const char *type, const char *text, size_t n, const json_t *want)
{
    jc_normal normal = {0};
    jc_bytes out = {0};
    json_t *object = json_pack("{s:s}", "type", type);

    assert_int_equal(jc_normal_read(&normal, object, "x", NULL), JC_OK);
    assert_int_equal(jc_normal_run(&normal, text, n, &out, NULL), JC_OK);
    if (out.n != json_string_length(want) ||
        memcmp(out.data, json_string_value(want), out.n) != 0)
        fail_msg("%s of '%s' is '%.*s', not '%s'", type, text, (int)out.n, out.data,
                 json_string_value(want));
    json_decref(object);
    jc_free(out.data);
    jc_normal_free(&normal);
}

static void test_pieces__forms_are_those_of_the_reference(void **state)
{
    FILE *f = fopen(GOLDEN "forms.jsonl", "r");
    size_t lines = 0;
    json_t *row, *want;
    const char *key;

    (void)state;
    assert_non_null(f);
    for (row = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL); row;
         row = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL)) {
        const json_t *text = json_object_get(row, "text");
        json_object_foreach(row, key, want)
        {
            if (strcmp(key, "text") != 0)
                check_form(key, json_string_value(text), json_string_length(text), want);
        }
        json_decref(row);
        lines++;
    }
    assert_int_equal(lines, 178);
    fclose(f);
}

/* ---- decode(encode(x)) == x, for each pattern that changes no text ---- */

static void check_back(const jc_tokenizer *t, const char *text, size_t n, size_t before)
{
    jc_ids ids = {0};
    jc_error err;
    char *again;
    size_t length;

    if (jc_tokenizer_encode(t, text, n, &ids, &err))
        fail_msg("%s", err.message);
    assert_int_equal(
        jc_tokenizer_decode(t, ids.id + before, ids.n - before, &again, &length, &err),
        JC_OK);
    assert_int_equal(length, n);
    assert_memory_equal(again, text, n);
    free(again);
    jc_ids_free(&ids);
}

static size_t random_text(jc_rng *rng, char *text)
{
    static const uint32_t most[] = {0x80, 0x800, 0x10000, 0x110000};
    size_t n = 0;

    for (uint64_t left = jc_rng_below(rng, 60); left > 0; left--) {
        uint32_t c = (uint32_t)jc_rng_below(rng, most[jc_rng_below(rng, 4)]);
        if (jc_rng_below(rng, 3) == 0)
            c = (unsigned char)" \n\r\t1's=!aA_/"[jc_rng_below(rng, 13)];
        n += put_char(text + n, c >= 0xd800 && c <= 0xdfff ? ' ' : c);
    }
    return n;
}

static void test_pieces__texts_of_byte_level_come_back(void **state)
{
    static const char *const names[] = {"llama3",    "tekken.gguf",   "o200k",
                                        "starcoder", "deepseek.gguf", "deepseek3"};
    char path[1024], text[256];
    jc_rng rng = {11};

    (void)state;
    for (size_t i = 0; i < JC_COUNT(names); i++) {
        jc_tokenizer *t;
        snprintf(path, sizeof path, GOLDEN "%s", names[i]);
        assert_int_equal(jc_tokenizer_open(&t, path, NULL), JC_OK);
        for (size_t round = 0; round < 2000; round++)
            check_back(t, text, random_text(&rng, text), i == 0);
        jc_tokenizer_close(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces__models_give_the_reference_ids_and_texts),
        cmocka_unit_test(test_pieces__tokenizer_json_gives_the_reference_ids_and_texts),
        cmocka_unit_test(test_pieces__kinds_of_tokenizer_json_give_the_reference_ids),
        cmocka_unit_test(test_pieces__gguf_gives_the_ids_and_texts_of_its_model),
        cmocka_unit_test(test_pieces__gguf_of_gemma4_gives_the_reference_ids),
        cmocka_unit_test(test_pieces__patterns_give_the_reference_ids),
        cmocka_unit_test(test_pieces__gguf_of_bert_gives_the_reference_ids),
        cmocka_unit_test(test_pieces__published_llama_gives_the_reference_ids),
        cmocka_unit_test(test_pieces__published_neox_gives_the_reference_ids),
        cmocka_unit_test(test_pieces__any_ids_decode_as_in_the_reference),
        cmocka_unit_test(test_pieces__forms_are_those_of_the_reference),
        cmocka_unit_test(test_pieces__texts_of_byte_level_come_back),
    };
    return cmocka_run_group_tests_name("text/pieces_golden", tests, NULL, NULL);
}
