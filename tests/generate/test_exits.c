/* SPDX-License-Identifier: MIT */
/* Early exit: tokens and exits against tests/golden/make_exits.py, which has them from the
 * transformers package; and laws. */
#include "support/scratch.h"

#include <dirent.h>
#include <math.h>

#include "generate/exits.h"
#include "generate/fills.h"
#include "generate/gates.h"
#include "jumpcut/generate.h"
#include "shortcut/shortcut.h"
#include "store/store.h"
#include "support/shortcuts.h"

#define GOLDEN JC_SOURCE_DIR "/tests/golden/"
#define TINY   GOLDEN "models/tiny-gpt2"

static const char *const models[] = {
    "tiny-gpt2",   "tiny-gemma3",  "tiny-exaone4",    "tiny-smollm3",         "tiny-lfm2",
    "tiny-mamba2", "tiny-qwen3_5", "tiny-qwen3_next", "tiny-granitemoehybrid"};

enum { MOST = 4, LONG = 64 };
struct told {
    struct {
        uint32_t id[LONG], layer[LONG];
        double logprob[LONG];
        size_t n;
    } seq[MOST];
    size_t notes;
    char note[400];
};

static bool on_token(void *arg, const jc_token *token)
{
    struct told *told = arg;

    assert_true(token->sequence < MOST);
    size_t n = told->seq[token->sequence].n++;
    assert_true(n < LONG);
    told->seq[token->sequence].id[n] = token->id;
    told->seq[token->sequence].layer[n] = token->layer;
    told->seq[token->sequence].logprob[n] = token->logprob;
    return true;
}

static jc_model *open(const char *path)
{
    jc_model *model;
    jc_error err;

    if (jc_model_open(&model, path, NULL, &err))
        fail_msg("%s", err.message);
    return model;
}

static struct told *run(const jc_model *model, const jc_prompt *prompts, size_t n,
                        const jc_generate_params *params)
{
    struct told *told = calloc(1, sizeof *told);
    jc_error err;

    assert_non_null(told);
    if (jc_generate(model, prompts, n, params, on_token, told, &err))
        fail_msg("%s", err.message);
    return told;
}

static const float *floats(const jc_safetensors *file, const char *name, size_t n)
{
    const jc_tensor *t = jc_safetensors_find(file, name);

    if (!t)
        fail_msg("'%s' is not there", name);
    assert_int_equal(t->count, n);
    return (const float *)(const void *)t->data;
}

static jc_map *add_map(jc_shortcut *shortcut, uint32_t i, uint32_t j)
{
    const jc_map_spec spec = {
        .form = &jc_form_affine, .place = jc_place_layers(i, j), .optional = true};
    jc_map *map;

    assert_int_equal(jc_shortcut_add(shortcut, &spec, &map, NULL), JC_OK);
    return map;
}

static jc_shortcut *golden_maps(const jc_model *model, const jc_safetensors *file)
{
    const jc_model_info *info = jc_model_get_info(model);
    size_t d = info->width;
    jc_shortcut *shortcut = shortcut_of(model, &jc_form_affine);
    char name[64];

    for (uint32_t i = 1; i < info->layers; i++)
        for (uint32_t j = i + 1; j <= info->layers; j++) {
            jc_map *map = add_map(shortcut, i, j);
            int n = snprintf(name, sizeof name, "map.%u.%u", i, j);
            memcpy(jc_map_fill(map, "weight"), floats(file, name, d * d),
                   d * d * sizeof(float));
            snprintf(name + n, sizeof name - (size_t)n, ".bias");
            memcpy(jc_map_fill(map, "bias"), floats(file, name, d), d * sizeof(float));
        }
    return shortcut;
}

/* Maps near the identity between all layers from 1 on. */
static jc_shortcut *random_maps(const jc_model *model, bool bad)
{
    const jc_model_info *info = jc_model_get_info(model);
    size_t d = info->width;
    jc_shortcut *shortcut = shortcut_of(model, &jc_form_affine);
    jc_rng rng = {3};

    for (uint32_t i = 1; i < info->layers; i++)
        for (uint32_t j = i + 1; j <= info->layers; j++) {
            jc_map *map = add_map(shortcut, i, j);
            float *w = jc_map_fill(map, "weight"), *b = jc_map_fill(map, "bias");
            for (size_t k = 0; k < d * d; k++)
                w[k] =
                    (float)(k % (d + 1) == 0) + 0.3F * ((float)jc_rng_uniform(&rng) - 0.5F);
            for (size_t k = 0; k < d; k++)
                b[k] = bad ? NAN : 0.1F * (float)jc_rng_uniform(&rng);
        }
    return shortcut;
}

/* ---- against transformers ---- */

static void exits_of(const jc_model *model, char text[64])
{
    size_t n = 0;

    for (uint32_t l = 1; l < jc_model_get_info(model)->layers; l++)
        n += (size_t)snprintf(text + n, 64 - n, "%s%u", l > 1 ? "," : "", l);
}

static size_t check_golden(const jc_model *model, const jc_safetensors *file,
                           const jc_generate_params *params, const char *gate,
                           const char *fill)
{
    uint32_t ids[LONG], layers[LONG];
    jc_generate_params own = *params;
    jc_generate_stats stats = {.size = sizeof stats};
    char name[64];

    snprintf(name, sizeof name, "%s.lambda", gate);
    own.exit_threshold = (double)*floats(file, name, 1);
    own.exit = gate;
    own.kv_fill = fill;
    own.stats = &stats;
    snprintf(name, sizeof name, "%s.%s.layers", gate, fill);
    const jc_tensor *t = jc_safetensors_find(file, name);
    assert_non_null(t);
    memcpy(layers, t->data, t->bytes);
    own.tokens = (uint32_t)t->count;
    snprintf(name, sizeof name, "%s.%s.ids", gate, fill);
    const jc_tensor *all = jc_safetensors_find(file, name);
    assert_non_null(all);
    memcpy(ids, all->data, all->bytes);
    size_t n_prompt = all->count - t->count, early = 0;
    const jc_prompt prompts[] = {{ids, n_prompt}, {ids, n_prompt - 1}, {ids, n_prompt}};
    struct told *told = run(model, prompts, 3, &own);
    for (size_t k = 0; k < 3; k += 2) /* the one between must not disturb them */
        for (size_t i = 0; i < t->count; i++) {
            if (told->seq[k].id[i] != ids[n_prompt + i] ||
                told->seq[k].layer[i] != layers[i])
                fail_msg("%s, %s, %s: token %zu is %u after block %u, want %u after %u",
                         jc_model_get_info(model)->path, gate, fill, i, told->seq[k].id[i],
                         told->seq[k].layer[i], ids[n_prompt + i], layers[i]);
            early += layers[i] < jc_model_get_info(model)->layers;
        }
    free(told);
    uint64_t left = 0;
    for (size_t p = 0; p <= stats.exit_points; p++)
        left += stats.left[p];
    assert_int_equal(left, stats.tokens);
    return early;
}

static void test_exits__tokens_and_layers_are_those_of_transformers(void **state)
{
    size_t early = 0;

    (void)state;
    for (size_t m = 0; m < JC_COUNT(models); m++) {
        char path[512], at[64];
        jc_safetensors *file;
        jc_generate_params params;
        snprintf(path, sizeof path, GOLDEN "models/%s", models[m]);
        jc_model *model = open(path);
        snprintf(path, sizeof path, GOLDEN "exits/%s.safetensors", models[m]);
        assert_int_equal(jc_safetensors_open(&file, path, NULL), JC_OK);
        jc_shortcut *maps = golden_maps(model, file);
        exits_of(model, at);
        jc_generate_params_init(&params);
        params.shortcut = maps;
        params.exit_at = at;
        for (size_t g = 0; jc_gate_name(g); g++)
            for (size_t f = 0; jc_fill_name(f); f++)
                early +=
                    check_golden(model, file, &params, jc_gate_name(g), jc_fill_name(f));
        jc_shortcut_free(maps);
        jc_safetensors_close(file);
        jc_model_close(model);
    }
    assert_true(early > 500);
}

/* ---- laws ---- */

/* Where no token leaves, text and log-probabilities are those of plain generation, bit for
 * bit, whatever the fill, the draw and the type of keys and values. */
static void check_never(const char *path, const char *const *gates, size_t n_gates,
                        uint32_t tokens)
{
    static uint32_t ids[3][9] = {{1, 7, 3, 9, 2, 11, 4, 8, 5}, {6, 2}, {3, 3, 3, 5}};
    const jc_prompt prompts[] = {{ids[0], 9}, {ids[1], 2}, {ids[2], 4}};
    char at[64];
    jc_generate_params params;
    jc_model *model = open(path);
    jc_shortcut *maps = random_maps(model, false);

    exits_of(model, at);
    for (int warm = 0; warm < 2; warm++) {
        jc_generate_params_init(&params);
        params.tokens = tokens;
        params.logprobs = true;
        params.temperature = warm;
        params.kv = warm ? "f16" : "f32";
        struct told *plain = run(model, prompts, 3, &params);
        params.shortcut = maps;
        params.exit_at = at;
        params.exit_threshold = 1000;
        for (size_t g = 0; g < n_gates; g++) {
            params.exit = gates[g];
            params.kv_fill = jc_fill_name((g + (size_t)warm) % 3);
            struct told *told = run(model, prompts, 3, &params);
            if (memcmp(told, plain, sizeof *told) != 0)
                fail_msg("%s, %s, %s: another text", path, gates[g], params.kv_fill);
            free(told);
        }
        free(plain);
    }
    jc_shortcut_free(maps);
    jc_model_close(model);
}

static void test_exits__that_are_never_taken_change_nothing(void **state)
{
    const char *gates[16];
    size_t n = 0;

    (void)state;
    for (; n < JC_COUNT(gates) && jc_gate_name(n); n++)
        gates[n] = jc_gate_name(n);
    for (size_t m = 0; m < JC_COUNT(models); m++) {
        char path[512];
        snprintf(path, sizeof path, GOLDEN "models/%s", models[m]);
        check_never(path, gates, n, 20);
    }
}

/* Each kind of model with each fill: tokens leave, and the texts do not depend on what is
 * written beside them. */
static size_t check_leaving(const char *path)
{
    static uint32_t ids[2][9] = {{1, 7, 3, 9, 2, 11, 4, 8, 5}, {6, 2}};
    const jc_prompt prompts[] = {{ids[0], 9}, {ids[1], 2}};
    char at[64];
    size_t early = 0;
    jc_generate_params params;
    jc_model *model = open(path);
    jc_shortcut *maps = random_maps(model, false);

    exits_of(model, at);
    jc_generate_params_init(&params);
    params.tokens = 6;
    params.logprobs = true;
    params.shortcut = maps;
    params.exit_at = at;
    params.exit = "max";
    params.exit_threshold = 0.1;
    for (size_t f = 0; jc_fill_name(f); f++) {
        params.kv_fill = jc_fill_name(f);
        struct told *both = run(model, prompts, 2, &params);
        struct told *alone = run(model, prompts, 1, &params);
        if (memcmp(&alone->seq[0], &both->seq[0], sizeof both->seq[0]) != 0)
            fail_msg("%s, %s: another text alone", path, params.kv_fill);
        free(alone);
        for (size_t i = 0; i < both->seq[0].n; i++)
            early += both->seq[0].layer[i] < jc_model_get_info(model)->layers;
        free(both);
    }
    jc_shortcut_free(maps);
    jc_model_close(model);
    return early;
}

static void test_exits__every_decoder_has_them(void **state)
{
    static const char *const gates[] = {"max"};
    DIR *folder = opendir(GOLDEN "models");
    size_t n = 0, leaving = 0;
    char path[1024];

    (void)state;
    assert_non_null(folder);
    for (struct dirent *e = readdir(folder); e; e = readdir(folder)) {
        jc_model *model;
        snprintf(path, sizeof path, GOLDEN "models/%s", e->d_name);
        if (strncmp(e->d_name, "tiny-", 5) != 0 || strstr(e->d_name, ".safetensors"))
            continue;
        assert_int_equal(jc_model_inspect(&model, path, NULL), JC_OK);
        bool decoder = jc_model_get_info(model)->causal &&
                       jc_model_get_info(model)->layers > 1; /* no exits in one block */
        jc_model_close(model);
        if (!decoder)
            continue;
        check_never(path, gates, 1, 5);
        leaving += check_leaving(path) > 0;
        n++;
    }
    closedir(folder);
    assert_true(n >= 80);
    assert_true(leaving * 10 >= n * 9); /* nearly all have tokens that leave */
}

/* A map to no number lets no token leave: the text is the full model's. */
static void test_exits__a_map_to_no_number_lets_nobody_leave(void **state)
{
    static const uint32_t ids[] = {1, 7, 3};
    const jc_prompt prompt = {ids, 3};
    jc_model *model = open(TINY);
    jc_shortcut *maps = random_maps(model, true);
    jc_generate_params params;

    (void)state;
    jc_generate_params_init(&params);
    params.tokens = 20;
    struct told *plain = run(model, &prompt, 1, &params);
    params.shortcut = maps;
    params.exit_at = "1,2";
    params.exit_threshold = -2;
    for (size_t g = 0; jc_gate_name(g); g++) {
        params.exit = jc_gate_name(g);
        struct told *told = run(model, &prompt, 1, &params);
        assert_memory_equal(told, plain, sizeof *told);
        free(told);
    }
    free(plain);
    jc_shortcut_free(maps);
    jc_model_close(model);
}

/* What is counted, against the shapes of tiny-gpt2: 3 blocks, 24 wide, 61 tokens. */
static void test_exits__work_is_counted_by_the_shapes(void **state)
{
    static const uint32_t ids[] = {1, 7, 3};
    const jc_prompt prompt = {ids, 3};
    jc_model *model = open(TINY);
    jc_shortcut *maps = random_maps(model, false);
    jc_generate_params params;
    jc_generate_stats s = {.size = sizeof s};
    const double d = 24, vocab = 61, tokens = 6;
    /* queries, keys, values, output, and an MLP of 4 d; norms and biases in bytes too */
    const double block = 12 * d * d, readout = vocab * d;
    const double block_bytes = 4 * (block + 13 * d);
    double context = 0;

    (void)state;
    jc_generate_params_init(&params);
    params.tokens = (uint32_t)tokens;
    params.shortcut = maps;
    params.exit = "max";
    params.exit_at = "2";
    params.exit_threshold = -1; /* all leave */
    params.kv_fill = "copy";
    params.stats = &s;
    free(run(model, &prompt, 1, &params));
    for (size_t i = 0; i < (size_t)tokens; i++)
        context += 3 + (double)i; /* tokens that the i-th step sees, itself among them */
    assert_int_equal(s.left[0], tokens);
    assert_int_equal(s.blocks.n, 2 * tokens);
    assert_true(s.blocks.flops == 2 * (tokens * 2 * block + 4 * d * context));
    assert_true(s.blocks.bytes == 2 * (tokens * block_bytes + 2 * d * context * 4));
    assert_int_equal(s.maps.n, tokens);
    assert_true(s.maps.flops == tokens * 2 * d * d && s.maps.bytes == tokens * 4 * d * d);
    assert_int_equal(s.readouts.n, tokens);
    assert_true(s.readouts.flops == tokens * 2 * readout);
    assert_true(s.readouts.bytes == tokens * 4 * (readout + 2 * d));
    assert_int_equal(s.fills.n, tokens);
    assert_true(s.fills.flops == tokens * 2 * 3 * d * d);
    assert_true(s.plain.flops ==
                3 * (tokens * 2 * block + 4 * d * context) + tokens * 2 * readout);
    jc_shortcut_free(maps);
    jc_model_close(model);
}

/* The choice by cost: with a read-out that costs nothing and maps that cost nothing, exits
 * gain; where a read-out costs more than all blocks, none does, and that is told. */
static void on_note(void *arg, const char *message)
{
    struct told *told = arg;

    told->notes++;
    snprintf(told->note, sizeof told->note, "%s", message);
}

static void test_exits__points_are_chosen_by_what_they_cost(void **state)
{
    static jc_exit_gate gate = {.name = "some", .reads_out = true};
    jc_cost block[12], map[12] = {{0, 0}};
    jc_exits e = {.layers = 12, .gate = &gate, .block = block};
    double gain, brute = 0;

    (void)state;
    for (size_t l = 0; l < 12; l++)
        block[l] = (jc_cost){1, 1};
    jc_exit_points_choose(&e, map, &gain);
    for (int a = 1; a < 12; a++) /* one exit after a: a share (a/12)^4 skips the rest */
        brute = fmax(brute, pow(a / 12.0, 4) * (12 - a) / 12);
    assert_true(gain >= brute && gain < 0.2 && e.n == 3); /* all would save 1/5 */
    e.readout.bytes = 20;
    e.n = 0;
    jc_exit_points_choose(&e, map, &gain);
    assert_int_equal(e.n, 1);
    assert_true(gain < 0);
}

static void test_exits__that_do_not_pay_are_told(void **state)
{
    static const uint32_t ids[] = {1, 7, 3};
    const jc_prompt prompt = {ids, 3};
    jc_model *model = open(TINY);
    jc_shortcut *maps = random_maps(model, false);
    jc_generate_params params;
    struct told told = {.notes = 0};
    const jc_hooks hooks = {.note = on_note, .arg = &told};

    (void)state;
    jc_generate_params_init(&params);
    params.tokens = 2;
    params.shortcut = maps;
    params.exit = "gap";
    params.hooks = &hooks;
    assert_int_equal(jc_generate(model, &prompt, 1, &params, on_token, &told, NULL), JC_OK);
    assert_int_equal(told.notes, 1);
    assert_non_null(strstr(told.note, "exits after "));
    bool pays = strstr(told.note, "of the bytes") != NULL;
    assert_true(pays == !strstr(told.note, "no exit points pay here"));
    jc_shortcut_free(maps);
    jc_model_close(model);
}

/* ---- gates by their definitions ---- */

static void test_exits__the_two_rules_for_gaps_differ_in_the_decay(void **state)
{
    const jc_gate_view view = {.leader = {.id = 3, .p = 0.7, .gap = 0.5}};
    const jc_exit_gate *gap = jc_gate_find("gap"), *calm = jc_gate_find("calm");

    (void)state;
    /* lambda 0.5, decay 0.4: levels 0.49 and 0.47; decay 1: 0.55 and 0.5 */
    assert_true(jc_gate_leaves(gap, &view, 0.5, 0.4));
    assert_true(jc_gate_leaves(calm, &view, 0.5, 0.4));
    assert_false(jc_gate_leaves(gap, &view, 0.5, 1));
    assert_true(jc_gate_leaves(calm, &view, 0.49, 1));
    assert_false(jc_gate_leaves(gap, &view, 0.49, 1));
    assert_null(jc_gate_find("gapp"));
}

/* ---- wrong use ---- */

static void refused(const jc_model *model, const jc_generate_params *params,
                    jc_status status, const char *message)
{
    static const uint32_t ids[] = {1, 7, 3};
    const jc_prompt prompt = {ids, 3};
    struct told told;
    jc_error err;

    assert_int_equal(jc_generate(model, &prompt, 1, params, on_token, &told, &err), status);
    if (!strstr(err.message, message))
        fail_msg("'%s' does not say '%s'", err.message, message);
}

static void test_exits__wrong_use_is_answered(void **state)
{
    jc_model *model = open(TINY), *other = open(GOLDEN "models/tiny-gpt2-bf16");
    jc_shortcut *maps = random_maps(model, false),
                *few = shortcut_of(model, &jc_form_affine);
    jc_generate_params params;

    (void)state;
    add_map(few, 1, 3);
    jc_generate_params_init(&params);
    params.exit = "gap";
    refused(model, &params, JC_E_ARG, "needs shortcuts with maps to layer 3");
    params.shortcut = maps;
    params.exit = "open";
    refused(model, &params, JC_E_ARG, "no gate 'open': choose one of gap, calm, max");
    params.exit = "gap";
    params.kv_fill = "nothing";
    refused(model, &params, JC_E_ARG, "choose one of defer, mat, copy");
    params.kv_fill = "mat";
    static const char *const wrong[][2] = {
        {"3",
         "the exit point 3 is outside the model: its 3 blocks have exits after 1 to 2"},
        {"0", "outside the model"},
        {"1,99999999999999999999", "outside the model"},
        {"2,1", "must ascend: 1 comes after 2"},
        {"1,1", "must ascend"},
        {"1,", "not '1,'"},
        {"1;2", "with commas between"},
        {"-1", "with commas between"},
    };
    for (size_t i = 0; i < JC_COUNT(wrong); i++) {
        params.exit_at = wrong[i][0];
        refused(model, &params, JC_E_ARG, wrong[i][1]);
    }
    params.exit_at = "1,2";
    params.draft = "ngram";
    refused(model, &params, JC_E_ARG, "choose one of them");
    params.draft = "none";
    refused(other, &params, JC_E_MISMATCH, "");
    params.shortcut = few;
    refused(model, &params, JC_E_ARG, "no map 'map.1.2', which the fill 'mat' needs");
    params.kv_fill = "defer";
    refused(model, &params, JC_E_ARG, "no map 'map.2.3', which the gate 'gap' needs");
    params.exit_threshold = NAN;
    params.exit_at = "1";
    refused(model, &params, JC_E_ARG, "--exit-threshold");
    jc_shortcut_free(maps);
    jc_shortcut_free(few);
    jc_model_close(other);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exits__tokens_and_layers_are_those_of_transformers),
        cmocka_unit_test(test_exits__that_are_never_taken_change_nothing),
        cmocka_unit_test(test_exits__every_decoder_has_them),
        cmocka_unit_test(test_exits__a_map_to_no_number_lets_nobody_leave),
        cmocka_unit_test(test_exits__work_is_counted_by_the_shapes),
        cmocka_unit_test(test_exits__points_are_chosen_by_what_they_cost),
        cmocka_unit_test(test_exits__that_do_not_pay_are_told),
        cmocka_unit_test(test_exits__the_two_rules_for_gaps_differ_in_the_decay),
        cmocka_unit_test(test_exits__wrong_use_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
