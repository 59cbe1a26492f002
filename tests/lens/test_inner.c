/* SPDX-License-Identifier: MIT */
/*
 * Taps inside blocks, and the maps that read them. The map of 1.attn gives one state,
 * whatever it takes: what is read there must be the read-out of that state.
 */
#include <stdlib.h>

#include "lens/lens.h"
#include "model/golden.h"
#include "shortcut/shortcut.h"
#include "support/shortcuts.h"

#define TOKENIZER JC_SOURCE_DIR "/tests/golden/tokenizer/tiny"

enum { COLUMNS = 8, GUESSES = 3 };

static const uint32_t ids[COLUMNS] = {5, 17, 2, 40, 8, 8, 31, 11};

/* A shortcut that holds the map of 1.attn alone. */
static jc_shortcut *inner_map(const jc_model *model, const float **state)
{
    const jc_model_info *info = jc_model_get_info(model);
    jc_map_spec spec = {.form = &jc_form_affine};
    jc_shortcut *made;
    jc_map *map;
    char name[40];

    snprintf(name, sizeof name, "map.1.attn.%u", info->layers);
    assert_true(jc_place_read(&spec.place, name, strlen(name), info->layers));
    made = shortcut_of(model, &jc_form_affine);
    assert_int_equal(jc_shortcut_add(made, &spec, &map, NULL), 0); /* zeroed */
    float *bias = jc_map_fill(map, "bias");
    for (uint32_t r = 0; r < info->width; r++)
        bias[r] = (float)sin(1 + 3 * r);
    *state = bias;
    return made;
}

static jc_lens *read_at(const jc_model *model, const jc_tokenizer *tokenizer,
                        const jc_shortcut *shortcut, const char *at)
{
    jc_lens_params params;
    jc_lens *lens;
    jc_error err;

    jc_lens_params_init(&params);
    params.top = GUESSES;
    params.at = at;
    if (jc_lens_new(&lens, model, tokenizer, &shortcut, shortcut != NULL, ids, COLUMNS,
                    &params, &err))
        fail_msg("%s", err.message);
    return lens;
}

/* The likeliest token of a state read out, and its probability. */
static uint32_t read_out(const jc_model *model, const float *state, double *p)
{
    size_t vocab = jc_model_get_info(model)->vocab;
    float *logits = calloc(vocab, sizeof *logits);
    uint32_t best = 0;
    double sum = 0;

    assert_non_null(logits);
    assert_int_equal(jc_model_readout(model, state, 1, logits, NULL), JC_OK);
    for (uint32_t i = 0; i < vocab; i++) {
        sum += exp((double)logits[i]);
        best = logits[i] > logits[best] ? i : best;
    }
    *p = exp((double)logits[best]) / sum;
    free(logits);
    return best;
}

static void test_inner__a_tap_is_read_through_its_map_and_others_as_before(void **state)
{
    jc_model *model = open_model(MODELS "tiny-gpt2", "onednn", "f32");
    jc_tokenizer *tokenizer;
    const float *made;
    double p;

    (void)state;
    assert_int_equal(jc_tokenizer_open(&tokenizer, TOKENIZER, NULL), JC_OK);
    jc_shortcut *shortcut = inner_map(model, &made);
    jc_lens *with = read_at(model, tokenizer, shortcut, "1.attn,2.mlp");
    jc_lens *without = read_at(model, tokenizer, NULL, "1.attn,2.mlp");
    uint32_t best = read_out(model, made, &p);
    for (size_t row = 0; row < jc_lens_rows(with); row++) {
        jc_tap tap = jc_lens_tap(with, row);
        bool mapped = tap.block == 1 && tap.point;
        assert_string_equal(with->through[row], mapped ? "made" : "");
        assert_string_equal(without->through[row], "");
        for (size_t c = 0; c < COLUMNS; c++) {
            jc_lens_cell got = jc_lens_at(with, 0, row, c);
            jc_lens_cell as_is = jc_lens_at(without, 0, row, c);
            assert_int_equal(got.ids[0], mapped ? best : as_is.ids[0]);
            assert_true(fabs((double)got.p[0] - (mapped ? p : (double)as_is.p[0])) < 1e-6);
        }
    }
    jc_lens_free(with);
    jc_lens_free(without);
    jc_shortcut_free(shortcut);
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
}

/* It reads no layer, so it is no map of the lens's own. */
static void test_inner__a_shortcut_of_such_maps_alone_is_no_choice(void **state)
{
    jc_model *model = open_model(MODELS "tiny-gpt2", "onednn", "f32");
    jc_tokenizer *tokenizer;
    const float *made;

    (void)state;
    assert_int_equal(jc_tokenizer_open(&tokenizer, TOKENIZER, NULL), JC_OK);
    jc_shortcut *shortcut = inner_map(model, &made);
    jc_lens *lens = read_at(model, tokenizer, shortcut, NULL);
    assert_string_equal(jc_lens_map(lens, 0), "id");
    assert_null(jc_lens_map(lens, 1));
    jc_lens_free(lens);
    assert_int_equal(
        jc_shortcut_set_meta(shortcut, "model.fingerprint", "of another model", NULL), 0);
    jc_lens_params params;
    jc_lens_params_init(&params);
    assert_int_equal(jc_lens_new(&lens, model, tokenizer,
                                 (const jc_shortcut *const *)&shortcut, 1, ids, COLUMNS,
                                 &params, NULL),
                     JC_E_MISMATCH);
    jc_shortcut_free(shortcut);
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inner__a_tap_is_read_through_its_map_and_others_as_before),
        cmocka_unit_test(test_inner__a_shortcut_of_such_maps_alone_is_no_choice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
