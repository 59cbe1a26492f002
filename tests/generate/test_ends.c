/* SPDX-License-Identifier: MIT */
/* What ends a text, by files as the hub and llama.cpp's converter write them. That of GGUF
 * files is what llama.cpp's llama_vocab_is_eog() answers of the same tokens and keys. */
#include "support/scratch.h"

#include "jumpcut/generate.h"

#define GOLDEN JC_SOURCE_DIR "/tests/golden/"

static void check_ends(const char *path, const uint32_t *want, size_t n)
{
    jc_ids ends = {0};
    jc_model *model;
    jc_error err;

    if (jc_model_inspect(&model, path, &err) || jc_model_ends(model, NULL, &ends, &err))
        fail_msg("%s", err.message);
    assert_int_equal(ends.n, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(ends.id[i], want[i]);
    jc_ids_free(&ends);
    jc_model_close(model);
}

/* A copy of tiny-llama whose configuration ends with `more`. */
static void make_folder(void *const *state, const char *more)
{
    const char *from = GOLDEN "models/tiny-llama/";
    char path[512], config[4096] = "";

    snprintf(path, sizeof path, "%sconfig.json", from);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(config, 1, sizeof config - 200, f);
    fclose(f);
    assert_true(n > 0);
    snprintf(strrchr(config, '}'), 200, ", %s}", more);
    scratch_text(state, "config.json", config);
    snprintf(path, sizeof path, "%smodel.safetensors", from);
    if (access(scratch_path(state, "model.safetensors"), F_OK) != 0)
        assert_int_equal(symlink(path, scratch_path(state, "model.safetensors")), 0);
}

static void test_ends__of_a_folder_are_those_of_its_generation_config(void **state)
{
    static const struct {
        const char *config, *generation; /* NULL: no such file */
        uint32_t want[3];
        size_t n;
    } cases[] = {
        {"\"eos_token_id\": 7", NULL, {7}, 1},
        {"\"eos_token_id\": [7, 9]", NULL, {7, 9}, 2},
        {"\"eos_token_id\": 7", "{\"eos_token_id\": [3, 5, 3]}", {3, 5}, 2},
        {"\"eos_token_id\": 7", "{\"eos_token_id\": 0}", {0}, 1},
        {"\"eos_token_id\": 7", "{\"eos_token_id\": null}", {7}, 1},
        {"\"eos_token_id\": 7", "{\"do_sample\": true}", {7}, 1},
        {"\"eos_token_id\": null", NULL, {0}, 0},
        {"\"eos_token_id\": [4, 100000]", NULL, {4}, 1}, /* past the vocabulary */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_folder(state, cases[i].config);
        if (cases[i].generation)
            scratch_text(state, "generation_config.json", cases[i].generation);
        check_ends(scratch_path(state, ""), cases[i].want, cases[i].n);
        unlink(scratch_path(state, "generation_config.json"));
    }
}

static void test_ends__of_a_damaged_file_are_an_error_that_names_it(void **state)
{
    static const char *const bad[] = {"{", "{\"eos_token_id\": -2}",
                                      "{\"eos_token_id\": [2, \"x\"]}"};
    jc_ids ends = {0};
    jc_model *model;
    jc_error err;

    make_folder(state, "\"eos_token_id\": 7");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        scratch_text(state, "generation_config.json", bad[i]);
        assert_int_equal(jc_model_inspect(&model, scratch_path(state, ""), NULL), JC_OK);
        assert_int_equal(jc_model_ends(model, NULL, &ends, &err), JC_E_FORMAT);
        assert_non_null(strstr(err.message, "generation_config.json"));
        jc_model_close(model);
    }
    jc_ids_free(&ends);
}

/* ---- GGUF ---- */

static void put(FILE *f, uint64_t x, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        fputc((int)(x >> 8 * i & 255), f);
}

static void put_text(FILE *f, const char *text)
{
    put(f, strlen(text), 8);
    fputs(text, f);
}

static void put_id(FILE *f, const char *key, uint32_t id)
{
    put_text(f, key);
    put(f, 4, 4); /* u32 */
    put(f, id, 4);
}

/* tiny-llama.gguf with more keys in front; what follows stays aligned. */
static const char *make_gguf(void *const *state, const char *const *tokens, size_t n,
                             uint32_t eos, uint32_t eot)
{
    const char *path = scratch_path(state, "ends.gguf");
    FILE *from = fopen(GOLDEN "gguf/tiny-llama.gguf", "rb"), *f = fopen(path, "wb");
    unsigned char head[24];
    uint64_t keys = 0;
    int c;

    assert_non_null(from);
    assert_non_null(f);
    assert_int_equal(fread(head, 1, sizeof head, from), sizeof head);
    fwrite(head, 1, 16, f);
    for (int i = 0; i < 8; i++)
        keys |= (uint64_t)head[16 + i] << 8 * i;
    put(f, keys + 4, 8);
    put_id(f, "tokenizer.ggml.eos_token_id", eos);
    put_id(f, "tokenizer.ggml.eot_token_id", eot);
    put_text(f, "tokenizer.ggml.tokens");
    put(f, 9, 4); /* array */
    put(f, 8, 4); /* of texts */
    put(f, n, 8);
    for (size_t i = 0; i < n; i++)
        put_text(f, tokens[i]);
    put_text(f, "test.padding");
    put(f, 8, 4);
    long length = (32 - (ftell(f) + 8 - 24) % 32) % 32;
    put(f, (uint64_t)length, 8);
    for (long i = 0; i < length; i++)
        fputc('x', f);
    while ((c = fgetc(from)) != EOF)
        fputc(c, f);
    fclose(from);
    assert_int_equal(fclose(f), 0);
    return path;
}

static void test_ends__of_gguf_are_keys_and_tokens_that_end_turns(void **state)
{
    static const char *const chat[] = {"a", "<|im_end|>", "b", "<|end|>", "<|endoftext|>"};
    static const char *const harmony[] = {"<|return|>", "<|end|>", "<|call|>", "c"};

    check_ends(make_gguf(state, chat, 5, 2, 0), (const uint32_t[]){2, 0, 1, 3, 4}, 5);
    check_ends(make_gguf(state, chat, 5, 4, 1), (const uint32_t[]){4, 1, 3}, 3);
    /* of gpt-oss, <|end|> ends a message only */
    check_ends(make_gguf(state, harmony, 4, 0, 2), (const uint32_t[]){0, 2}, 2);
}

/* ---- generation ends at any of them ---- */

static bool on_token(void *arg, const jc_token *token)
{
    jc_token *last = arg;

    *last = *token;
    return true;
}

static void test_ends__any_of_them_ends_a_sequence(void **state)
{
    static const uint32_t prompt[] = {5, 6, 7};
    const jc_prompt prompts[] = {{prompt, 3}};
    jc_generate_params params;
    uint32_t written[8];
    jc_ids ends = {0};
    jc_model *model;
    jc_token last;
    char more[64];

    make_folder(state, "\"eos_token_id\": null");
    assert_int_equal(jc_model_open(&model, scratch_path(state, ""), NULL, NULL), JC_OK);
    jc_generate_params_init(&params);
    for (params.tokens = 1; params.tokens <= 8; params.tokens++) {
        assert_int_equal(jc_generate(model, prompts, 1, &params, on_token, &last, NULL),
                         JC_OK);
        assert_int_equal(last.end, JC_END_TOKENS);
        written[params.tokens - 1] = last.id;
    }
    jc_model_close(model);
    for (size_t k = 0; k < 8; k++) {
        size_t first = 0; /* where the token comes first */
        while (written[first] != written[k])
            first++;
        snprintf(more, sizeof more, "\"eos_token_id\": [60, %u]", written[k]);
        make_folder(state, more);
        assert_int_equal(jc_model_open(&model, scratch_path(state, ""), NULL, NULL), JC_OK);
        assert_int_equal(jc_model_ends(model, NULL, &ends, NULL), JC_OK);
        params.tokens = 8;
        params.ends = ends.id;
        params.n_ends = ends.n;
        assert_int_equal(jc_generate(model, prompts, 1, &params, on_token, &last, NULL),
                         JC_OK);
        assert_int_equal(last.end, JC_END_TOKEN);
        assert_int_equal(last.id, written[k]);
        assert_int_equal(last.position, 3 + first);
        jc_model_close(model);
    }
    jc_ids_free(&ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_ends__of_a_folder_are_those_of_its_generation_config),
        SCRATCH_TEST(test_ends__of_a_damaged_file_are_an_error_that_names_it),
        SCRATCH_TEST(test_ends__of_gguf_are_keys_and_tokens_that_end_turns),
        SCRATCH_TEST(test_ends__any_of_them_ends_a_sequence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
