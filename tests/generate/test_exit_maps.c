/* SPDX-License-Identifier: MIT */
/* Exits by maps of each form: what they cost, against the shapes of tiny-gpt2 (3 blocks, 24
 * wide), and that their texts are those of the same maps as matrices. */
#include "support/check.h"

#include <math.h>

#include "jumpcut/generate.h"
#include "support/shortcuts.h"

enum { RANK = 3, TOKENS = 6 };

struct text {
    uint32_t id[TOKENS];
    double logprob[TOKENS];
    size_t n;
};

static bool on_token(void *arg, const jc_token *token)
{
    struct text *text = arg;

    assert_true(text->n < TOKENS);
    text->id[text->n] = token->id;
    text->logprob[text->n++] = token->logprob;
    return true;
}

static jc_model *open_tiny(void)
{
    jc_model *model;

    assert_int_equal(
        jc_model_open(&model, JC_SOURCE_DIR "/tests/golden/models/tiny-gpt2", NULL, NULL),
        JC_OK);
    return model;
}

static void fill_at_random(jc_map *map)
{
    jc_rng rng = {5};

    for (size_t i = 0; map->form->tensors[i].name; i++)
        for (size_t k = 0;
             map->tensor[i].data && k < map->tensor[i].rows * map->tensor[i].cols; k++)
            ((float *)map->tensor[i].own)[k] = 0.5F * (float)jc_rng_uniform(&rng) - 0.2F;
}

static jc_map *add_narrow(jc_shortcut *shortcut, jc_place place, bool constant)
{
    const jc_map_spec spec = {
        .form = &jc_form_low_rank, .place = place, .rank = RANK, .optional = constant};
    jc_map *map;

    assert_int_equal(jc_shortcut_add(shortcut, &spec, &map, NULL), JC_OK);
    fill_at_random(map);
    return map;
}

/* A narrow map from every layer to every later one, or one map for all to the last. */
static jc_shortcut *narrow_maps(const jc_model *model, bool shared)
{
    const uint32_t last = jc_model_get_info(model)->layers;
    jc_shortcut *shortcut = shortcut_of(model, &jc_form_low_rank);
    const jc_place place = {.kind = JC_PLACE_SHARED, .to = jc_place_layers(0, last).to};
    const jc_map *base = shared ? add_narrow(shortcut, place, true) : NULL;

    for (uint32_t i = 1; i < last; i++)
        for (uint32_t j = i + 1; j <= last; j++) {
            const jc_map_spec spec = {
                .form = &jc_form_shared, .place = jc_place_layers(i, j), .optional = true};
            jc_map *map;
            if (!shared || j < last) {
                add_narrow(shortcut, jc_place_layers(i, j), i == 1);
                continue;
            }
            assert_int_equal(jc_shortcut_add(shortcut, &spec, &map, NULL), JC_OK);
            map->base = base;
            fill_at_random(map);
        }
    return shortcut;
}

/* The same maps as matrices. */
static jc_shortcut *dense_of(const jc_model *model, const jc_shortcut *shortcut)
{
    const uint32_t last = jc_model_get_info(model)->layers;
    jc_shortcut *dense = shortcut_of(model, &jc_form_affine);

    for (uint32_t i = 1; i < last; i++)
        for (uint32_t j = i + 1; j <= last; j++) {
            jc_map *map;
            const jc_map_spec spec = {
                .form = &jc_form_affine, .place = jc_place_layers(i, j), .optional = true};
            assert_int_equal(jc_shortcut_add(dense, &spec, &map, NULL), JC_OK);
            assert_int_equal(jc_map_dense(jc_shortcut_find(shortcut, i, j),
                                          jc_map_fill(map, "weight"),
                                          jc_map_fill(map, "bias"), NULL),
                             JC_OK);
        }
    return dense;
}

static struct text run_exits(const jc_model *model, const jc_shortcut *maps,
                             jc_generate_stats *stats)
{
    static const uint32_t ids[] = {1, 7, 3};
    const jc_prompt prompt = {ids, 3};
    struct text text = {.n = 0};
    jc_generate_params params;
    jc_error err;

    jc_generate_params_init(&params);
    params.tokens = TOKENS;
    params.shortcut = maps;
    params.exit = "max";
    params.exit_at = "1";
    params.exit_threshold = -1; /* all leave */
    params.kv_fill = "mat";
    params.logprobs = true;
    *stats = (jc_generate_stats){.size = sizeof *stats};
    params.stats = stats;
    if (jc_generate(model, &prompt, 1, &params, on_token, &text, &err))
        fail_msg("%s", err.message);
    assert_int_equal(text.n, TOKENS);
    return text;
}

/* Exits by narrow maps, shared or not, run their two matrices, and are counted so: 2 r d
 * multiply-adds a token. Their texts are those of the product as one matrix. */
static void test_exit_maps__a_narrow_map_costs_its_two_matrices(void **state)
{
    const double d = 24, tokens = TOKENS, narrow = 2 * RANK * d;
    jc_model *model = open_tiny();

    (void)state;
    for (int shared = 0; shared < 2; shared++) {
        jc_generate_stats s, whole;
        jc_shortcut *maps = narrow_maps(model, shared), *dense = dense_of(model, maps);
        struct text got = run_exits(model, maps, &s);
        struct text want = run_exits(model, dense, &whole);
        assert_int_equal(s.left[0], tokens);
        assert_true(s.maps.flops == tokens * 2 * narrow);
        assert_true(s.maps.bytes == tokens * 4 * narrow);
        assert_true(whole.maps.flops == tokens * 2 * d * d);
        /* the fill maps to layer 2; keys of blocks 2 and 3 cost the same in both */
        assert_true(whole.fills.flops - s.fills.flops == tokens * 2 * (d * d - narrow));
        assert_true(whole.fills.bytes - s.fills.bytes == tokens * 4 * (d * d - narrow));
        for (size_t t = 0; t < (size_t)tokens; t++) {
            assert_int_equal(got.id[t], want.id[t]);
            assert_true(fabs(got.logprob[t] - want.logprob[t]) < 1e-4);
        }
        jc_shortcut_free(maps);
        jc_shortcut_free(dense);
    }
    jc_model_close(model);
}

/* The logit lens has no map to pay for. */
static void test_exit_maps__the_identity_costs_nothing(void **state)
{
    jc_model *model = open_tiny();
    jc_shortcut *id = shortcut_of(model, &jc_form_identity);
    jc_generate_stats s;

    (void)state;
    run_exits(model, id, &s);
    assert_int_equal(s.maps.n, TOKENS);
    assert_true(s.maps.flops == 0 && s.maps.bytes == 0);
    assert_true(s.fills.flops == TOKENS * 2 * 2 * 3 * 24.0 * 24);
    jc_shortcut_free(id);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit_maps__a_narrow_map_costs_its_two_matrices),
        cmocka_unit_test(test_exit_maps__the_identity_costs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
