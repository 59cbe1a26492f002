/* SPDX-License-Identifier: MIT */
/*
 * States at every layer and logits against those of the Python package `transformers`, in
 * float64, for each architecture of the table. Relative error: the largest difference in a
 * row over the largest magnitude in that row.
 *
 * Tolerance 1e-5: float32 products of these sizes lose about 1e-6, and errors of a few
 * blocks add up.
 */
#include <stdlib.h>
#include <unistd.h>

#include "model/golden.h"
#include "model/session.h"

static void test_golden__every_architecture_gives_the_reference_states(void **state)
{
    char name[64], path[512];

    (void)state;
    for (const char *const *arch = jc_architecture_list(); *arch; arch++)
        for (const char *const *backend = jc_backend_list(); *backend; backend++) {
            snprintf(name, sizeof name, "tiny-%s", *arch);
            snprintf(path, sizeof path, MODELS "%s", name);
            check_model(name, path, *backend);
        }
}

static void test_golden__other_spellings_of_the_files_are_read(void **state)
{
    static const char *const names[] = {"tiny-gpt2-bare",    "tiny-gpt2-f16",
                                        "tiny-gpt2-bf16",    "tiny-gpt2-shards",
                                        "tiny-gpt2-options", "tiny-gpt2-unscaled"};
    char path[512];

    (void)state;
    for (size_t i = 0; i < JC_COUNT(names); i++) {
        snprintf(path, sizeof path, MODELS "%s", names[i]);
        check_model(names[i], path, "onednn");
    }
}

/* What an architecture's first model leaves out. */
static const char *const options[] = {
    "tiny-llama-linear",       "tiny-llama-yarn",     "tiny-qwen2-window",
    "tiny-gemma2-scale",       "tiny-phi3-window",    "tiny-gpt_neox-serial",
    "tiny-gpt_neo-local",      "tiny-opt-after",      "tiny-opt-narrow",
    "tiny-stablelm-parallel",  "tiny-qwen3_moe-step", "tiny-gpt_oss-clamp",
    "tiny-deberta_v2-plain",   "tiny-falcon-multi",   "tiny-falcon-rw",
    "tiny-gpt_bigcode-heads",  "tiny-olmo-clip",      "tiny-phi-tied",
    "tiny-granite-long",       "tiny-internlm3-now",  "tiny-exaone-now",
    "tiny-olmo3-kinds",        "tiny-bert-untied",    "tiny-nomic_bert-now",
    "tiny-cohere-norms",       "tiny-stablelm-norms", "tiny-deepseek_v2-lite",
    "tiny-deepseek_v2-plain",  "tiny-llama-gptq",     "tiny-llama-gptq-act",
    "tiny-llama-gptq-8",       "tiny-llama-awq",      "tiny-gpt_oss-mxfp4",
    "tiny-llama-gptq-32",      "tiny-llama-gptq-2",   "tiny-llama-awq-32",
    "tiny-llama-gptq-dynamic", "tiny-llama-fp8",      "tiny-llama-fp8-static",
    "tiny-llama-compressed",   "tiny-mamba2-limits",  "tiny-granitemoehybrid-dense",
    "tiny-olmoe-clip",         "tiny-qwen3_5-bias",   "tiny-qwen3_5_moe-each",
    "tiny-qwen2_moe-dense",    "tiny-llama4-pieces",  "tiny-llama4-lists",
    "tiny-ministral3-long"};

static void test_golden__options_are_followed(void **state)
{
    char path[512];

    (void)state;
    for (size_t i = 0; i < JC_COUNT(options); i++)
        for (const char *const *backend = jc_backend_list(); *backend; backend++) {
            snprintf(path, sizeof path, MODELS "%s", options[i]);
            check_model(options[i], path, *backend);
        }
}

static bool quantised(const char *name)
{
    return strstr(name, "gptq") || strstr(name, "awq") || strstr(name, "fp8") ||
           strstr(name, "compressed");
}

/* Of `ref`, whose packed weights have no padding, or of oneDNN's, which leaves quantised
 * ones as they lie; ten parts in a hundred for vectors and convolutions. */
static void check_memory(const char *path)
{
    jc_model *said, *held;
    jc_model_params params;

    jc_model_params_init(&params);
    params.backend = quantised(path) ? "onednn" : "ref";
    assert_int_equal(jc_model_inspect(&said, path, NULL), JC_OK);
    assert_int_equal(jc_model_open(&held, path, &params, NULL), JC_OK);
    double a = (double)jc_model_get_info(said)->weight_bytes;
    double b = (double)jc_model_get_info(held)->weight_bytes;
    if (a < 0.9 * b || a > 1.1 * b)
        fail_msg("%s: said to take %g bytes, and takes %g", path, a, b);
    jc_model_close(held);
    jc_model_close(said);
}

static void test_golden__memory_is_what_inspection_says(void **state)
{
    char path[512];

    (void)state;
    for (const char *const *arch = jc_architecture_list(); *arch; arch++) {
        snprintf(path, sizeof path, MODELS "tiny-%s", *arch);
        check_memory(path);
        snprintf(path, sizeof path, JC_SOURCE_DIR "/tests/golden/gguf/tiny-%s.gguf", *arch);
        if (access(path, R_OK) == 0)
            check_memory(path);
    }
    for (size_t i = 0; i < JC_COUNT(options); i++) {
        snprintf(path, sizeof path, MODELS "%s", options[i]);
        if (!strstr(path, "mxfp4")) /* `ref` packs it, and oneDNN pads what is beside it */
            check_memory(path);
    }
}

static void test_golden__the_demo_model_gives_the_reference_states(void **state)
{
    (void)state;
    check_model("demo", JC_SOURCE_DIR "/data/demo", "onednn");
}

static void test_golden__a_trained_llama_gives_the_reference_states(void **state)
{
    const char *data = getenv("JC_DATA");
    char path[512];

    (void)state;
    snprintf(path, sizeof path, "%s/models/stories260K",
             data ? data : JC_SOURCE_DIR "/../shared/data");
    if (access(path, R_OK) != 0) {
        print_message("skipped: no '%s'\n", path);
        skip();
    }
    check_model("stories260K", path, "onednn");
    check_model("stories260K", path, "ref");
}

static const jc_text many[] = {
    {(const uint32_t[]){5, 9, 2, 60, 0, 7, 7}, 7, (const uint32_t[]){0, 3, 6}, 3},
    {(const uint32_t[]){1}, 1, (const uint32_t[]){0}, 1},
    {(const uint32_t[]){30, 31, 32, 33}, 4, (const uint32_t[]){3}, 1},
};

/* Bit for bit: alone, in a batch, in another order. */
static void check_company(const jc_model *model)
{
    const jc_model_info *info = jc_model_get_info(model);
    const jc_text turned[] = {many[2], many[0], many[1]};
    static const size_t row_in_turned[] = {1, 4, 0}, row[] = {0, 3, 4};
    jc_session *batch = run(model, many, 3), *other = run(model, turned, 3);

    for (size_t t = 0; t < 3; t++) {
        jc_session *alone = run(model, &many[t], 1);
        size_t bytes = many[t].n_positions * info->width * sizeof(float);
        for (uint32_t tap = 0; tap <= info->layers; tap++) {
            const float *want = jc_session_states(alone, tap);
            assert_memory_equal(jc_session_states(batch, tap) + row[t] * info->width, want,
                                bytes);
            assert_memory_equal(jc_session_states(other, tap) +
                                    row_in_turned[t] * info->width,
                                want, bytes);
        }
        jc_session_free(alone);
    }
    jc_session_free(batch);
    jc_session_free(other);
}

/* And with other numbers of threads. */
static void test_session__a_text_gives_the_same_states_in_any_company(void **state)
{
    char path[512];

    (void)state;
    for (const char *const *arch = jc_architecture_list(); *arch; arch++) {
        snprintf(path, sizeof path, MODELS "tiny-%s", *arch);
        for (uint32_t threads = 1; threads <= 3; threads++) {
            jc_model_params params;
            jc_model *model;
            jc_model_params_init(&params);
            params.threads = threads;
            assert_int_equal(jc_model_open(&model, path, &params, NULL), JC_OK);
            check_company(model);
            jc_model_close(model);
        }
    }
}

/* Where weights lie in blocks, steps round x to 16 bits of the largest of 32 numbers, which
 * these models of random weights make up to ten times larger. */
static double step_tolerance(const char *name)
{
    bool floats = strstr(name, "fp8"); /* which take activations as they are */

    return !floats && (quantised(name) || strstr(name, "mxfp4")) ? 3e-4 : 1e-5;
}

/* The text twice, side by side, a token at a time. */
static void check_steps(const char *name)
{
    char path[512];
    struct golden g;
    jc_session *stepped;
    jc_seq *seqs[2];

    golden_open(&g, name);
    snprintf(path, sizeof path, MODELS "%s", name);
    jc_model *model = open_model(path, "onednn", "f32");
    const jc_model_info *info = jc_model_get_info(model);
    const jc_text *longest = g.texts;
    for (size_t t = 1; t < g.n_texts; t++)
        longest = g.texts[t].n > longest->n ? &g.texts[t] : longest;
    jc_session *whole = run(model, longest, 1);
    assert_int_equal(jc_session_new(&stepped, model, NULL), JC_OK);
    for (size_t t = 0; t < 2; t++)
        assert_int_equal(jc_seq_new(&seqs[t], model, NULL, NULL),
                         info->causal ? JC_OK : JC_E_UNSUPPORTED);
    for (size_t i = 0; info->causal && i < longest->n; i++) {
        const jc_feed feeds[] = {{seqs[0], &longest->ids[i], 1, NULL},
                                 {seqs[1], &longest->ids[i], 1, NULL}};
        const float *h;
        assert_int_equal(jc_session_extend(stepped, feeds, 2, JC_PASS_STEP, &h, NULL),
                         JC_OK);
        for (size_t t = 0; t < 2; t++)
            check_rows(h + t * info->width,
                       jc_session_states(whole, info->layers) + i * info->width, 1,
                       info->width, step_tolerance(name), name);
    }
    jc_seq_free(seqs[0]);
    jc_seq_free(seqs[1]);
    jc_session_free(stepped);
    jc_session_free(whole);
    jc_model_close(model);
    golden_close(&g);
}

/* A token at a time with cached keys and values gives what the whole text gives. */
static void test_session__steps_with_a_cache_equal_the_whole_text(void **state)
{
    char name[64];

    (void)state;
    for (const char *const *arch = jc_architecture_list(); *arch; arch++) {
        snprintf(name, sizeof name, "tiny-%s", *arch);
        check_steps(name);
    }
    for (size_t i = 0; i < JC_COUNT(options); i++)
        check_steps(options[i]);
}

/* bfloat16 has 8 bits: products lose about 2^-9 each, and some blocks add up. */
static void test_session__bf16_products_stay_near(void **state)
{
    struct golden g;

    (void)state;
    if (!jc_backend_has(jc_backend_find("onednn"), JC_PRECISION_BF16)) {
        print_message("skipped: no bf16 on this machine\n");
        skip();
    }
    golden_open(&g, "tiny-gpt2");
    jc_model *model = open_model(MODELS "tiny-gpt2", "onednn", "bf16");
    jc_session *session = run(model, g.texts, g.n_texts);
    for (uint32_t tap = 0; tap < g.taps; tap++)
        check_rows(jc_session_states(session, tap), g.states + tap * g.rows * g.width,
                   g.rows, g.width, 0.06, "bf16");
    jc_session_free(session);
    jc_model_close(model);
    golden_close(&g);
}

static void test_session__bad_texts_are_refused(void **state)
{
    static const uint32_t ids[40] = {0}, outside[] = {61}, position[] = {1};
    const struct {
        jc_text text;
        const char *message;
    } bad[] = {
        {{ids, 0, position, 0}, "text 0 of the batch has 0 tokens; 1 to 32 fit"},
        {{ids, 33, position, 0}, "text 0 of the batch has 33 tokens; 1 to 32 fit"},
        {{outside, 1, position, 0}, "token id 61 is outside the vocabulary of 61"},
        {{ids, 1, position, 1}, "position 1 is outside a text of 1 tokens"},
    };
    jc_model *model = open_model(MODELS "tiny-gpt2", "ref", "f32");
    jc_session *session;

    (void)state;
    assert_int_equal(jc_session_new(&session, model, NULL), JC_OK);
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        jc_error err = {JC_OK, ""};
        assert_int_equal(jc_session_run(session, &bad[i].text, 1, &err), JC_E_ARG);
        assert_string_equal(err.message, bad[i].message);
    }
    jc_session_free(session);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden__every_architecture_gives_the_reference_states),
        cmocka_unit_test(test_golden__other_spellings_of_the_files_are_read),
        cmocka_unit_test(test_golden__options_are_followed),
        cmocka_unit_test(test_golden__memory_is_what_inspection_says),
        cmocka_unit_test(test_golden__the_demo_model_gives_the_reference_states),
        cmocka_unit_test(test_golden__a_trained_llama_gives_the_reference_states),
        cmocka_unit_test(test_session__a_text_gives_the_same_states_in_any_company),
        cmocka_unit_test(test_session__steps_with_a_cache_equal_the_whole_text),
        cmocka_unit_test(test_session__bf16_products_stay_near),
        cmocka_unit_test(test_session__bad_texts_are_refused),
    };
    return cmocka_run_group_tests_name("model/golden", tests, NULL, NULL);
}
