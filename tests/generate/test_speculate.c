/* SPDX-License-Identifier: MIT */
/* Text written with drafts is that of plain generation: the oracle is jc_generate() without
 * drafts, which test_generate.c holds against other programs. */
#include "support/told.h"
#include "support/torture_generate.h"

#include <dirent.h>
#include <stdio.h>

#include "generate/drafters.h"
#include "model/glimpse.h"
#include "model/model.h"
#include "support/shortcuts.h"

static const char *const mixtures[] = {"ngram", "recycle", "ngram+recycle", "auto",
                                       "corpus"};
enum { MIXTURES = 5 };

/* With the logit lens and a context map as shortcuts, where these can be drafted with:
 * "exit:1" and "context", too. */
static size_t mixtures_of(const jc_model *model, jc_shortcut **maps,
                          const char *names[MIXTURES + 4])
{
    size_t n = MIXTURES;

    memcpy(names, mixtures, sizeof mixtures);
    *maps = NULL;
    if (!jc_glimpse_can(model))
        return n;
    *maps = shortcut_of(model, &jc_form_identity);
    add_context_map(*maps, true, false);
    names[n++] = "context";
    names[n++] = "context+recycle";
    if (jc_model_get_info(model)->layers < 2)
        return n;
    names[n++] = "exit:1";
    names[n++] = "exit:1+ngram";
    return n;
}

/* One prompt after the other: JC_LONG asks for 200 of each model. */
static uint64_t check_prompts(const jc_model *model, jc_generate_params *params,
                              const char *const *names, size_t n_names)
{
    size_t prompts = getenv("JC_LONG") ? 200 : 4;
    uint32_t ids[16];
    uint64_t accepted = 0;

    for (uint32_t p = 0; p < prompts; p++) {
        fill(ids, 16, 100 + p, jc_model_get_info(model)->vocab);
        const jc_prompt prompt = {ids, 1 + p % 16};
        params->temperature = 0.8 * (p % 2);
        params->seed = p;
        struct told *plain = run(model, &prompt, 1, params, 0);
        for (size_t k = 0; k < n_names; k++)
            accepted += check(model, &prompt, 1, params, names[k],
                              (uint32_t)(7 * p + 5 * k) % 32, 0, plain);
        free(plain);
    }
    return accepted;
}

/* Every decoder, both ways of drawing, trees of all sizes; up to the end of the context. */
static size_t check_model(const char *path, uint64_t *accepted)
{
    static uint32_t ids[3][16], text[400];
    static const uint32_t sizes[] = {0, 1, 2, 3, 5, 8, 13, 21, 31};
    const char *names[MIXTURES + 4];
    jc_model *model;
    jc_shortcut *maps;
    jc_prompt prompts[3];
    jc_generate_params params;

    if (jc_model_open(&model, path, NULL, NULL))
        return 0;
    const jc_model_info *info = jc_model_get_info(model);
    if (!info->causal || !info->has_head) {
        jc_model_close(model);
        return 0;
    }
    for (size_t i = 0; i < 3; i++) {
        fill(ids[i], 16, i + 1, info->vocab);
        prompts[i] = (jc_prompt){ids[i], 1 + 5 * i};
    }
    size_t n_names = mixtures_of(model, &maps, names);
    jc_generate_params_init(&params);
    params.tokens = 60;
    params.logprobs = true;
    params.shortcut = maps;
    fill(text, JC_COUNT(text), 77, info->vocab < 40 ? info->vocab : 40);
    params.draft_text = text;
    params.n_draft_text = JC_COUNT(text);
    for (int warm = 0; warm < 2; warm++) {
        params.temperature = warm ? 0.8 : 0;
        struct told *plain = run(model, prompts, 3, &params, 0);
        for (size_t k = 0; k < JC_COUNT(sizes); k++)
            *accepted +=
                check(model, prompts, 3, &params, names[k % n_names], sizes[k], 0, plain);
        free(plain);
    }
    *accepted += check_prompts(model, &params, names, n_names);
    jc_shortcut_free(maps);
    jc_model_close(model);
    return 1;
}

static void test_speculate__the_text_of_every_decoder_is_that_without_drafts(void **state)
{
    DIR *folder = opendir(GOLDEN);
    char path[1024];
    uint64_t accepted = 0;
    size_t n = 0;

    (void)state;
    assert_non_null(folder);
    for (struct dirent *e = readdir(folder); e; e = readdir(folder)) {
        snprintf(path, sizeof path, GOLDEN "%s", e->d_name);
        if (strncmp(e->d_name, "tiny-", 5) == 0 && !strstr(e->d_name, ".safetensors"))
            n += check_model(path, &accepted);
    }
    closedir(folder);
    n += check_model(JC_SOURCE_DIR "/data/demo", &accepted);
    assert_true(n >= 26);
    assert_true(accepted > 1000); /* the drafts were put to work */
}

/* All sizes of trees, many prompts, every filter of a draw. */
static void test_speculate__no_tree_changes_a_draw(void **state)
{
    enum { PROMPTS = 200 };
    jc_model *model = open(TINY);
    jc_generate_params params;
    uint32_t ids[12];
    uint64_t accepted = 0;

    (void)state;
    jc_generate_params_init(&params);
    params.tokens = 0;
    params.logprobs = true;
    for (uint64_t p = 0; p < PROMPTS; p++) {
        fill(ids, JC_COUNT(ids), p, jc_model_get_info(model)->vocab);
        const jc_prompt prompt = {ids, 1 + p % JC_COUNT(ids)};
        params.seed = p;
        params.temperature = 0.4 * (double)(p % 3);
        params.top_k = p % 5 == 1 ? 4 : 0;
        params.top_p = p % 5 == 2 ? 0.7 : 1;
        params.min_p = p % 5 == 3 ? 0.1 : 0;
        params.repeat_penalty = p % 7 == 4 ? 1.3 : 1;
        params.kv = p % 2 ? "f16" : "f32";
        struct told *plain = run(model, &prompt, 1, &params, 0);
        accepted += check(model, &prompt, 1, &params, mixtures[p % 4],
                          (uint32_t)(1 + p % 31), 0, plain);
        free(plain);
    }
    assert_true(accepted > PROMPTS);
    jc_model_close(model);
}

/* Sequences end each for its reason, the caller's word among them, in the middle of a walk
 * or not; the others go on. */
static void test_speculate__sequences_end_where_they_would(void **state)
{
    static uint32_t ids[4][8];
    jc_model *model = open(TINY);
    jc_prompt prompts[4];
    jc_generate_params params;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        fill(ids[i], 8, i + 5, jc_model_get_info(model)->vocab);
        prompts[i] = (jc_prompt){ids[i], 8 - i};
    }
    jc_generate_params_init(&params);
    struct told *whole = run(model, prompts, 4, &params, 0);
    params.ends = &whole->seq[2].id[9];
    params.n_ends = 1;
    for (uint32_t tokens = 0; tokens < 20; tokens++) {
        params.tokens = tokens;
        struct told *plain = run(model, prompts, 4, &params, tokens / 2);
        for (size_t k = 0; k < 4; k++)
            check(model, prompts, 4, &params, mixtures[k], 3 * tokens % 32, tokens / 2,
                  plain);
        free(plain);
    }
    free(whole);
    jc_model_close(model);
}

/* So is one that is given. */
static void test_speculate__drafts_from_a_text_that_is_given_are_right(void **state)
{
    jc_model *model = open(TINY);
    uint32_t ids[LONG + 1] = {3};
    jc_generate_params params;
    jc_generate_stats stats = {.size = sizeof stats};
    const jc_prompt prompt = {ids, 1};

    (void)state;
    jc_generate_params_init(&params);
    params.tokens = 40;
    params.temperature = 1;
    struct told *plain = run(model, &prompt, 1, &params, 0);
    memcpy(ids + 1, plain->seq[0].id, plain->seq[0].n * sizeof *ids);
    params.draft = "corpus";
    params.draft_nodes = 8;
    params.draft_text = ids;
    params.n_draft_text = 1 + plain->seq[0].n;
    params.stats = &stats;
    struct told *told = run(model, &prompt, 1, &params, 0);
    assert_memory_equal(told, plain, sizeof *told);
    assert_true(stats.tokens == plain->seq[0].n && stats.tokens > 20);
    assert_true(2 * stats.turns <= stats.tokens);
    free(told);
    free(plain);
    jc_model_close(model);
}

/* A text that repeats itself is foreseen. */
static void test_speculate__drafts_of_a_text_that_repeats_itself_are_right(void **state)
{
    jc_model *model = open(JC_SOURCE_DIR "/data/demo");
    static uint32_t ids[96];
    jc_generate_params params;
    jc_generate_stats stats = {.size = sizeof stats};
    const jc_prompt prompt = {ids, 1};

    (void)state;
    ids[0] = 40;
    jc_generate_params_init(&params);
    params.tokens = 120;
    struct told *plain = run(model, &prompt, 1, &params, 0);
    params.draft = "ngram";
    params.draft_nodes = 8;
    params.stats = &stats;
    struct told *told = run(model, &prompt, 1, &params, 0);
    assert_memory_equal(told, plain, sizeof *told);
    assert_int_equal(stats.tokens, 120);
    assert_true(stats.turns <= 60 && stats.passes == stats.turns);
    free(told);
    free(plain);
    jc_model_close(model);
}

/* ---- bad input ---- */

static void refused(const jc_model *model, const char *draft, uint32_t nodes,
                    const char *says)
{
    static const uint32_t start[] = {7};
    const jc_prompt prompt = {start, 1};
    jc_generate_params params;
    jc_error err = {JC_OK, ""};
    struct told *told = calloc(1, sizeof *told);

    jc_generate_params_init(&params);
    params.draft = draft;
    params.draft_nodes = nodes;
    assert_int_equal(jc_generate(model, &prompt, 1, &params, on_token, told, &err),
                     JC_E_ARG);
    if (!strstr(err.message, says))
        fail_msg("'%s' does not say '%s'", err.message, says);
    free(told);
}

static void test_speculate__what_cannot_be_is_refused(void **state)
{
    jc_model *model = open(TINY);

    (void)state;
    refused(model, "oracle", 0, "no drafter 'oracle'");
    refused(model, "ngram+", 0, "no drafter ''");
    refused(model, "", 0, "no drafter ''");
    refused(model, "ngram,recycle", 0, "no drafter 'ngram,recycle'");
    refused(model, "ngram+recycle+ngram", 0, "twice");
    refused(model, "ngram", 32, "'--draft-nodes' must be from 0 to 31");
    refused(model, "ngram+context", 0, "needs shortcuts with the map 'map.0+3@-1.3'");
    refused(model, "exit", 0, "wants the block after which it guesses");
    refused(model, "exit:two", 0, "wants the block after which it guesses");
    refused(model, "exit:0", 0, "outside the model: its 3 blocks have exits after 1 to 2");
    refused(model, "exit:3", 0, "outside the model");
    refused(model, "exit:99999999", 0, "wants the block");
    refused(model, "exit:1+exit:2", 0, "twice");
    refused(model, "ngram:1", 0, "takes no ':'");
    refused(model, "exit:1", 0, "needs shortcuts with the map 'map.1.3'");
    jc_model_close(model);
}

static void test_speculate__every_failed_allocation_is_reported(void **state)
{
    jc_model *model = open(TINY);
    jc_generate_params params;

    (void)state;
    jc_generate_params_init(&params);
    params.tokens = 6;
    params.draft = "auto";
    check_torture_generate(model, &params);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_speculate__the_text_of_every_decoder_is_that_without_drafts),
        cmocka_unit_test(test_speculate__no_tree_changes_a_draw),
        cmocka_unit_test(test_speculate__sequences_end_where_they_would),
        cmocka_unit_test(test_speculate__drafts_from_a_text_that_is_given_are_right),
        cmocka_unit_test(test_speculate__drafts_of_a_text_that_repeats_itself_are_right),
        cmocka_unit_test(test_speculate__what_cannot_be_is_refused),
        cmocka_unit_test(test_speculate__every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests_name("generate/speculate", tests, NULL, NULL);
}
