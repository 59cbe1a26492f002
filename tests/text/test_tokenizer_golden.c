/* SPDX-License-Identifier: MIT */
/* Ids against those of the `tokenizers` package (tests/golden/make_tokenizer_ids.py). */
#include "support/check.h"

#include "golden.h"
#include "text/pattern.h"

static void test_tokenizer__demo_gives_the_reference_ids(void **state)
{
    (void)state;
    assert_int_equal(
        check_file(JC_SOURCE_DIR "/data/demo", GOLDEN "hard.jsonl", "demo", "text"), 866);
}

static void test_tokenizer__published_gpt2_gives_the_reference_ids(void **state)
{
    char folder[1024];
    const char *data = getenv("JC_DATA");

    (void)state;
    snprintf(folder, sizeof folder, "%s/tokenizers/gpt2",
             data ? data : JC_SOURCE_DIR "/../shared/data");
    if (access(folder, R_OK) != 0) {
        print_message("skipped: the published tokenizer is not at '%s'\n", folder);
        skip();
    }
    assert_int_equal(check_file(folder, GOLDEN "hard.jsonl", "gpt2", "text"), 866);
}

static void test_tokenizer__tokenizer_json_gives_the_reference_ids(void **state)
{
    (void)state;
    assert_int_equal(check_file(GOLDEN "tiny", GOLDEN "hard.jsonl", "tiny", "text"), 866);
}

/* The same tokenizer as the two files of old. */
static void test_tokenizer__vocab_and_merges_equal_tokenizer_json(void **state)
{
    static const char *const names[] = {"vocab.json", "merges.txt"};
    char *folder = temp_folder();

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char from[1024], to[1024];
        snprintf(from, sizeof from, GOLDEN "tiny/%s", names[i]);
        snprintf(to, sizeof to, "%s/%s", folder, names[i]);
        assert_int_equal(symlink(from, to), 0);
    }
    assert_int_equal(check_file(folder, GOLDEN "hard.jsonl", "tiny", "text"), 866);
    drop_folder(folder, names, 2);
}

/* lstrip, rstrip, single_word, the order of the two passes: not all of it can be undone. */
static void test_tokenizer__added_tokens_are_found_as_in_the_reference(void **state)
{
    (void)state;
    assert_int_equal(check_file(GOLDEN "added", GOLDEN "added.jsonl", "ids", NULL), 38);
}

/* ---- every code point ---- */

static jc_status count_piece(void *arg, const char *piece, size_t n, bool match,
                             jc_error *err)
{
    (void)piece;
    (void)n;
    (void)match;
    (void)err;
    ++*(size_t *)arg;
    return JC_OK;
}

/* The pattern takes a character for the class of its two neighbours when the three are one
 * piece; white space fits with none of them. */
static char class_of(const jc_pattern *pattern, uint32_t c)
{
    for (size_t i = 0; i < 3; i++) {
        char text[8] = {"a1!"[i]};
        size_t n = 1 + put_char(text + 1, c), pieces = 0;
        text[n++] = text[0];
        assert_int_equal(jc_pattern_split(pattern, text, n, count_piece, &pieces, NULL),
                         JC_OK);
        if (pieces == 1)
            return "LNO"[i];
    }
    return 'S';
}

static void test_tokenizer__every_code_point_has_the_reference_class(void **state)
{
    jc_pattern *pattern;
    char line[128];
    uint32_t next = 0;
    FILE *f = fopen(GOLDEN "classes.txt", "r");

    (void)state;
    assert_non_null(f);
    assert_int_equal(jc_pattern_new(&pattern, JC_PATTERN_GPT2, NULL), JC_OK);
    while (fgets(line, sizeof line, f)) {
        uint32_t first, last;
        char class;
        if (sscanf(line, "%x %x %c", &first, &last, &class) != 3)
            continue;
        for (; next < first; next++)
            if (class_of(pattern, next) != 'O')
                fail_msg("U+%04X is %c, not O", next, class_of(pattern, next));
        for (; next <= last; next++) /* '?': not assigned when the file was made */
            if (class != '?' && class_of(pattern, next) != class)
                fail_msg("U+%04X is %c, not %c", next, class_of(pattern, next), class);
    }
    assert_true(next > 0x10fffd);
    jc_pattern_free(pattern);
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokenizer__demo_gives_the_reference_ids),
        cmocka_unit_test(test_tokenizer__published_gpt2_gives_the_reference_ids),
        cmocka_unit_test(test_tokenizer__tokenizer_json_gives_the_reference_ids),
        cmocka_unit_test(test_tokenizer__vocab_and_merges_equal_tokenizer_json),
        cmocka_unit_test(test_tokenizer__added_tokens_are_found_as_in_the_reference),
        cmocka_unit_test(test_tokenizer__every_code_point_has_the_reference_class),
    };
    return cmocka_run_group_tests_name("text/tokenizer_golden", tests, NULL, NULL);
}
