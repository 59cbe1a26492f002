/* SPDX-License-Identifier: MIT */
/* Tokens found by their text: each token of several tokenizers by what it decodes to, and
 * what is said of texts that are none. */
#include <stdlib.h>
#include <string.h>

#include "support/check.h"
#include "text/tokenizer.h"

#define TOKENIZERS JC_SOURCE_DIR "/tests/golden/tokenizer/"

static jc_tokenizer *open_tokenizer(const char *path)
{
    jc_tokenizer *tokenizer;
    jc_error err;

    if (jc_tokenizer_open(&tokenizer, path, &err))
        fail_msg("%s", err.message);
    return tokenizer;
}

/* A token is found again, or another one that decodes to the same bytes. */
static void check_all(const char *path)
{
    jc_tokenizer *t = open_tokenizer(path);

    for (uint32_t id = 0; id < jc_tokenizer_size(t); id++) {
        jc_bytes text = {0}, other = {0};
        uint32_t found;
        size_t length;
        if (!jc_vocab_name(&t->vocab, id, &length))
            continue;
        assert_int_equal(jc_tokenizer_token_text(t, id, &text, NULL), JC_OK);
        if (text.n > 0) {
            assert_int_equal(jc_tokenizer_find(t, text.data, text.n, &found, NULL), JC_OK);
            assert_int_equal(jc_tokenizer_token_text(t, found, &other, NULL), JC_OK);
            assert_int_equal(other.n, text.n);
            assert_memory_equal(other.data, text.data, text.n);
        }
        jc_free(text.data);
        jc_free(other.data);
    }
    jc_tokenizer_close(t);
}

static void test_find__every_token_is_found(void **state)
{
    (void)state;
    check_all(TOKENIZERS "tiny");
    check_all(TOKENIZERS "ranks");
}

static void test_find__special_tokens_have_their_names(void **state)
{
    jc_tokenizer *t = open_tokenizer(TOKENIZERS "wiki-bert");
    uint32_t id = 0;

    (void)state;
    assert_int_equal(jc_tokenizer_find(t, "[MASK]", 6, &id, NULL), JC_OK);
    assert_int_equal(id, jc_tokenizer_special(t, "mask"));
    assert_int_equal(jc_tokenizer_find(t, "[SEP]", 5, &id, NULL), JC_OK);
    assert_int_equal(id, jc_tokenizer_special(t, "sep"));
    jc_tokenizer_close(t);
}

static void test_find__what_is_no_token_is_told_by_its_parts(void **state)
{
    jc_tokenizer *t = open_tokenizer(JC_SOURCE_DIR "/data/demo");
    jc_error err = {JC_OK, ""};
    uint32_t id;

    (void)state;
    assert_int_equal(jc_tokenizer_find(t, "Frankreich", 10, &id, &err), JC_E_ARG);
    assert_non_null(strstr(err.message, "'F' + 'ran' + 'k' + 're' + 'ich'"));
    assert_int_equal(jc_tokenizer_find(t, "city", 4, &id, &err), JC_E_ARG);
    assert_string_equal(err.message, "no token is 'city'; did you mean ' city'?");
    assert_int_equal(jc_tokenizer_find(t, " city", 5, &id, &err), JC_OK);
    assert_int_equal(jc_tokenizer_find(t, "", 0, &id, &err), JC_E_ARG);
    jc_tokenizer_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find__every_token_is_found),
        cmocka_unit_test(test_find__special_tokens_have_their_names),
        cmocka_unit_test(test_find__what_is_no_token_is_told_by_its_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
