/* SPDX-License-Identifier: MIT */
/* Ids against those of the `tokenizers` package (tests/golden/make_tokenizer_ids.py). */
#include "support/check.h"

#include "base/base.h"
#include "golden.h"
#include "text/bert_normal.h"
#include "text/chars.h"

enum { TEXTS = 902 };

static const char *const names[] = {"vocab.txt", "tokenizer_config.json"};

/* The tokenizer of a vocab.txt with this tokenizer_config.json, or with none. */
static jc_tokenizer *open_with(const char *vocab, const char *config)
{
    char *folder = temp_folder(), to[1024];
    jc_tokenizer *t;
    jc_error err;

    snprintf(to, sizeof to, "%s/vocab.txt", folder);
    assert_int_equal(symlink(vocab, to), 0);
    if (config)
        write_text(folder, names[1], config);
    if (jc_tokenizer_open(&t, folder, &err))
        fail_msg("%s", err.message);
    drop_folder(folder, names, 2);
    return t;
}

static void check_config(const char *config, const char *key, const char *back)
{
    jc_tokenizer *t = open_with(GOLDEN "wiki-bert/vocab.txt", config);

    assert_int_equal(check_lines(t, GOLDEN "bert.jsonl", key, back), TEXTS);
    jc_tokenizer_close(t);
}

static void test_wordpiece__uncased_gives_the_reference_ids_and_texts(void **state)
{
    (void)state;
    check_config(NULL, "uncased", "uncased_text");
    check_config("{\"do_lower_case\":true}", "uncased", "uncased_text");
}

static void test_wordpiece__cased_gives_the_reference_ids(void **state)
{
    (void)state;
    check_config("{\"do_lower_case\":false}", "cased", NULL);
}

static void test_wordpiece__accents_may_be_kept(void **state)
{
    (void)state;
    check_config("{\"strip_accents\":false,\"tokenize_chinese_chars\":false}", "accents",
                 NULL);
}

static void test_wordpiece__published_bert_gives_the_reference_ids_and_texts(void **state)
{
    char path[1024];
    const char *data = getenv("JC_DATA");

    (void)state;
    snprintf(path, sizeof path, "%s/tokenizers/bert-base-uncased/vocab.txt",
             data ? data : JC_SOURCE_DIR "/../shared/data");
    if (access(path, R_OK) != 0) {
        print_message("skipped: the published tokenizer is not at '%s'\n", path);
        skip();
    }
    jc_tokenizer *t = open_with(path, NULL);
    assert_int_equal(check_lines(t, GOLDEN "bert.jsonl", "base", "base_text"), TEXTS);
    jc_tokenizer_close(t);
}

/* tokenizer.json; added tokens that are found in the normal text, in any case. */
static void test_wordpiece__added_tokens_are_found_as_in_the_reference(void **state)
{
    (void)state;
    assert_int_equal(
        check_file(GOLDEN "bert-added", GOLDEN "bert-added.jsonl", "ids", NULL), 15);
}

static void test_wordpiece__roberta_gives_the_reference_ids(void **state)
{
    static const char *const two[] = {"vocab.json", "merges.txt"};
    static const char *const roles[] = {"cls", "pad", "sep", "unk", "mask"};
    char *folder = temp_folder();
    jc_tokenizer *t;

    (void)state;
    assert_int_equal(check_file(GOLDEN "roberta", GOLDEN "roberta.jsonl", "ids", NULL), 9);
    for (size_t i = 0; i < 2; i++) { /* the same tokenizer as the two files of old */
        char from[1024], to[1024];
        snprintf(from, sizeof from, GOLDEN "roberta/%s", two[i]);
        snprintf(to, sizeof to, "%s/%s", folder, two[i]);
        assert_int_equal(symlink(from, to), 0);
    }
    assert_int_equal(check_file(folder, GOLDEN "roberta.jsonl", "ids", NULL), 9);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(jc_tokenizer_open(&t, i ? folder : GOLDEN "roberta", NULL), JC_OK);
        for (int id = 0; id < 5; id++)
            assert_int_equal(jc_tokenizer_special(t, roles[id]), id);
        jc_tokenizer_close(t);
    }
    drop_folder(folder, two, 2);
}

/* ---- every code point ---- */

/* Its classes in bert-classes.txt, in their order there. */
static const char *classes_of(uint32_t c, char out[8])
{
    static const jc_bert_normal strip = {.strip = true};
    char text[4];
    jc_bytes normal = {0};
    size_t n = 0;

    assert_true(jc_bert_normalize(&strip, text, put_char(text, c), &normal));
    if (c == 0 || c == 0xfffd || jc_bert_is_control(c))
        out[n++] = 'C';
    else if (jc_char_is_space(c))
        out[n++] = 'S';
    if (jc_bert_is_punct(c))
        out[n++] = 'P';
    if (normal.n == 0)
        out[n++] = 'M';
    if (jc_bert_is_cjk(c))
        out[n++] = 'I';
    out[n] = '\0';
    jc_free(normal.data);
    return out;
}

static void test_wordpiece__every_code_point_has_the_reference_classes(void **state)
{
    char line[128], got[8];
    uint32_t next = 0;
    FILE *f = fopen(GOLDEN "bert-classes.txt", "r");

    (void)state;
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        uint32_t first, last;
        char classes[8];
        if (sscanf(line, "%x %x %7s", &first, &last, classes) != 3)
            continue;
        for (; next < first; next++)
            if (*classes_of(next, got))
                fail_msg("U+%04X is %s, not of any class", next, got);
        for (; next <= last; next++) /* '?': not assigned when the file was made */
            if (*classes != '?' && strcmp(classes_of(next, got), classes) != 0)
                fail_msg("U+%04X is '%s', not '%s'", next, got, classes);
    }
    assert_true(next > 0x10fffd);
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wordpiece__uncased_gives_the_reference_ids_and_texts),
        cmocka_unit_test(test_wordpiece__cased_gives_the_reference_ids),
        cmocka_unit_test(test_wordpiece__accents_may_be_kept),
        cmocka_unit_test(test_wordpiece__published_bert_gives_the_reference_ids_and_texts),
        cmocka_unit_test(test_wordpiece__added_tokens_are_found_as_in_the_reference),
        cmocka_unit_test(test_wordpiece__roberta_gives_the_reference_ids),
        cmocka_unit_test(test_wordpiece__every_code_point_has_the_reference_classes),
    };
    return cmocka_run_group_tests_name("text/wordpiece_golden", tests, NULL, NULL);
}
