/* SPDX-License-Identifier: MIT */
/*
 * Published models, where the folder JC_MODELS has them (by default
 * ~/.cache/jumpcut/models): some states against those of transformers on the same weights,
 * which the gguf package dequantised. Both are float32, so that the tolerance is 1e-4 of
 * the largest value in a row.
 */
#include <stdlib.h>
#include <unistd.h>

#include "model/golden.h"

static const struct {
    const char *architecture, *file;
} rows[] = {
    {"gemma3", "gemma-3-270m-q4_k_m.gguf"},
    {"bert", "all-minilm-l6-v2"},
};

/* False, and said, where it is not there. */
static bool path_of(const char *file, char *path, size_t size)
{
    const char *models = getenv("JC_MODELS"), *home = getenv("HOME");

    if (models)
        snprintf(path, size, "%s/%s", models, file);
    else
        snprintf(path, size, "%s/.cache/jumpcut/models/%s", home ? home : "", file);
    if (access(path, R_OK) == 0)
        return true;
    print_message("skipped: no '%s'; JC_MODELS names the folder that has it\n", path);
    return false;
}

static void check_published(const char *architecture, const char *path)
{
    char golden[512], what[128];
    jc_safetensors *file;
    size_t n = 0, n_taps = 0, n_rows = 0;

    snprintf(golden, sizeof golden, JC_SOURCE_DIR "/tests/golden/real/%s.safetensors",
             architecture);
    assert_int_equal(jc_safetensors_open(&file, golden, NULL), JC_OK);
    uint32_t *ids = read_whole(file, "ids", &n);
    uint32_t *taps = read_whole(file, "taps", &n_taps);
    uint32_t *at = read_whole(file, "rows", &n_rows);
    float *want = read_all(file, "states");
    jc_model *model = open_model(path, "onednn", "f32");
    size_t d = jc_model_get_info(model)->width;
    const jc_text text = {ids, (uint32_t)n, at, (uint32_t)n_rows};
    jc_session *session = run(model, &text, 1);
    assert_string_equal(jc_model_get_info(model)->architecture, architecture);
    for (size_t t = 0; t < n_taps; t++) {
        snprintf(what, sizeof what, "%s, tap %u", architecture, taps[t]);
        check_rows(jc_session_states(session, taps[t]), want + t * n_rows * d, n_rows, d,
                   1e-4, what);
    }
    jc_session_free(session);
    jc_model_close(model);
    jc_safetensors_close(file);
    jc_free(ids);
    jc_free(taps);
    jc_free(at);
    jc_free(want);
}

static void test_real__states_are_those_of_transformers(void **state)
{
    char path[512];
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < JC_COUNT(rows); i++)
        if (path_of(rows[i].file, path, sizeof path)) {
            check_published(rows[i].architecture, path);
            n++;
        }
    if (n == 0)
        skip();
}

/* Such a model is one of these, or that of test_golden.c. */
static bool is_tested(const char *architecture, const char *model)
{
    for (size_t i = 0; i < JC_COUNT(rows); i++)
        if (strcmp(rows[i].architecture, architecture) == 0)
            return strncmp(rows[i].file, model, strlen(model)) == 0;
    return strcmp(architecture, "llama") == 0 && strcmp(model, "stories260K") == 0;
}

static void test_real__the_table_names_trained_models_that_are_tested(void **state)
{
    size_t n = 0;
    jc_architecture arch;

    (void)state;
    for (const char *const *name = jc_architecture_list(); *name; name++) {
        assert_true(jc_architecture_find(*name, &arch));
        if (strcmp(arch.compared, "tiny") == 0)
            continue;
        if (!is_tested(*name, arch.compared))
            fail_msg("%s: no test compares '%s'", *name, arch.compared);
        n++;
    }
    assert_int_equal(n, JC_COUNT(rows) + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real__the_table_names_trained_models_that_are_tested),
        cmocka_unit_test(test_real__states_are_those_of_transformers),
    };
    return cmocka_run_group_tests_name("model/real", tests, NULL, NULL);
}
