/* SPDX-License-Identifier: MIT */
/* Pre-tokenizers by the names that GGUF files give them: ids against those of the
 * tokenizers package (tests/golden/make_pre_ids.py). */
#include "support/check.h"

#include "base/base.h"
#include "golden.h"
#include "text/gguf_pre.h"
#include "text/tokenizer.h"

enum { LINES = 95, NAMES = 27 };

/* The golden data's vocabulary, cut up as `name` has it. */
static jc_tokenizer *open_as(const char *name)
{
    const jc_gguf_pre *pre = jc_gguf_pre_find(name, strlen(name));
    jc_tokenizer *t;
    jc_error err;

    if (!pre)
        fail_msg("'%s' is not known", name);
    assert_int_equal(jc_tokenizer_open(&t, GOLDEN "starcoder", NULL), JC_OK);
    jc_cut_free(&t->cut);
    jc_normal_free(&t->normal);
    if (jc_gguf_pre_add(pre, &t->normal, &t->cut, name, &err))
        fail_msg("%s: %s", name, err.message);
    return t;
}

static void check_rows(const json_t *rows, const char *name, jc_tokenizer *t)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i), *text = json_object_get(row, "text");
        jc_ids ids = {0};
        assert_int_equal(jc_tokenizer_encode(t, json_string_value(text),
                                             json_string_length(text), &ids, NULL),
                         JC_OK);
        check_ids(&ids, json_object_get(json_object_get(row, "ids"), name), name);
        jc_ids_free(&ids);
    }
    jc_tokenizer_close(t);
}

static json_t *read_rows(void)
{
    FILE *f = fopen(GOLDEN "pre.jsonl", "r");
    json_t *rows = json_array(), *row;

    assert_non_null(f);
    while ((row = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL)))
        json_array_append_new(rows, row);
    fclose(f);
    assert_int_equal(json_array_size(rows), LINES);
    return rows;
}

static void test_pre__names_give_the_reference_ids(void **state)
{
    json_t *rows = read_rows(), *ids;
    const char *name;
    size_t n = 0;

    (void)state;
    json_object_foreach(json_object_get(json_array_get(rows, 0), "ids"), name, ids)
    {
        if (strcmp(name, "falcon-json") == 0)
            continue;
        check_rows(rows, name, open_as(name));
        n++;
    }
    assert_int_equal(n, NAMES);
    json_decref(rows);
}

/* As llama.cpp has them: a token without merges is one id, bos stands before. */
static void
test_pre__names_say_what_is_taken_whole_and_whether_bos_stands_first(void **state)
{
    static const struct {
        const char *name;
        unsigned flags;
    } rows[] = {
        {"glm4", JC_PRE_WHOLE},
        {"glm5", JC_PRE_WHOLE},
        {"chatglm-bpe", 0},
        {"llama4", 0},
        {"afmoe", 0},
        {"llama-bpe", JC_PRE_WHOLE | JC_PRE_BOS},
        {"youtu", JC_PRE_WHOLE},
        {"tekken", JC_PRE_WHOLE | JC_PRE_BOS},
        {"chameleon", JC_PRE_BOS},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        const jc_gguf_pre *pre = jc_gguf_pre_find(rows[i].name, strlen(rows[i].name));
        assert_non_null(pre);
        assert_int_equal(pre->flags & (JC_PRE_WHOLE | JC_PRE_BOS), rows[i].flags);
    }
}

#define WORDS(set) "[" set "&&[^\\p{Han}]]"
#define UPPER      WORDS("\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}")
#define LOWER      WORDS("\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}")
#define LIKE       "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"

/* As the models' own files write them. */
static void test_pre__classes_in_classes_are_read(void **state)
{
    static const char *const patterns[][2] = {
        {"bloom",
         " ?[^(\\s|[.,!?\xe2\x80\xa6\xe3\x80\x82\xef\xbc\x8c\xe3\x80\x81\xe0\xa5\xa4"
         "\xdb\x94\xd8\x8c])]+"},
        {"kimi-k2",
         "[\\p{Han}]+|[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+" LIKE
         "|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER "*" LIKE
         "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},
    };
    static const char *const bad[] = {"[a[^b]]", "[^a&&[^b]]", "[a&&b]", "[a&&[^b]c]",
                                      "[a&&[^b[c]]]"};
    json_t *rows = read_rows();

    (void)state;
    for (size_t i = 0; i < JC_COUNT(patterns); i++) {
        jc_tokenizer *t = open_as(patterns[i][0]);
        jc_cut_free(&t->cut);
        assert_int_equal(
            jc_cut_add_regex(&t->cut, patterns[i][1], JC_CUT_ISOLATED, "x", NULL), JC_OK);
        t->cut.bytes = true;
        check_rows(rows, patterns[i][0], t);
    }
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        jc_cut cut = {0};
        assert_int_equal(jc_cut_add_regex(&cut, bad[i], JC_CUT_ISOLATED, "x", NULL),
                         JC_E_UNSUPPORTED);
        jc_cut_free(&cut);
    }
    json_decref(rows);
}

/* Digits sees the characters that stand for bytes, of which some are digits. */
static void test_pre__steps_after_byte_level_see_a_character_for_each_byte(void **state)
{
    json_t *rows = read_rows();
    jc_tokenizer *t = open_as("gpt-2");
    json_t *cut = json_loads(
        "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Punctuation\","
        "\"behavior\":\"Contiguous\"},{\"type\":\"ByteLevel\",\"add_prefix_space\":false},"
        "{\"type\":\"Digits\",\"individual_digits\":false},{\"type\":\"Split\","
        "\"pattern\":{\"Regex\":\"[0-9][0-9][0-9]\"},\"behavior\":\"Isolated\","
        "\"invert\":false}]}",
        0, NULL);

    (void)state;
    jc_cut_free(&t->cut);
    assert_int_equal(jc_cut_read(&t->cut, cut, "x", NULL), JC_OK);
    check_rows(rows, "falcon-json", t);
    json_decref(cut);
    json_decref(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pre__names_give_the_reference_ids),
        cmocka_unit_test(
            test_pre__names_say_what_is_taken_whole_and_whether_bos_stands_first),
        cmocka_unit_test(test_pre__classes_in_classes_are_read),
        cmocka_unit_test(test_pre__steps_after_byte_level_see_a_character_for_each_byte),
    };
    return cmocka_run_group_tests_name("text/pre", tests, NULL, NULL);
}
