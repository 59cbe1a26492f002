/* SPDX-License-Identifier: MIT */
/*
 * The numbers of a lens against those of tests/golden/lens, which a program in float64
 * made from their definitions; laws of distributions; and each view read back.
 * long: all cases read a lens by the same few functions.
 *
 * Tolerance 2e-5, absolute for small numbers: float32 states and logits are good to about
 * 1e-6 of the largest, and KL is a difference of such numbers.
 */
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernels/vector.h"
#include "lens/lens.h"
#include "model/golden.h"
#include "shortcut/shortcut.h"
#include "support/scratch.h"
#include "support/shortcuts.h"

#define TOKENIZERS JC_SOURCE_DIR "/tests/golden/tokenizer/"

static jc_tokenizer *open_tokenizer(const char *path)
{
    jc_tokenizer *tokenizer;
    jc_error err = {JC_OK, ""};

    if (jc_tokenizer_open(&tokenizer, path, &err))
        fail_msg("%s", err.message);
    return tokenizer;
}

/* As made_map() of make_lens.py. */
static jc_shortcut *made_maps(const jc_model *model)
{
    const jc_model_info *info = jc_model_get_info(model);
    uint32_t d = info->width;
    jc_shortcut *made;
    jc_map *map;

    made = shortcut_of(model, &jc_form_affine);
    for (uint32_t l = 0; l < info->layers; l++) {
        assert_int_equal(jc_shortcut_add_pair(made, l, info->layers, &map, NULL), 0);
        float *weight = jc_map_fill(map, "weight"), *bias = jc_map_fill(map, "bias");
        for (uint32_t r = 0; r < d; r++) {
            bias[r] = (float)(0.1 * cos(l + r));
            for (uint32_t c = 0; c < d; c++)
                weight[r * d + c] =
                    (float)((r == c ? 0.6 : 0) + 0.2 * sin(1 + l + 3 * r + 7 * c));
        }
    }
    return made;
}

static const uint32_t targets[] = {17, 6}; /* as TARGETS of make_lens.py */

static jc_lens *new_lens_at(const jc_model *model, const jc_tokenizer *tokenizer,
                            const jc_shortcut *shortcut, const char *map, uint32_t top,
                            const uint32_t *ids, size_t n, const char *at)
{
    jc_lens_params params;
    jc_error err = {JC_OK, ""};
    jc_lens *lens;

    jc_lens_params_init(&params);
    params.map = map;
    params.top = top;
    params.at = at;
    params.targets = targets;
    params.n_targets = JC_COUNT(targets);
    if (jc_lens_new(&lens, model, tokenizer, &shortcut, shortcut != NULL, ids, n, &params,
                    &err))
        fail_msg("%s", err.message);
    return lens;
}

static jc_lens *new_lens(const jc_model *model, const jc_tokenizer *tokenizer,
                         const jc_shortcut *shortcut, const char *map, uint32_t top,
                         const uint32_t *ids, size_t n)
{
    return new_lens_at(model, tokenizer, shortcut, map, top, ids, n, NULL);
}

static json_t *view_json(void **state, const jc_lens *lens)
{
    FILE *f = fopen(scratch_path(state, "lens.json"), "w");
    json_error_t why;

    assert_non_null(f);
    assert_int_equal(jc_lens_write(lens, "json", &(jc_lens_look){0}, f, NULL), JC_OK);
    assert_int_equal(fclose(f), 0);
    json_t *json = json_load_file(scratch_path(state, "lens.json"), 0, &why);
    if (!json)
        fail_msg("line %d: %s", why.line, why.text);
    return json;
}

/* `got` has all that `want` has. */
static void check_same(const json_t *got, const json_t *want, const char *what)
{
    const char *key;
    json_t *value;

    if (json_is_object(want)) {
        json_object_foreach((json_t *)(uintptr_t)want, key, value)
            check_same(json_object_get(got, key), value, key);
    } else if (json_is_array(want)) {
        assert_int_equal(json_array_size(got), json_array_size(want));
        for (size_t i = 0; i < json_array_size(want); i++)
            check_same(json_array_get(got, i), json_array_get(want, i), what);
    } else if (json_is_string(want) || json_is_null(want)) {
        assert_true(json_equal(got, want));
    } else {
        double x = json_number_value(got), y = json_number_value(want);
        if (!json_is_number(got) || fabs(x - y) > 2e-5 * fmax(1, fabs(y)) ||
            (json_is_integer(want) && !json_equal(got, want)))
            fail_msg("%s: %.9g instead of %.9g", what, x, y);
    }
}

static void check_golden(void **state, const char *name, const char *tokens, const char *at)
{
    char path[512];
    uint32_t ids[64];

    snprintf(path, sizeof path, JC_SOURCE_DIR "/tests/golden/lens/%s%s.json", name,
             at ? "-at" : "");
    json_t *want = json_load_file(path, 0, NULL);
    assert_non_null(want);
    json_t *list = json_object_get(want, "ids");
    for (size_t i = 0; i < json_array_size(list); i++)
        ids[i] = (uint32_t)json_integer_value(json_array_get(list, i));

    snprintf(path, sizeof path, MODELS "%s", name);
    jc_model *model = open_model(path, "onednn", "f32");
    jc_tokenizer *tokenizer = open_tokenizer(tokens);
    jc_shortcut *made = made_maps(model);
    jc_lens *lens =
        new_lens_at(model, tokenizer, made, "all", 5, ids, json_array_size(list), at);
    json_t *got = view_json(state, lens);
    check_same(got, want, name);
    json_decref(got);
    json_decref(want);
    jc_lens_free(lens);
    jc_shortcut_free(made);
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
}

static void test_lens__a_decoder_gives_the_numbers_of_the_definitions(void **state)
{
    check_golden(state, "tiny-gpt2", TOKENIZERS "tiny", NULL);
}

static void
test_lens__hybrids_and_mixtures_give_the_numbers_of_the_definitions(void **state)
{
    static const char *const names[] = {"tiny-mamba2",
                                        "tiny-granitemoehybrid",
                                        "tiny-lfm2",
                                        "tiny-lfm2_moe",
                                        "tiny-qwen3_next",
                                        "tiny-qwen3_5",
                                        "tiny-qwen3_5_moe",
                                        "tiny-mixtral",
                                        "tiny-qwen2_moe-dense",
                                        "tiny-qwen3_moe-step",
                                        "tiny-olmoe",
                                        "tiny-granitemoe",
                                        "tiny-gpt_oss",
                                        "tiny-deepseek_v2",
                                        "tiny-deepseek_v3",
                                        "tiny-llama4-pieces"};

    for (size_t i = 0; i < JC_COUNT(names); i++)
        check_golden(state, names[i], TOKENIZERS "tiny", NULL);
}

static void test_lens__an_encoder_is_read_at_its_masks(void **state)
{
    check_golden(state, "tiny-bert", TOKENIZERS "wiki-bert", NULL);
}

static void test_lens__points_inside_blocks_are_read_as_they_are(void **state)
{
    check_golden(state, "tiny-gpt2", TOKENIZERS "tiny", "all");
    check_golden(state, "tiny-bert", TOKENIZERS "wiki-bert", "all");
    check_golden(state, "tiny-gpt2", TOKENIZERS "tiny", "mlp,ln2,mid,attn,ln1");
}

static const uint32_t some_ids[] = {5, 9, 2, 60, 0, 7, 7, 33};

static void test_lens__all_guesses_are_a_distribution_the_last_the_models_own(void **state)
{
    jc_model *model = open_model(MODELS "tiny-gpt2", "onednn", "f32");
    jc_tokenizer *tokenizer = open_tokenizer(TOKENIZERS "tiny");
    const jc_model_info *info = jc_model_get_info(model);
    jc_shortcut *made = made_maps(model);
    jc_lens *lens = new_lens(model, tokenizer, made, "all", 1000, some_ids, 8);
    const uint32_t positions[] = {0, 1, 2, 3, 4, 5, 6, 7};
    const jc_text text = {some_ids, 8, positions, 8};
    jc_session *session = run(model, &text, 1);
    float *full = jc_matrix_new(8, info->vocab, sizeof *full);

    (void)state;
    assert_int_equal(
        jc_model_readout(model, jc_session_states(session, info->layers), 8, full, NULL),
        JC_OK);
    for (size_t m = 0; jc_lens_map(lens, m); m++)
        for (uint32_t tap = 0; tap <= info->layers; tap++)
            for (size_t c = 0; c < 8; c++) {
                jc_lens_cell cell = jc_lens_at(lens, m, tap, c);
                double sum = 0, entropy = 0;
                assert_int_equal(cell.n, info->vocab);
                for (size_t i = 0; i < cell.n; i++) {
                    double p = (double)cell.p[i];
                    sum += p;
                    entropy -= p > 0 ? p * log(p) : 0;
                    assert_true(i == 0 || cell.p[i] <= cell.p[i - 1]);
                }
                assert_float_equal(sum, 1, 1e-5);
                assert_float_equal(entropy, cell.entropy, 1e-5);
                assert_true(cell.kl >= 0);
                assert_true(tap < info->layers || (cell.kl <= 0 && cell.rank == 1));
            }
    for (size_t c = 0; c < 8; c++) {
        jc_lens_cell cell = jc_lens_at(lens, 1, info->layers, c);
        jc_vector_get()->softmax(info->vocab, full + c * info->vocab);
        for (size_t i = 0; i < cell.n; i++)
            assert_float_equal((double)cell.p[i],
                               (double)full[c * info->vocab + cell.ids[i]], 1e-6);
    }
    jc_free(full);
    jc_session_free(session);
    jc_lens_free(lens);
    jc_shortcut_free(made);
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
}

/* In the order in which they come about, whatever the order of asking. */
static void test_lens__rows_inside_blocks_stand_between_their_layers(void **state)
{
    static const char *const want[] = {"0",     "1.mlp", "1", "2.ln1", "2.mid",
                                       "2.mlp", "2.sum", "2", "3.mlp", "3"};
    jc_model *model = open_model(MODELS "tiny-gpt2", "onednn", "f32");
    jc_tokenizer *tokenizer = open_tokenizer(TOKENIZERS "tiny");
    jc_lens *lens = new_lens_at(model, tokenizer, NULL, NULL, 1, some_ids, 8,
                                "2.sum,mlp,2.mid,2.ln1,1,3.out");
    jc_lens_params params;
    jc_lens *wrong;
    jc_error err;
    char name[JC_TAP_NAME];

    (void)state;
    assert_int_equal(jc_lens_rows(lens), JC_COUNT(want));
    for (size_t row = 0; row < JC_COUNT(want); row++) {
        jc_tap_name(jc_lens_tap(lens, row), name);
        assert_string_equal(name, want[row]);
    }
    jc_lens_free(lens);
    jc_lens_params_init(&params);
    static const char *const bad[] = {"4.mlp", "mlp,2.mlp", "1.mlpx", "", "0.mlp", "mlp,"};
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        params.at = bad[i];
        assert_int_equal(
            jc_lens_new(&wrong, model, tokenizer, NULL, 0, some_ids, 8, &params, &err),
            JC_E_ARG);
        assert_null(wrong);
    }
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
}

static void check_equal(const jc_lens *a, size_t a_map, const jc_lens *b, size_t b_map,
                        uint32_t taps, size_t columns, double tolerance)
{
    for (uint32_t tap = 0; tap < taps; tap++)
        for (size_t c = 0; c < columns; c++) {
            jc_lens_cell x = jc_lens_at(a, a_map, tap, c), y = jc_lens_at(b, b_map, tap, c);
            assert_float_equal(x.kl, y.kl, tolerance);
            assert_float_equal(x.entropy, y.entropy, tolerance);
            assert_float_equal((double)x.p[0], (double)y.p[0], tolerance);
        }
}

static void test_lens__the_map_is_the_first_shortcuts_or_id_or_as_chosen(void **state)
{
    jc_model *model = open_model(MODELS "tiny-gpt2", "onednn", "f32");
    jc_tokenizer *tokenizer = open_tokenizer(TOKENIZERS "tiny");
    jc_shortcut *made = made_maps(model);
    jc_lens *all = new_lens(model, tokenizer, made, "all", 3, some_ids, 8);
    jc_lens *first = new_lens(model, tokenizer, made, NULL, 3, some_ids, 8);
    jc_lens *chosen = new_lens(model, tokenizer, made, "id", 3, some_ids, 8);
    jc_lens *none = new_lens(model, tokenizer, NULL, NULL, 3, some_ids, 8);
    jc_lens_params params;
    jc_lens *wrong;
    jc_error err;

    (void)state;
    assert_string_equal(jc_lens_map(all, 0), "id");
    assert_string_equal(jc_lens_map(all, 1), "made");
    assert_null(jc_lens_map(all, 2));
    assert_string_equal(jc_lens_map(first, 0), "made");
    assert_null(jc_lens_map(first, 1));
    assert_string_equal(jc_lens_map(chosen, 0), "id");
    assert_string_equal(jc_lens_map(none, 0), "id");
    check_equal(all, 0, chosen, 0, 4, 8, 0);
    check_equal(all, 0, none, 0, 4, 8, 0);
    check_equal(all, 1, first, 0, 4, 8, 0);
    jc_lens_params_init(&params);
    params.map = "mat";
    assert_int_equal(jc_lens_new(&wrong, model, tokenizer,
                                 (const jc_shortcut *const *)&made, 1, some_ids, 8, &params,
                                 &err),
                     JC_E_ARG);
    assert_string_equal(err.message, "no map is called 'mat', only 'id', 'made'");
    assert_null(wrong);
    jc_lens_free(all);
    jc_lens_free(first);
    jc_lens_free(chosen);
    jc_lens_free(none);
    jc_shortcut_free(made);
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
}

/* More columns than a tile has: what follows a position does not change it. */
static void test_lens__a_long_text_starts_as_its_start_alone(void **state)
{
    jc_model *model = open_model(JC_SOURCE_DIR "/data/demo", "onednn", "f32");
    jc_tokenizer *tokenizer = open_tokenizer(JC_SOURCE_DIR "/data/demo");
    uint32_t ids[256];
    uint64_t seed = 3;

    (void)state;
    for (size_t i = 0; i < 256; i++)
        ids[i] = (uint32_t)((check_rand(&seed) + 1) * 2047);
    jc_lens *whole = new_lens(model, tokenizer, NULL, NULL, 2, ids, 256);
    jc_lens *start = new_lens(model, tokenizer, NULL, NULL, 2, ids, 150);
    assert_int_equal(jc_lens_columns(whole), 256);
    check_equal(whole, 0, start, 0, 13, 150, 1e-4);
    jc_lens_free(whole);
    jc_lens_free(start);
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
}

static void test_lens__an_encoder_without_a_mask_is_told_to_write_one(void **state)
{
    jc_model *model = open_model(MODELS "tiny-bert", "onednn", "f32");
    jc_tokenizer *tokenizer = open_tokenizer(TOKENIZERS "wiki-bert");
    jc_lens *lens;
    jc_error err;

    (void)state;
    assert_int_equal(jc_lens_new(&lens, model, tokenizer, NULL, 0, some_ids, 8, NULL, &err),
                     JC_E_ARG);
    assert_string_equal(err.message,
                        "the text has no [MASK]: an encoder is read where one is written");
    assert_null(lens);
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
}

/* As its README has it, this Llama begins a text with "Once upon a time, there was": the
 * start token stands before it, is read, and a token is shown with the space before it. */
static void test_lens__a_llama_is_read_from_its_start_token_on(void **state)
{
    static const char *const begin[] = {" Once", " upon", " a", " time"};
    const char *data = getenv("JC_DATA");
    char path[512];
    jc_ids ids = {0};

    (void)state;
    snprintf(path, sizeof path, "%s/models/stories260K",
             data ? data : JC_SOURCE_DIR "/../shared/data");
    if (access(path, R_OK) != 0) {
        print_message("skipped: no '%s'\n", path);
        skip();
    }
    jc_model *model = open_model(path, "onednn", "f32");
    jc_tokenizer *tokenizer = open_tokenizer(path);
    assert_int_equal(jc_tokenizer_encode(tokenizer, "Once upon a", 11, &ids, NULL), JC_OK);
    assert_int_equal(ids.n, 4);
    jc_lens *lens = new_lens(model, tokenizer, NULL, NULL, 1, ids.id, ids.n);
    assert_int_equal(jc_lens_columns(lens), 4);
    for (size_t c = 0; c < 4; c++) {
        jc_lens_cell cell = jc_lens_at(lens, 0, jc_lens_rows(lens) - 1, c);
        char *text;
        assert_int_equal(jc_lens_token(lens, cell.ids[0], &text, NULL), JC_OK);
        assert_string_equal(text, begin[c]);
        jc_free(text);
    }
    jc_lens_free(lens);
    jc_ids_free(&ids);
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
}

static void test_tokens__what_is_no_text_is_spelled_out(void **state)
{
    static const struct {
        const char *bytes, *shown;
    } cases[] = {
        {" the", " the"},
        {"\n", "\xE2\x86\xB5"},
        {"\t\x7F", "\\x09\\x7F"},
        {"a\xFF\xC3", "a\\xFF\\xC3"},
        {"\xC3\xA9", "\xC3\xA9"},
        {"\xE2\x80\xAE", "\\u{202E}"}, /* would turn the line around */
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(cases); i++) {
        char *text;
        assert_int_equal(
            jc_lens_readable(cases[i].bytes, strlen(cases[i].bytes), &text, NULL), JC_OK);
        assert_string_equal(text, cases[i].shown);
        jc_free(text);
    }
}

/* No line is wider than asked for, as far as a column fits. */
static void test_text__lines_fit_the_terminal(void **state)
{
    jc_model *model = open_model(JC_SOURCE_DIR "/data/demo", "onednn", "f32");
    jc_tokenizer *tokenizer = open_tokenizer(JC_SOURCE_DIR "/data/demo");
    jc_lens *lens;
    uint32_t ids[100];
    char line[4096];

    for (uint32_t i = 0; i < 100; i++)
        ids[i] = 40 * i + 7;
    lens = new_lens(model, tokenizer, NULL, NULL, 1, ids, 100);
    for (uint32_t width = 80; width < 200; width += 17) {
        const jc_lens_look look = {width, false};
        FILE *f = fopen(scratch_path(state, "lens.txt"), "w+");
        assert_non_null(f);
        assert_int_equal(jc_lens_write(lens, "text", &look, f, NULL), JC_OK);
        rewind(f);
        size_t widest = 0, bytes;
        while (fgets(line, sizeof line, f)) {
            line[strcspn(line, "\n")] = 0;
            size_t n = jc_lens_width(line, SIZE_MAX, &bytes);
            widest = n > widest ? n : widest;
        }
        fclose(f);
        assert_true(widest <= width);
        assert_true(widest + 15 > width); /* nor is room wasted */
    }
    jc_lens_free(lens);
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
}

/* The page of all guesses of two maps; free(). */
static char *view_html(void **state, const jc_lens *lens, size_t *size)
{
    FILE *f = fopen(scratch_path(state, "lens.html"), "w+");
    char *page = calloc(1, 1 << 20);

    assert_non_null(f);
    assert_non_null(page);
    assert_int_equal(jc_lens_write(lens, "html", &(jc_lens_look){0}, f, NULL), JC_OK);
    rewind(f);
    *size = fread(page, 1, (1 << 20) - 1, f);
    fclose(f);
    return page;
}

static void test_html__holds_the_guesses_of_a_cell_and_nothing_to_be_fetched(void **state)
{
    static const char *const never[] = {"{{", "src=", "@import", "url(", "<b>"};
    jc_model *model = open_model(MODELS "tiny-gpt2", "onednn", "f32");
    jc_tokenizer *tokenizer = open_tokenizer(TOKENIZERS "tiny");
    jc_shortcut *made = made_maps(model);
    assert_int_equal(jc_shortcut_set_meta(made, "method", "</script><b>\"", NULL), 0);
    jc_lens *lens = new_lens(model, tokenizer, made, "all", 60, some_ids, 8);
    size_t size;
    char *page = view_html(state, lens, &size);

    assert_int_equal(strlen(page), size);
    for (size_t i = 0; i < JC_COUNT(never); i++)
        assert_null(strstr(page, never[i]));
    const char *mark = "id=\"lens\">";
    const char *from = strstr(page, mark) + strlen(mark), *to = strstr(from, "</script>");
    json_t *got = json_loadb(from, (size_t)(to - from), 0, NULL);
    assert_non_null(got);
    json_t *maps = json_object_get(got, "maps");
    assert_int_equal(json_object_size(maps), 2);
    json_t *map = json_object_get(maps, "</script><b>\"");
    json_t *p = json_array_get(json_array_get(json_object_get(map, "p"), 1), 5);
    jc_lens_cell cell = jc_lens_at(lens, 1, 1, 5);
    assert_int_equal(json_array_size(p), 50); /* no more */
    for (size_t i = 0; i < 50; i++)
        assert_true(fabs(json_number_value(json_array_get(p, i)) / (double)cell.p[i] - 1) <
                    0.006); /* three digits */
    json_decref(got);
    free(page);
    jc_lens_free(lens);
    jc_shortcut_free(made);
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
}

/* Which map reads each row, and of the model no more than its name where a page is made. */
static void test_json__says_what_reads_each_row(void **state)
{
    jc_model *model = open_model(MODELS "tiny-gpt2", "onednn", "f32");
    jc_tokenizer *tokenizer = open_tokenizer(TOKENIZERS "tiny");
    jc_shortcut *made = made_maps(model);
    assert_int_equal(jc_shortcut_set_meta(made, "method", "made", NULL), 0);
    jc_lens *lens =
        new_lens_at(model, tokenizer, made, "made", 2, some_ids, 8, "1.attn,2.mlp");
    json_t *got = view_json(state, lens);
    json_t *map = json_object_get(json_object_get(got, "maps"), "made");
    json_t *through = json_object_get(map, "through"),
           *about = json_object_get(got, "model");
    size_t size, rows = jc_lens_rows(lens);

    assert_int_equal(json_array_size(through), rows);
    for (size_t i = 0; i < rows; i++) {
        const char *name = json_string_value(json_array_get(through, i));
        const char *tap =
            json_string_value(json_array_get(json_object_get(got, "taps"), i));
        if (i + 1 == rows)
            assert_null(name); /* the model's own output */
        else
            assert_string_equal(name, strchr(tap, '.') ? "id" : "made");
    }
    assert_string_equal(json_string_value(json_object_get(about, "name")), "tiny-gpt2");
    assert_string_equal(json_string_value(json_object_get(about, "path")),
                        MODELS "tiny-gpt2");
    char *page = view_html(state, lens, &size);
    assert_non_null(strstr(page, "\"name\":\"tiny-gpt2\""));
    assert_null(strstr(page, MODELS));
    free(page);
    json_decref(got);
    jc_lens_free(lens);
    jc_shortcut_free(made);
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
}

static void test_lens__short_memory_is_said(void **state)
{
    jc_model *model = open_model(MODELS "tiny-gpt2", "onednn", "f32");
    jc_tokenizer *tokenizer = open_tokenizer(TOKENIZERS "tiny");
    jc_shortcut *made = made_maps(model);
    jc_status st = JC_E_NOMEM;

    for (long n = 0; st; n++) {
        jc_lens_params params;
        jc_lens *lens = NULL;
        jc_error err;
        FILE *f = fopen(scratch_path(state, "lens"), "w");
        assert_non_null(f);
        jc_lens_params_init(&params);
        params.map = "all";
        params.at = "attn";
        params.top = 2;
        params.targets = targets;
        params.n_targets = 2;
        jc_alloc_fail_after(n);
        st = jc_lens_new(&lens, model, tokenizer, (const jc_shortcut *const *)&made, 1,
                         some_ids, 2, &params, &err);
        for (size_t i = 0; jc_lens_view_at(i) && st == JC_OK; i++)
            st = jc_lens_write(lens, jc_lens_view_at(i)->name, &(jc_lens_look){80, true}, f,
                               &err);
        jc_alloc_fail_after(-1);
        assert_true(st == JC_OK || st == JC_E_NOMEM);
        jc_lens_free(lens);
        fclose(f);
    }
    jc_shortcut_free(made);
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_lens__a_decoder_gives_the_numbers_of_the_definitions),
        SCRATCH_TEST(test_lens__hybrids_and_mixtures_give_the_numbers_of_the_definitions),
        SCRATCH_TEST(test_lens__an_encoder_is_read_at_its_masks),
        SCRATCH_TEST(test_lens__points_inside_blocks_are_read_as_they_are),
        cmocka_unit_test(test_lens__rows_inside_blocks_stand_between_their_layers),
        cmocka_unit_test(test_lens__all_guesses_are_a_distribution_the_last_the_models_own),
        cmocka_unit_test(test_lens__the_map_is_the_first_shortcuts_or_id_or_as_chosen),
        cmocka_unit_test(test_lens__a_long_text_starts_as_its_start_alone),
        cmocka_unit_test(test_lens__an_encoder_without_a_mask_is_told_to_write_one),
        cmocka_unit_test(test_lens__a_llama_is_read_from_its_start_token_on),
        cmocka_unit_test(test_tokens__what_is_no_text_is_spelled_out),
        SCRATCH_TEST(test_text__lines_fit_the_terminal),
        SCRATCH_TEST(test_json__says_what_reads_each_row),
        SCRATCH_TEST(test_html__holds_the_guesses_of_a_cell_and_nothing_to_be_fetched),
        SCRATCH_TEST(test_lens__short_memory_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
