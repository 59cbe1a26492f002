/* SPDX-License-Identifier: MIT */
/* Models as GGUF, written by the gguf package, against transformers and against the same
 * weights in a folder. */
#include <stdlib.h>

#include "jumpcut/contents.h"
#include "model/arch.h"
#include "model/golden.h"

#define GGUF JC_SOURCE_DIR "/tests/golden/gguf/"

/* What an architecture's first model leaves out. */
static const char *const options[] = {
    "tiny-llama-linear",          "tiny-llama-yarn",        "tiny-phi3-window",
    "tiny-gpt_neox-serial",       "tiny-stablelm-parallel", "tiny-roberta",
    "tiny-falcon-multi",          "tiny-olmo-clip",         "tiny-deepseek_v2-plain",
    "tiny-granitemoehybrid-dense"};

/* Model i: of each architecture that GGUF has, and then those of `options`. False past the
 * end. */
static bool name_of(size_t i, char *name, size_t size)
{
    size_t n;
    const jc_arch *const *archs = jc_archs(&n);

    for (size_t a = 0; a < n; a++)
        if (archs[a]->gguf && i-- == 0) {
            snprintf(name, size, "tiny-%s", archs[a]->name);
            return true;
        }
    if (i < JC_COUNT(options))
        snprintf(name, size, "%s", options[i]);
    return i < JC_COUNT(options);
}

static void test_gguf__every_model_gives_the_reference_states(void **state)
{
    char name[64], path[512];

    (void)state;
    for (size_t i = 0; name_of(i, name, sizeof name); i++)
        for (const char *const *backend = jc_backend_list(); *backend; backend++) {
            snprintf(path, sizeof path, GGUF "%s.gguf", name);
            check_model(name, path, *backend);
        }
}

static bool interleaves(const char *architecture)
{
    size_t n;
    const jc_arch *const *archs = jc_archs(&n);

    for (size_t i = 0; i < n; i++)
        if (strcmp(archs[i]->name, architecture) == 0)
            return archs[i]->gguf_pairs || archs[i]->gguf_tiled;
    return false;
}

/* Bit for bit; or, where a GGUF file keeps queries and keys, or heads of values, in another
 * order, so that products are added in another order, but for rounding. */
static void check_equal(const char *a_path, const char *b_path, const char *name)
{
    struct golden g;

    golden_open(&g, name);
    jc_model *a = open_model(a_path, "onednn", "f32");
    jc_model *b = open_model(b_path, "onednn", "f32");
    jc_session *x = run(a, g.texts, g.n_texts), *y = run(b, g.texts, g.n_texts);
    bool pairs = interleaves(jc_model_get_info(a)->architecture);
    for (uint32_t tap = 0; tap < g.taps; tap++)
        if (pairs)
            check_rows(jc_session_states(x, tap), jc_session_states(y, tap), g.used,
                       g.width, 1e-5, a_path);
        else if (memcmp(jc_session_states(x, tap), jc_session_states(y, tap),
                        g.used * g.width * sizeof(float)) != 0)
            fail_msg("%s, tap %u differs", a_path, tap);
    jc_session_free(x);
    jc_session_free(y);
    jc_model_close(a);
    jc_model_close(b);
    golden_close(&g);
}

/* Bit for bit, but for Llama 3's scaling, which is there as a float32 factor for each pair,
 * and Hunyuan's base, a float32 too, so that a frequency is rounded once more; it is within
 * 1e-5 of the reference, as the folder is. */
static void test_gguf__the_same_weights_give_the_same_states_as_a_folder(void **state)
{
    char a[512], b[512], name[64];

    (void)state;
    for (size_t i = 0; name_of(i, name, sizeof name); i++) {
        if (strcmp(name, "tiny-llama") == 0 || strcmp(name, "tiny-hunyuan_v1_dense") == 0)
            continue;
        snprintf(a, sizeof a, GGUF "%s.gguf", name);
        snprintf(b, sizeof b, MODELS "%s", name);
        check_equal(a, b, name);
    }
}

static void test_gguf__a_model_in_parts_is_that_in_one_file(void **state)
{
    jc_model *model;
    jc_error err;

    (void)state;
    check_equal(GGUF "split-00001-of-00002.gguf", GGUF "tiny-qwen3.gguf", "tiny-qwen3");
    assert_int_equal(jc_model_inspect(&model, GGUF "split-00002-of-00002.gguf", &err),
                     JC_E_FORMAT);
    assert_string_equal(err.message,
                        "'" GGUF "split-00002-of-00002.gguf' is one of 2 parts: name the "
                        "first, which ends in '-00001-of-00002.gguf'");
}

static jc_contents_key find_key(const jc_model *model, const char *name)
{
    for (size_t i = 0; i < jc_model_keys(model); i++)
        if (strcmp(jc_model_key(model, i).name, name) == 0)
            return jc_model_key(model, i);
    fail_msg("no key '%s'", name);
    return (jc_contents_key){.name = NULL};
}

static void test_contents__are_those_of_the_file(void **state)
{
    static const char *const texts[] = {"a", "", "c'd", "\xc3\xa9", "e", "f", "g"};
    static const float reals[] = {0.1f, -2.5f, 1e30f};
    jc_contents_value value;
    jc_model *model;
    size_t n = 0;

    (void)state;
    assert_int_equal(jc_model_inspect(&model, GGUF "tiny-gpt2.gguf", NULL), JC_OK);
    jc_contents_key key = find_key(model, "remarks.texts");
    assert_string_equal(key.type, "text");
    assert_true(key.list && key.n == JC_COUNT(texts));
    for (; jc_contents_next(&key, &value); n++) {
        assert_int_equal(value.bytes, strlen(texts[n]));
        assert_memory_equal(value.text, texts[n], value.bytes);
    }
    assert_int_equal(n, JC_COUNT(texts));
    key = find_key(model, "remarks.reals");
    for (n = 0; jc_contents_next(&key, &value); n++)
        assert_true(!value.text && (float)value.number == reals[n]);
    assert_int_equal(n, JC_COUNT(reals));
    key = find_key(model, "gpt2.block_count");
    assert_string_equal(key.type, "u32");
    assert_true(!key.list && jc_contents_next(&key, &value) && value.number == 3);
    assert_false(jc_contents_next(&key, &value));

    const jc_contents_tensor first = jc_model_tensor(model, 0);
    assert_string_equal(first.name, "blk.0.attn_norm.bias");
    assert_string_equal(first.dtype, "F32");
    assert_true(first.n_dims == 1 && first.shape[0] == 24 && first.shape[1] == 1);
    assert_int_equal(first.bytes, 96);
    jc_model_close(model);
    assert_int_equal(jc_model_inspect(&model, MODELS "tiny-gpt2", NULL), JC_OK);
    assert_int_equal(jc_model_keys(model), 0);
    assert_int_equal(jc_model_tensors(model), 40);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gguf__every_model_gives_the_reference_states),
        cmocka_unit_test(test_gguf__the_same_weights_give_the_same_states_as_a_folder),
        cmocka_unit_test(test_gguf__a_model_in_parts_is_that_in_one_file),
        cmocka_unit_test(test_contents__are_those_of_the_file),
    };
    return cmocka_run_group_tests_name("model/gguf", tests, NULL, NULL);
}
