/* SPDX-License-Identifier: MIT */
/*
 * torture.c: the whole line, from a model folder to scores, while the n-th allocation, or
 * that and all later ones, fail, for every n: each time one clear message, nothing leaked
 * (the sanitizers say), no file under a final name that is not complete. That only one
 * fails finds a NULL that nobody looks at, which the next failure would cover. Jansson
 * allocates by the same functions, as in the program.
 */
#include "support/scratch.h"

#include <jansson.h>

#include "base/base.h"
#include "jumpcut.h"

#define MODEL JC_SOURCE_DIR "/tests/golden/models/tiny-gpt2"
#define SAMPLES                                                                            \
    "{\"ids\":[5,6,7,8],\"positions\":[0,3],\"split\":\"train\"}\n"                        \
    "{\"ids\":[9,10],\"positions\":[0,1],\"split\":\"train\"}\n"                           \
    "{\"ids\":[11,5,6],\"positions\":[1,2],\"split\":\"val\"}\n"                           \
    "{\"ids\":[12,60],\"positions\":[1],\"split\":\"val\"}\n"

struct line {
    jc_model *model;
    jc_samples *train, *val;
    jc_stats *stats, *loaded;
    jc_shortcut *fitted, *opened;
    jc_results *results;
    char *json; /* what a run without failures gives */
};

static jc_status open_samples(jc_samples **out, const char *path, const char *split,
                              jc_error *err)
{
    jc_samples_params params;

    jc_samples_params_init(&params);
    params.context = 32;
    params.vocab = 61;
    params.split = split;
    return jc_samples_from_file(out, path, &params, err);
}

static jc_status run(struct line *x, void **state, jc_error *err)
{
    const char *samples = scratch_path(state, "samples.jsonl");
    const char *sums = scratch_path(state, "sums"), *maps = scratch_path(state, "maps");
    jc_model_params params;

    jc_model_params_init(&params);
    params.backend = "ref";
    params.threads = 1;
    jc_status st = jc_model_open(&x->model, MODEL, &params, err);
    if (st == JC_OK)
        st = open_samples(&x->train, samples, "train", err);
    if (st == JC_OK)
        st = jc_stats_gather(&x->stats, x->model, x->train, NULL, err);
    if (st == JC_OK)
        st = jc_stats_save(x->stats, sums, err);
    if (st == JC_OK)
        st = jc_stats_load(&x->loaded, sums, err);
    if (st == JC_OK)
        st = jc_stats_merge(x->loaded, x->stats, err);
    if (st == JC_OK)
        st = jc_fit(&x->fitted, x->loaded, NULL, err);
    if (st == JC_OK)
        st = jc_shortcut_save(x->fitted, maps, err);
    if (st == JC_OK)
        st = jc_shortcut_open(&x->opened, maps, err);
    if (st == JC_OK)
        st = open_samples(&x->val, samples, "val", err);
    if (st == JC_OK)
        st = jc_eval(&x->results, x->model, (const jc_shortcut *const *)&x->opened, 1,
                     x->val, NULL, err);
    if (st == JC_OK)
        st = jc_results_json(x->results, &x->json, err);
    return st;
}

/* What failed is NULL; what was made before it is whole. */
static void release(struct line *x)
{
    jc_results_free(x->results);
    jc_shortcut_free(x->opened);
    jc_shortcut_free(x->fitted);
    jc_stats_free(x->loaded);
    jc_stats_free(x->stats);
    jc_samples_close(x->val);
    jc_samples_close(x->train);
    jc_model_close(x->model);
    jc_free(x->json);
}

/* A file that has its name can be read. */
static void check_files(void **state)
{
    jc_error err = {JC_OK, ""};

    if (access(scratch_path(state, "sums"), F_OK) == 0) {
        jc_stats *stats = NULL;
        if (jc_stats_load(&stats, scratch_path(state, "sums"), &err))
            fail_msg("%s", err.message);
        jc_stats_free(stats);
    }
    if (access(scratch_path(state, "maps"), F_OK) == 0) {
        jc_shortcut *maps = NULL;
        if (jc_shortcut_open(&maps, scratch_path(state, "maps"), &err))
            fail_msg("%s", err.message);
        jc_shortcut_free(maps);
    }
}

static void torture(void **state, void (*break_at)(long n))
{
    struct line whole = {0};
    jc_error err = {JC_OK, ""};
    const long step =
        getenv("JC_LONG") ? 1 : 3; /* no pattern of the code has that length */
    bool whole_run = false;
    jc_status st;
    long n = 0;

    scratch_text(state, "samples.jsonl", SAMPLES);
    if (run(&whole, state, &err))
        fail_msg("%s", err.message);
    for (; !whole_run; n += step) {
        struct line x = {0};

        unlink(scratch_path(state, "sums"));
        unlink(scratch_path(state, "maps"));
        err = (jc_error){JC_OK, ""};
        break_at(n);
        st = run(&x, state, &err);
        jc_alloc_fail_after(-1);
        whole_run = st == JC_OK && !jc_alloc_failed();
        if (st) {
            if (st != JC_E_NOMEM)
                fail_msg("allocation %ld: %s", n, err.message);
            assert_non_null(strstr(err.message, "memory"));
            assert_null(x.json);
        } else {
            assert_string_equal(x.json, whole.json);
        }
        check_files(state);
        release(&x);
    }
    print_message("%ld allocations\n", n - step);
    assert_true(n > 100); /* the hook is in use */
    release(&whole);
}

static void test_line__short_memory_is_said_and_nothing_leaks(void **state)
{
    torture(state, jc_alloc_fail_after);
}

static void test_line__one_failed_allocation_is_said_or_does_no_harm(void **state)
{
    torture(state, jc_alloc_fail_only);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_line__short_memory_is_said_and_nothing_leaks),
        SCRATCH_TEST(test_line__one_failed_allocation_is_said_or_does_no_harm),
    };

    json_set_alloc_funcs(jc_alloc_json, jc_free);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
