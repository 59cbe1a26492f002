/* SPDX-License-Identifier: MIT */
/* Every call answers wrong use with E_ARG and a message, and params that are all zero, or
 * of a caller that was built when the struct was shorter, mean what they should. */
#include <string.h>

#include "support/scratch.h"

#include "jumpcut.h"

#define MODEL JC_SOURCE_DIR "/tests/golden/models/tiny-gpt2"
#define SAMPLES                                                                            \
    "{\"ids\":[5,6,7,8],\"positions\":[0,3]}\n{\"ids\":[9,10],\"positions\":[0,1]}\n"

static jc_samples *open_samples(void **state)
{
    jc_samples *samples;

    scratch_text(state, "samples.jsonl", SAMPLES);
    assert_int_equal(
        jc_samples_from_file(&samples, scratch_path(state, "samples.jsonl"), NULL, NULL),
        JC_OK);
    return samples;
}

static bool no_token(void *arg, const jc_token *token)
{
    (void)arg;
    (void)token;
    return false;
}

/* Each call once, with this model. */
static void check_refused(void **state, const jc_model *model, const char *why)
{
    const uint32_t ids[] = {5, 6};
    const jc_transfer_text texts[2] = {{0}};
    const jc_training_series series = {"one", "one", NULL};
    jc_samples *samples = open_samples(state);
    const char *path = scratch_path(state, "out.safetensors");
    jc_stats *stats;
    jc_results *results;
    jc_lens *lens;
    jc_session *session;
    jc_seq *seq;
    jc_self_text *self;
    float h[32] = {0};
    const jc_prompt prompt = {.ids = ids, .n = 2};
    jc_error err;

#define REFUSED(call)                                                                      \
    do {                                                                                   \
        memset(&err, 0, sizeof err);                                                       \
        assert_int_equal(call, JC_E_ARG);                                                  \
        if (!strstr(err.message, why))                                                     \
            fail_msg("%s: %s", #call, err.message);                                        \
    } while (0)
    REFUSED(jc_stats_gather(&stats, model, samples, NULL, &err));
    REFUSED(jc_eval(&results, model, NULL, 0, samples, NULL, &err));
    REFUSED(jc_lens_new(&lens, model, NULL, NULL, 0, ids, 2, NULL, &err));
    REFUSED(jc_states_save(model, samples, path, NULL, &err));
    REFUSED(jc_training_size(&results, model, &series, 1, samples, NULL, &err));
    REFUSED(jc_rank_study(&results, model, samples, samples, NULL, NULL, NULL, &err));
    REFUSED(jc_transfer(&results, model, texts, 0, NULL, &err));
    REFUSED(jc_self_text_new(&self, model, 1, -1, NULL, &err));
    REFUSED(jc_session_new(&session, model, &err));
    REFUSED(jc_model_readout(model, h, 1, h, &err));
    REFUSED(jc_seq_new(&seq, model, NULL, &err));
    why = ""; /* in its own words */
    REFUSED(jc_generate(model, &prompt, 1, NULL, no_token, NULL, &err));
    jc_samples_close(samples);
}

static void test_wrong_use__a_model_that_is_null_or_only_inspected(void **state)
{
    jc_model *model;

    check_refused(state, NULL, "'model' is NULL");
    assert_int_equal(jc_model_inspect(&model, MODEL, NULL), JC_OK);
    check_refused(state, model, "was opened to be inspected only");
    jc_model_close(model);
}

static void test_wrong_use__null_in_place_of_objects_and_paths(void **state)
{
    const char *why = "is NULL";
    jc_model *model;
    jc_samples *samples;
    jc_stats *stats;
    jc_shortcut *shortcut;
    jc_tokenizer *tokenizer;
    jc_results *results;
    jc_error err;
    float x = 0;

    (void)state;
    REFUSED(jc_model_open(&model, NULL, NULL, &err));
    REFUSED(jc_model_inspect(&model, NULL, &err));
    REFUSED(jc_tokenizer_open(&tokenizer, NULL, &err));
    REFUSED(jc_samples_from_file(&samples, NULL, NULL, &err));
    REFUSED(jc_samples_from_text(&samples, NULL, NULL, 0, NULL, &err));
    REFUSED(jc_shortcut_open(&shortcut, NULL, &err));
    REFUSED(jc_shortcut_apply(NULL, 0, 1, &x, 1, &x, &err));
    REFUSED(jc_stats_load(&stats, NULL, &err));
    REFUSED(jc_fit(&shortcut, NULL, NULL, &err));
    assert_int_equal(jc_model_open(&model, MODEL, NULL, NULL), JC_OK);
    REFUSED(jc_stats_gather(&stats, model, NULL, NULL, &err));
    REFUSED(jc_eval(&results, model, NULL, 0, NULL, NULL, &err));
    REFUSED(jc_eval(&results, model, NULL, 1, NULL, NULL, &err));
    REFUSED(jc_states_save(model, NULL, "x.safetensors", NULL, &err));
    jc_model_close(model);
}

static void check_all_pairs(const jc_stats_params *params, void **state, bool all)
{
    jc_samples *samples = open_samples(state);
    jc_shortcut *shortcut;
    jc_model *model;
    jc_stats *stats;
    jc_model_params zero;
    jc_fit_params no_fit;

    memset(&zero, 0, sizeof zero);
    memset(&no_fit, 0, sizeof no_fit);
    assert_int_equal(jc_model_open(&model, MODEL, &zero, NULL), JC_OK);
    assert_string_equal(jc_model_get_info(model)->dtype, "f32");
    assert_int_equal(jc_stats_gather(&stats, model, samples, params, NULL), JC_OK);
    assert_int_equal(jc_fit(&shortcut, stats, &no_fit, NULL), JC_OK);
    assert_int_equal(jc_shortcut_has(shortcut, 0, 1), all);
    assert_string_equal(jc_shortcut_meta(shortcut, "method"), "mat");
    jc_shortcut_free(shortcut);
    jc_stats_free(stats);
    jc_samples_close(samples);
    jc_model_close(model);
}

/* Of each earlier size, the members that it had count, and those behind it do not. */
static void test_params__of_every_size_mean_what_they_hold(void **state)
{
    jc_stats_params params;

    memset(&params, 0, sizeof params);
    check_all_pairs(&params, state, false);
    memset(&params, 0xA5, sizeof params); /* behind the struct: anything */
    params.pairs = "all";
    params.batch = 0;
    params.hooks = NULL;
    params.size = offsetof(jc_stats_params, pairs) + sizeof params.pairs;
    check_all_pairs(&params, state, true);
    params.size = offsetof(jc_stats_params, batch) + sizeof params.batch;
    check_all_pairs(&params, state, true);
    params.size = offsetof(jc_stats_params, parts); /* the first version of the struct */
    check_all_pairs(&params, state, true);
    params.pairs = NULL; /* the default */
    check_all_pairs(&params, state, false);
}

static void test_params__that_were_not_initialised_are_refused(void **state)
{
    const char *why = "were not filled";
    jc_model_params params;
    jc_model *model;
    jc_error err;

    (void)state;
    memset(&params, 0, sizeof params);
    params.backend = "ref";
    REFUSED(jc_model_open(&model, MODEL, &params, &err));
    params.size = 3;
    REFUSED(jc_model_open(&model, MODEL, &params, &err));
    memset(&params, 0xA5, sizeof params);
    REFUSED(jc_model_open(&model, MODEL, &params, &err));
    jc_model_params_init(&params);
    params.dtype = "f31";
    why = "'--dtype' must be one of f32|bf16, not 'f31'";
    REFUSED(jc_model_open(&model, MODEL, &params, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_wrong_use__a_model_that_is_null_or_only_inspected),
        cmocka_unit_test(test_wrong_use__null_in_place_of_objects_and_paths),
        SCRATCH_TEST(test_params__of_every_size_mean_what_they_hold),
        cmocka_unit_test(test_params__that_were_not_initialised_are_refused),
    };
    return cmocka_run_group_tests_name("api/wrong_use", tests, NULL, NULL);
}
