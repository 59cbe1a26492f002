/* SPDX-License-Identifier: MIT */
/* Models as GGUF, written by the gguf package, against transformers and against the same
 * weights in a folder. */
#include <stdlib.h>

#include "model/arch.h"
#include "model/golden.h"

#define GGUF JC_SOURCE_DIR "/tests/golden/gguf/"

/* What an architecture's first model leaves out. */
static const char *const options[] = {"tiny-llama-linear", "tiny-llama-yarn",
                                      "tiny-phi3-window", "tiny-gpt_neox-serial"};

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

static void check_equal(const char *a_path, const char *b_path, const char *name)
{
    struct golden g;

    golden_open(&g, name);
    jc_model *a = open_model(a_path, "onednn", "f32");
    jc_model *b = open_model(b_path, "onednn", "f32");
    jc_session *x = run(a, g.texts, g.n_texts), *y = run(b, g.texts, g.n_texts);
    for (uint32_t tap = 0; tap < g.taps; tap++)
        if (memcmp(jc_session_states(x, tap), jc_session_states(y, tap),
                   g.used * g.width * sizeof(float)) != 0)
            fail_msg("%s, tap %u differs", a_path, tap);
    jc_session_free(x);
    jc_session_free(y);
    jc_model_close(a);
    jc_model_close(b);
    golden_close(&g);
}

/* Bit for bit, but for Llama 3's scaling, which is there as a float32 factor for each pair,
 * so that a frequency is rounded once more; it is within 1e-5 of the reference, as the
 * folder is. */
static void test_gguf__the_same_weights_give_the_same_states_as_a_folder(void **state)
{
    char a[512], b[512], name[64];

    (void)state;
    for (size_t i = 0; name_of(i, name, sizeof name); i++) {
        if (strcmp(name, "tiny-llama") == 0)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gguf__every_model_gives_the_reference_states),
        cmocka_unit_test(test_gguf__the_same_weights_give_the_same_states_as_a_folder),
        cmocka_unit_test(test_gguf__a_model_in_parts_is_that_in_one_file),
    };
    return cmocka_run_group_tests_name("model/gguf", tests, NULL, NULL);
}
