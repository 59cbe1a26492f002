/* SPDX-License-Identifier: MIT */
/* What jc_eval() gives is enough for a report: a program that has nothing to add about its
 * texts adds nothing. */
#include "support/scratch.h"

#include "jumpcut.h"

#define MODEL  JC_SOURCE_DIR "/tests/golden/models/tiny-gpt2"
#define SAMPLE "{\"ids\":[5,6,7,8],\"positions\":[0,1,2,3]}\n"

static jc_samples *open_samples(void **state)
{
    jc_samples *samples;

    scratch_text(state, "samples.jsonl", SAMPLE SAMPLE);
    assert_int_equal(
        jc_samples_from_file(&samples, scratch_path(state, "samples.jsonl"), NULL, NULL),
        JC_OK);
    return samples;
}

static void test_pages__results_of_an_eval_alone_make_a_report(void **state)
{
    const char *path = scratch_path(state, "report.html");
    jc_error err = {JC_OK, ""};
    jc_samples *samples = open_samples(state);
    jc_model *model;
    jc_stats *stats;
    jc_shortcut *shortcut;
    jc_results *results;
    char *json, head[16] = "";

    assert_int_equal(jc_model_open(&model, MODEL, NULL, &err), JC_OK);
    assert_int_equal(jc_stats_gather(&stats, model, samples, NULL, &err), JC_OK);
    assert_int_equal(jc_fit(&shortcut, stats, NULL, &err), JC_OK);
    jc_samples_close(samples);
    samples = open_samples(state);
    const jc_shortcut *const maps[] = {shortcut};
    assert_int_equal(jc_eval(&results, model, maps, 1, samples, NULL, &err), JC_OK);
    assert_int_equal(jc_results_json(results, &json, &err), JC_OK);
    if (jc_report_write_json(json, strlen(json), "results", path, &err))
        fail_msg("%s", err.message);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(head, sizeof head, f));
    assert_string_equal(head, "<!DOCTYPE html>");
    fclose(f);
    free(json);
    jc_results_free(results);
    jc_samples_close(samples);
    jc_shortcut_free(shortcut);
    jc_stats_free(stats);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_pages__results_of_an_eval_alone_make_a_report),
    };
    return cmocka_run_group_tests_name("api/pages", tests, NULL, NULL);
}
