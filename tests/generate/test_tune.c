/* SPDX-License-Identifier: MIT */
/* Tuning: what it counts against the definition, by passes of its own; trees for given
 * times; policies of drafts as files, and in use. */
#include "support/scratch.h"

#include <math.h>
#include <unistd.h>

#include "generate/policy.h"
#include "support/shortcuts.h"

#define DEMO JC_SOURCE_DIR "/data/demo"
#define TINY JC_SOURCE_DIR "/tests/golden/models/tiny-gpt2"

static jc_model *open(const char *path)
{
    jc_model *model;

    assert_int_equal(jc_model_open(&model, path, NULL, NULL), JC_OK);
    return model;
}

struct texts {
    uint32_t vocab;
    size_t n, done;
};

static jc_status next_text(void *arg, jc_ids *ids, jc_error *err)
{
    struct texts *texts = arg;
    jc_rng rng = {texts->done + 1};

    (void)err;
    if (texts->done++ == texts->n)
        return JC_OK;
    for (size_t i = 0; i < 12; i++) {
        assert_true(jc_grow(&ids->id, &ids->capacity, ids->n + 1, sizeof *ids->id));
        ids->id[ids->n++] = (uint32_t)jc_rng_below(&rng, texts->vocab);
    }
    return JC_OK;
}

static jc_status tune(jc_policy **out, const jc_model *model, const jc_shortcut *maps,
                      const jc_tune_params *params, size_t n, jc_error *err)
{
    struct texts texts = {.vocab = jc_model_get_info(model)->vocab, .n = n};
    jc_samples_params how;
    jc_samples *samples;

    jc_samples_params_init(&how);
    how.positions = "all";
    how.vocab = texts.vocab;
    assert_int_equal(jc_samples_from_source(&samples, next_text, &texts, &how, NULL),
                     JC_OK);
    jc_status st = jc_tune(out, model, maps, samples, params, err);
    jc_samples_close(samples);
    return st;
}

static bool collect(void *arg, const jc_token *token)
{
    jc_ids *ids = arg;

    assert_true(jc_grow(&ids->id, &ids->capacity, ids->n + 1, sizeof *ids->id));
    ids->id[ids->n++] = token->id;
    return true;
}

/* With each choice the same text as without drafts, faster or not; and what is told of a
 * choice adds up. */
static void test_tune__every_choice_is_tried(void **state)
{
    static const char *const choices[] = {"ngram", "recycle", "ngram+recycle"};
    jc_model *model = open(DEMO);
    jc_tune_params params;
    jc_policy *policy;
    double best = 1.02;
    const char *chosen = "none";

    (void)state;
    jc_tune_params_init(&params);
    params.prompts = 3;
    params.tokens = 40;
    assert_int_equal(tune(&policy, model, NULL, &params, 5, NULL), JC_OK);
    const jc_policy_info info = *jc_policy_get_info(policy);
    assert_int_equal(info.n_tried, 3);
    assert_int_equal(info.draft_written, 3 * 40);
    for (size_t i = 0; i < 3; i++) {
        const jc_tried *t = &info.tried[i];
        double right = 0;
        assert_string_equal(t->drafters, choices[i]);
        assert_true(t->predicted > 0 && t->measured > 0);
        for (size_t r = 0; r < JC_TRIED_RANKS; r++)
            right += t->right[0][r];
        /* every turn begins at a place, at which a first draft may be right; the last turn
         * of a text may write fewer tokens than it has drawn */
        assert_true(t->came[0] >= t->came[1]);
        assert_true((double)t->came[0] * t->tokens >= 3 * 40 - 1e-6);
        assert_true((double)t->came[1] <= right * (double)t->came[0] + 1e-6);
        assert_true(t->tokens >= 1 && t->tokens <= 1 + t->drafts);
        if (t->predicted > best) {
            best = t->predicted;
            chosen = t->drafters;
        }
    }
    assert_string_equal(info.draft, chosen);
    assert_int_equal(info.pass_rows[0], 1);
    for (size_t k = 1; k < info.n_pass; k++)
        assert_true(info.pass_rows[k] > info.pass_rows[k - 1] &&
                    info.pass_seconds[k] >= info.pass_seconds[k - 1]);
    jc_policy_free(policy);
    jc_model_close(model);
}

/* ---- trees ---- */

static size_t drafts_at(const jc_model *model, double row)
{
    static uint32_t text[64];
    jc_policy *policy;
    jc_generate_params params;
    jc_generate_stats stats = {.size = sizeof stats};
    const jc_prompt prompt = {text, JC_COUNT(text)};
    jc_ids ids = {0};

    for (size_t i = 0; i < JC_COUNT(text); i++)
        text[i] = (uint32_t)(1 + i % 5); /* n-grams are sure of it */
    assert_int_equal(jc_policy_new(&policy, model, NULL, NULL), JC_OK);
    snprintf(policy->draft, sizeof policy->draft, "ngram");
    jc_policy_tell_draft(policy);
    policy->tuning.times = (jc_pass_times){.n = 2, .rows = {1, 2}, .seconds = {1, 1 + row}};
    jc_generate_params_init(&params);
    params.policy = policy;
    params.tokens = 40;
    params.stats = &stats;
    assert_int_equal(jc_generate(model, &prompt, 1, &params, collect, &ids, NULL), JC_OK);
    jc_policy_free(policy);
    jc_ids_free(&ids);
    return stats.drafted;
}

static void test_tune__trees_are_made_for_the_times(void **state)
{
    jc_model *model = open(DEMO);

    (void)state;
    /* a row that costs twice a pass is never worth it, and one that costs nothing always */
    assert_int_equal(drafts_at(model, 2), 0);
    assert_true(drafts_at(model, 1e-6) > drafts_at(model, 0.3));
    jc_model_close(model);
}

static void test_tune__times_between_are_on_a_line(void **state)
{
    const jc_pass_times times = {.n = 3, .rows = {1, 2, 4}, .seconds = {1, 1.5, 4}};

    (void)state;
    assert_true(jc_pass_times_at(&times, 1) == 1);
    assert_true(jc_pass_times_at(&times, 2) == 1.5);
    assert_true(jc_pass_times_at(&times, 3) == 2.75);
    assert_true(jc_pass_times_at(&times, 6) == 6.5);
}

/* ---- policies ---- */

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* What a file holds is what was found, and with it the text is that without drafts. */
static void test_tune__a_policy_is_used_as_it_was_written(void **state)
{
    static const uint32_t text[] = {5, 9, 11, 5, 9};
    const jc_prompt prompt = {text, JC_COUNT(text)};
    jc_model *model = open(DEMO), *other = open(TINY);
    jc_tune_params params;
    jc_generate_params how;
    jc_policy *policy, *read;
    jc_ids plain = {0}, drafted = {0};
    jc_error err;

    const char *path = scratch_path(state, "p.json");
    jc_tune_params_init(&params);
    params.prompts = 2;
    params.tokens = 30;
    params.temperature = 0.8;
    assert_int_equal(tune(&policy, model, NULL, &params, 2, NULL), JC_OK);
    snprintf(policy->draft, sizeof policy->draft, "recycle+ngram");
    assert_int_equal(jc_policy_save(policy, path, NULL), JC_OK);
    assert_int_equal(jc_policy_open(&read, path, NULL), JC_OK);
    const jc_policy_info a = *jc_policy_get_info(policy), b = *jc_policy_get_info(read);
    assert_string_equal(a.draft, b.draft);
    assert_true(fabs(b.draft_temperature - 0.8) < 1e-9);
    assert_int_equal(a.draft_written, b.draft_written);
    assert_int_equal(a.n_pass, b.n_pass);
    for (size_t i = 0; i < a.n_pass; i++)
        assert_true(fabs(a.pass_seconds[i] - b.pass_seconds[i]) < 1e-9);
    assert_int_equal(policy->tuning.n, read->tuning.n);
    for (size_t k = 0; k < read->tuning.n; k++)
        for (size_t s = 0; s < JC_SIGNS; s++)
            assert_true(fabsf(policy->tuning.odds[k][s] - read->tuning.odds[k][s]) < 1e-5F);
    for (int warm = 0; warm < 2; warm++) {
        jc_generate_params_init(&how);
        how.temperature = warm ? 1 : 0;
        plain.n = drafted.n = 0;
        assert_int_equal(jc_generate(model, &prompt, 1, &how, collect, &plain, NULL),
                         JC_OK);
        how.policy = read;
        assert_int_equal(jc_generate(model, &prompt, 1, &how, collect, &drafted, NULL),
                         JC_OK);
        assert_int_equal(plain.n, drafted.n);
        assert_memory_equal(plain.id, drafted.id, plain.n * sizeof *plain.id);
    }
    assert_int_equal(jc_generate(other, &prompt, 1, &how, collect, &drafted, &err),
                     JC_E_MISMATCH);
    jc_ids_free(&plain);
    jc_ids_free(&drafted);
    jc_policy_free(policy);
    jc_policy_free(read);
    jc_model_close(model);
    jc_model_close(other);
}

#define HEAD                                                                               \
    "{\"format\":\"jumpcut-policy/1\",\"model\":\"0123456789abcdef0123456789abcdef\","

static void test_tune__files_that_are_wrong_are_refused(void **state)
{
    static const char *const wrong[] = {
        HEAD "\"draft\":{}}",
        HEAD "\"draft\":{\"drafters\":\"ngram\",\"temperature\":0,\"tokens\":1}}",
        HEAD "\"draft\":{\"drafters\":\"ngram\",\"temperature\":0,\"tokens\":1,"
             "\"predicted_speedup\":2,\"pass\":{\"rows\":[1,2],\"seconds\":[2,1]},"
             "\"odds\":{},\"frequent\":[]}}",
        HEAD "\"draft\":{\"drafters\":\"ngram\",\"temperature\":0,\"tokens\":1,"
             "\"predicted_speedup\":2,\"pass\":{\"rows\":[1,2],\"seconds\":[1,2]},"
             "\"odds\":{\"ngram\":[0.5]},\"frequent\":[]}}",
        HEAD "\"draft\":{\"drafters\":\"ngram\",\"temperature\":0,\"tokens\":1,"
             "\"predicted_speedup\":2,\"pass\":{\"rows\":[1,2],\"seconds\":[1,2]},"
             "\"odds\":{},\"frequent\":[-1]}}",
        HEAD "\"draft\":{\"drafters\":\"ngram\",\"temperature\":-1,\"tokens\":1,"
             "\"predicted_speedup\":2,\"pass\":{\"rows\":[1,2],\"seconds\":[1,2]},"
             "\"odds\":{},\"frequent\":[]}}",
    };
    jc_policy *policy;
    jc_error err;

    const char *path = scratch_path(state, "w.json");
    for (size_t i = 0; i < JC_COUNT(wrong); i++) {
        put(path, wrong[i]);
        assert_int_equal(jc_policy_open(&policy, path, &err), JC_E_FORMAT);
        assert_non_null(strstr(err.message, "w.json"));
        assert_null(policy);
    }
}

static void test_tune__wrong_use_is_answered(void **state)
{
    jc_model *model = open(DEMO);
    jc_model *encoder = open(JC_SOURCE_DIR "/tests/golden/models/tiny-bert");
    jc_tune_params params;
    jc_policy *policy;
    jc_error err;

    (void)state;
    jc_tune_params_init(&params);
    assert_int_equal(tune(&policy, encoder, NULL, &params, 2, &err), JC_E_UNSUPPORTED);
    assert_int_equal(tune(&policy, model, NULL, &params, 0, &err), JC_E_FORMAT);
    params.draft = "context";
    assert_int_equal(tune(&policy, model, NULL, &params, 2, &err), JC_E_ARG);
    assert_non_null(strstr(err.message, "map.0+12@-1.12"));
    params.draft = "none";
    assert_int_equal(tune(&policy, model, NULL, &params, 2, &err), JC_E_ARG);
    params.draft = "ngram";
    params.temperature = -1;
    assert_int_equal(tune(&policy, model, NULL, &params, 2, &err), JC_E_ARG);
    assert_null(policy);
    jc_model_close(model);
    jc_model_close(encoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tune__every_choice_is_tried),
        cmocka_unit_test(test_tune__trees_are_made_for_the_times),
        cmocka_unit_test(test_tune__times_between_are_on_a_line),
        SCRATCH_TEST(test_tune__a_policy_is_used_as_it_was_written),
        SCRATCH_TEST(test_tune__files_that_are_wrong_are_refused),
        cmocka_unit_test(test_tune__wrong_use_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
