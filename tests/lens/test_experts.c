/* SPDX-License-Identifier: MIT */
/*
 * What the lens says that routers choose, against the routers of transformers in float64
 * (tests/golden/make_experts.py). Tolerance 2e-5: as that of the lens's other numbers.
 */
#include <jansson.h>

#include "lens/lens.h"
#include "model/golden.h"
#include "support/scratch.h"

#define GOLDEN    JC_SOURCE_DIR "/tests/golden/"
#define TOKENIZER GOLDEN "tokenizer/tiny"

static jc_status make(jc_lens **lens, const jc_model *model, const jc_tokenizer *tokenizer,
                      const uint32_t *ids, size_t n, const char *at, jc_error *err)
{
    jc_lens_params params;

    jc_lens_params_init(&params);
    params.at = at;
    params.positions = "2:9";
    return jc_lens_new(lens, model, tokenizer, NULL, 0, ids, n, &params, err);
}

static json_t *view(const jc_lens *lens)
{
    char *text;
    size_t n = 0;

    assert_int_equal(
        jc_lens_show(lens, "json", &(jc_lens_look){.width = 80}, &text, &n, NULL), JC_OK);
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    free(text);
    return json;
}

/* One block of a model: false where the router of transformers was not asked. */
static bool check_block(const jc_safetensors *file, const char *name, const json_t *json,
                        uint32_t block)
{
    char key[96];

    snprintf(key, sizeof key, "%s.%u.experts", name, block);
    const jc_tensor *want = jc_safetensors_find(file, key);
    snprintf(key, sizeof key, "%u.experts", block);
    const json_t *got = json_object_get(json_object_get(json, "experts"), key);
    assert_true((got != NULL) == (want != NULL));
    if (!want)
        return false;
    snprintf(key, sizeof key, "%s.%u.weights", name, block);
    size_t k = want->shape[1];
    float *weights = read_all(file, key);
    assert_int_equal(json_array_size(json_object_get(got, "ids")), 7);
    for (size_t c = 0; c < 7; c++) {
        const json_t *ids = json_array_get(json_object_get(got, "ids"), c);
        const json_t *shares = json_array_get(json_object_get(got, "weights"), c);
        assert_int_equal(json_array_size(ids), k);
        assert_int_equal(json_array_size(shares), k);
        for (size_t i = 0; i < k; i++) {
            uint32_t id;
            size_t at = (c + 2) * k + i;
            memcpy(&id, want->data + at * sizeof id, sizeof id);
            assert_int_equal(json_integer_value(json_array_get(ids, i)), id);
            assert_true(fabs(json_number_value(json_array_get(shares, i)) -
                             (double)weights[at]) < 2e-5);
        }
    }
    jc_free(weights);
    return true;
}

static void test_experts__are_those_that_the_routers_choose(void **state)
{
    static const char *const names[] = {
        "tiny-mixtral",         "tiny-qwen2_moe",        "tiny-qwen3_moe",
        "tiny-olmoe",           "tiny-granitemoe",       "tiny-qwen3_moe-step",
        "tiny-deepseek_v2",     "tiny-deepseek_v3",      "tiny-gpt_oss",
        "tiny-qwen2_moe-dense", "tiny-granitemoehybrid", "tiny-qwen3_next",
        "tiny-qwen3_5_moe",     "tiny-lfm2_moe",         "tiny-llama4",
        "tiny-llama4-pieces"};
    jc_safetensors *file;
    jc_tokenizer *tokenizer;

    (void)state;
    assert_int_equal(jc_safetensors_open(&file, GOLDEN "experts/experts.safetensors", NULL),
                     JC_OK);
    assert_int_equal(jc_tokenizer_open(&tokenizer, TOKENIZER, NULL), JC_OK);
    for (size_t i = 0; i < JC_COUNT(names); i++) {
        char path[512];
        jc_error err = {JC_OK, ""};
        jc_lens *lens;
        size_t n = 0, blocks = 0;
        snprintf(path, sizeof path, "%s.ids", names[i]);
        uint32_t *ids = read_whole(file, path, &n);
        snprintf(path, sizeof path, MODELS "%s", names[i]);
        jc_model *model = open_model(path, "onednn", "f32");
        if (make(&lens, model, tokenizer, ids, n, "1.mlp,experts", &err))
            fail_msg("%s: %s", names[i], err.message);
        json_t *json = view(lens);
        uint32_t layers = jc_model_get_info(model)->layers;
        assert_int_equal(jc_lens_rows(lens), layers + 2); /* experts are no rows */
        for (uint32_t b = 1; b <= layers; b++)
            blocks += check_block(file, names[i], json, b);
        assert_true(blocks > 0);
        json_decref(json);
        jc_lens_free(lens);
        jc_model_close(model);
        jc_free(ids);
    }
    jc_tokenizer_close(tokenizer);
    jc_safetensors_close(file);
}

static void test_experts__of_other_blocks_are_refused(void **state)
{
    static const struct {
        const char *model, *at, *message;
    } bad[] = {
        {"tiny-gpt2", "experts", "'experts': no block of"},
        {"tiny-gpt2", "1.experts", "'1.experts': that block of"},
        {"tiny-deepseek_v3", "1.experts", "is no mixture of experts"},
        {"tiny-deepseek_v3", "4.experts", "is no mixture of experts"},
        {"tiny-deepseek_v3", "1.mlp.experts", "is no mixture of experts"},
        {"tiny-deepseek_v3", "2.experts,2.experts", "asked for twice"},
        {"tiny-deepseek_v3", "2.expert", "is not a tap"},
        {"tiny-deepseek_v3", "2.experts,", "is not a tap"},
    };
    static const uint32_t ids[] = {5, 9, 2, 60, 0, 7, 7, 33, 4, 4};
    jc_tokenizer *tokenizer;

    (void)state;
    assert_int_equal(jc_tokenizer_open(&tokenizer, TOKENIZER, NULL), JC_OK);
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        char path[512];
        jc_error err = {JC_OK, ""};
        jc_lens *lens;
        snprintf(path, sizeof path, MODELS "%s", bad[i].model);
        jc_model *model = open_model(path, "onednn", "f32");
        assert_int_equal(make(&lens, model, tokenizer, ids, 10, bad[i].at, &err), JC_E_ARG);
        if (!strstr(err.message, bad[i].message))
            fail_msg("case %zu: %s", i, err.message);
        jc_model_close(model);
    }
    jc_tokenizer_close(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_experts__are_those_that_the_routers_choose),
        cmocka_unit_test(test_experts__of_other_blocks_are_refused),
    };
    return cmocka_run_group_tests_name("lens/experts", tests, NULL, NULL);
}
