/* SPDX-License-Identifier: MIT */
/* Tokenizers in the metadata of GGUF files: what is wrong with them is named. */
#include "support/check.h"

#include <math.h>

#include "build.h"
#include "files.h"

enum { UNK, BOS, EOS, SPACE, A, B, AB, SPACE_A };

#define TOKENS "<unk>\n<s>\n</s>\n" SIGN "\na\nb\nab\n" SIGN "a\n"

static const float scores[] = {0, 0, 0, -3, -1.5f, -2, -2.5f, -2.25f, NAN};

static void test_gguf__metadata_that_is_wrong_is_named(void **state)
{
    static const struct {
        const char *model, *tokens, *types, *merges, *pre, *id;
        size_t n_scores;
        uint32_t bos;
        jc_status status;
        const char *message;
    } bad[] = {
        {"rwkv", TOKENS, "23311111", NULL, NULL, NULL, 8, 0, JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.ggml.model' of 'x.gguf': 'rwkv' is not supported"},
        {"llama", NULL, "23311111", NULL, NULL, NULL, 8, 0, JC_E_FORMAT,
         "cannot read 'tokenizer.ggml.tokens' of 'x.gguf': it is missing"},
        {"llama", "", "", NULL, NULL, NULL, 0, 0, JC_E_FORMAT,
         "cannot read 'tokenizer.ggml.tokens' of 'x.gguf': it is empty"},
        {"llama", TOKENS, "2331111", NULL, NULL, NULL, 8, 0, JC_E_FORMAT,
         "cannot read 'tokenizer.ggml.token_type' of 'x.gguf': it has 7 elements, and "
         "there are 8 tokens"},
        {"llama", TOKENS, "23311111", NULL, NULL, NULL, 7, 0, JC_E_FORMAT,
         "cannot read 'tokenizer.ggml.scores' of 'x.gguf': it has 7 elements, and there "
         "are 8 tokens"},
        {"llama", TOKENS, "23311111", NULL, NULL, NULL, 0, 0, JC_E_FORMAT,
         "cannot read 'tokenizer.ggml.scores' of 'x.gguf': it is missing"},
        {"t5", TOKENS "x\n", "233111111", NULL, NULL, NULL, 9, 0, JC_E_FORMAT,
         "cannot read 'tokenizer.ggml.scores' of 'x.gguf': score 8 is not a number"},
        {"llama", TOKENS, "23311119", NULL, NULL, NULL, 8, 0, JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.ggml.token_type' of 'x.gguf': the type of token '" SIGN
         "a' is not known"},
        {"llama", "\xff\n", "1", NULL, NULL, NULL, 1, 0, JC_E_FORMAT,
         "cannot read 'tokenizer.ggml.tokens' of 'x.gguf': token 0, '\\xff', is not "
         "UTF-8"},
        {"llama", TOKENS, "23311111", NULL, NULL, "bos_token_id", 8, 8, JC_E_FORMAT,
         "cannot read 'tokenizer.ggml.bos_token_id' of 'x.gguf': there is no token 8"},
        {"llama", TOKENS, "23311111", NULL, NULL, "unknown_token_id", 8, 9, JC_E_FORMAT,
         "cannot read 'tokenizer.ggml.unknown_token_id' of 'x.gguf': there is no token 9"},
        {"llama", "a\n", "1", NULL, NULL, NULL, 1, 0, JC_E_FORMAT,
         "cannot read 'x.gguf': there is no bos token"},
        {"gpt2", "a\nb\n", "11", "", NULL, NULL, 0, 0, JC_E_FORMAT,
         "cannot read 'tokenizer.ggml.pre' of 'x.gguf': it is missing, as older converters "
         "left it; '--tokenizer' can name the model's folder"},
        {"gpt2", "a\nb\n", "11", "", "moon", NULL, 0, 0, JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.ggml.pre' of 'x.gguf': 'moon' is not known"},
        {"gpt2", "a\nb\n", "11", NULL, "gpt-2", NULL, 0, 0, JC_E_FORMAT,
         "cannot read 'tokenizer.ggml.merges' of 'x.gguf': it is missing"},
        {"gpt2", "a\nb\n", "11", "a b\n", "gpt-2", NULL, 0, 0, JC_E_FORMAT,
         "cannot read 'x.gguf': merge 0 names 'ab', which is not in the vocabulary"},
        {"gpt2", "a\nb\n", "11", "ab\n", "gpt-2", NULL, 0, 0, JC_E_FORMAT,
         "cannot read 'x.gguf': merge 0 is not two tokens with a space between"},
        {"gpt2", "a\nb\n", "11", "", "llama-bpe", NULL, 0, 0, JC_E_FORMAT,
         "cannot read 'x.gguf': there is no bos token"},
        {"bert", "a\nb\n", "11", NULL, NULL, NULL, 0, 0, JC_E_FORMAT,
         "cannot read 'tokenizer.ggml.unknown_token_id' of 'x.gguf': it is missing"},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        built b = {.n = 0};
        jc_tokenizer *t;
        jc_error err = {JC_OK, ""};
        uint64_t n = 2;
        put_key_text(&b, "model", bad[i].model);
        put_key_types(&b, "token_type", bad[i].types);
        if (bad[i].tokens)
            put_key_texts(&b, "tokens", bad[i].tokens);
        if (bad[i].merges)
            put_key_texts(&b, "merges", bad[i].merges);
        if (bad[i].pre)
            put_key_text(&b, "pre", bad[i].pre);
        if (bad[i].id)
            put_key_u32(&b, bad[i].id, bad[i].bos);
        if (bad[i].n_scores)
            put_key_scores(&b, "scores", scores, bad[i].n_scores);
        const bool more[] = {bad[i].tokens != NULL, bad[i].merges != NULL,
                             bad[i].pre != NULL, bad[i].id != NULL, bad[i].n_scores > 0};
        for (size_t k = 0; k < JC_COUNT(more); k++)
            n += more[k];
        assert_int_equal(open_gguf(&b, n, &t, &err), bad[i].status);
        assert_string_equal(err.message, bad[i].message);
        assert_null(t);
    }
}

static void test_gguf__it_says_what_stands_around(void **state)
{
    static const uint32_t plain[] = {BOS, SPACE_A}, both[] = {SPACE_A, EOS};

    (void)state;
    for (int said = 0; said < 2; said++) {
        built b = {.n = 0};
        jc_tokenizer *t;
        jc_error err;
        put_key_text(&b, "model", "llama");
        put_key_texts(&b, "tokens", TOKENS);
        put_key_types(&b, "token_type", "23311111");
        put_key_scores(&b, "scores", scores, 8);
        put_key_bool(&b, "add_bos_token", false);
        put_key_bool(&b, "add_eos_token", true);
        /* without the last two keys, their bytes are where tensors would be */
        if (open_gguf(&b, said ? 6 : 4, &t, &err))
            fail_msg("%s", err.message);
        check_text_ids(t, "a", said ? both : plain, 2);
        assert_int_equal(jc_tokenizer_special(t, "bos"), BOS);
        assert_int_equal(jc_tokenizer_special(t, "eos"), EOS);
        jc_tokenizer_close(t);
    }
}

static void test_gguf__an_old_file_of_gpt2_has_its_pattern(void **state)
{
    built b = {.n = 0};
    jc_tokenizer *t;
    jc_error err;

    (void)state;
    put_key_text(&b, "general.architecture", "gpt2");
    put_key_text(&b, "model", "gpt2");
    put_key_texts(&b, "tokens", "a\nb\nab\n");
    put_key_texts(&b, "merges", "a b\n");
    put_key_u32(&b, "padding_token_id", UINT32_MAX); /* llama.cpp's -1: none */
    if (open_gguf(&b, 5, &t, &err))
        fail_msg("%s", err.message);
    check_text_ids(t, "aabb", CIDS(0, 2, 1));
    jc_tokenizer_close(t);
}

/* The ids of llama.cpp, but for "xb": it leaves out what it has no token for. */
static void test_gguf__merges_may_be_of_characters(void **state)
{
    static const struct {
        const char *model, *pre, *text, *again;
        uint32_t id[4], n;
    } rows[] = {
        {"gemma4", NULL, "b a", "b a", {BOS, B, SPACE_A}, 3},
        {"gpt2", "gemma4", "b ab", "b ab", {BOS, B, SPACE, AB}, 4},
        {"gpt2", "granite-embed-multi-311m", "a", "a", {BOS, A}, 2},
        {"gpt2", "sarvam-moe", " ab", " ab", {SPACE, AB}, 2},
        {"gpt2", "whitespace", "a  ab\n", "aab", {A, AB}, 2},
        {"gpt2", "whitespace", "xb", " \xe2\x81\x87 b", {UNK, B}, 2},
    };
    char *again;
    size_t n;

    (void)state;
    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        built b = {.n = 0};
        jc_tokenizer *t;
        jc_error err;
        put_key_text(&b, "model", rows[i].model);
        put_key_texts(&b, "tokens", TOKENS);
        put_key_texts(&b, "merges", "a b\n" SIGN " a\n");
        put_key_types(&b, "token_type", "23311111");
        put_key_u32(&b, "bos_token_id", BOS);
        put_key_u32(&b, "unknown_token_id", UNK);
        if (rows[i].pre)
            put_key_text(&b, "pre", rows[i].pre);
        if (open_gguf(&b, rows[i].pre ? 7 : 6, &t, &err))
            fail_msg("%s", err.message);
        check_text_ids(t, rows[i].text, rows[i].id, rows[i].n);
        assert_int_equal(jc_tokenizer_decode(t, rows[i].id, rows[i].n, &again, &n, NULL),
                         JC_OK);
        assert_string_equal(again, rows[i].again);
        free(again);
        jc_tokenizer_close(t);
    }
}

static void test_gguf__every_failed_allocation_is_reported(void **state)
{
    built b = {.n = 0};
    jc_status st = JC_E_NOMEM;

    (void)state;
    put_key_text(&b, "model", "llama");
    put_key_texts(&b, "tokens", TOKENS);
    put_key_types(&b, "token_type", "23311111");
    put_key_scores(&b, "scores", scores, 8);
    for (long n = 0; st != JC_OK; n++) {
        jc_tokenizer *t = NULL;
        jc_ids ids = {0};
        assert_true(n < 10000);
        jc_alloc_fail_after(n);
        st = open_gguf(&b, 4, &t, NULL);
        if (st == JC_OK)
            st = jc_tokenizer_encode(t, "ab <s>b\xff", 8, &ids, NULL);
        jc_alloc_fail_after(-1);
        assert_true(st == JC_OK || st == JC_E_NOMEM);
        jc_ids_free(&ids);
        jc_tokenizer_close(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gguf__metadata_that_is_wrong_is_named),
        cmocka_unit_test(test_gguf__it_says_what_stands_around),
        cmocka_unit_test(test_gguf__an_old_file_of_gpt2_has_its_pattern),
        cmocka_unit_test(test_gguf__merges_may_be_of_characters),
        cmocka_unit_test(test_gguf__every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests_name("text/tokenizer_gguf", tests, NULL, NULL);
}
