/* SPDX-License-Identifier: MIT */
/*
 * States at every layer and logits against those of the Python package `transformers`, in
 * float64, for each architecture of the table. Relative error: the largest difference in a
 * row over the largest magnitude in that row.
 *
 * Tolerance 1e-5: float32 products of these sizes lose about 1e-6, and errors of a few
 * blocks add up.
 */
#include "support/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jumpcut/model.h"
#include "kernels/kernels.h"
#include "model/session.h"
#include "store/store.h"

#define MODELS JC_SOURCE_DIR "/tests/golden/models/"

struct golden {
    jc_safetensors *file;
    uint32_t *ids, *positions;
    jc_text *texts;
    size_t n_texts, rows;
    float *states, *logits;
    size_t taps, width, vocab, logit_rows;
};

static float *read_all(const jc_safetensors *file, const char *name)
{
    const jc_tensor *tensor = jc_safetensors_find(file, name);

    assert_non_null(tensor);
    float *x = jc_matrix_new(tensor->count, 1, sizeof *x);
    assert_non_null(x);
    jc_tensor_read(tensor, 0, tensor->count, x);
    return x;
}

static int32_t int_at(const jc_tensor *tensor, size_t i)
{
    int32_t x;

    memcpy(&x, tensor->data + i * sizeof x, sizeof x);
    return x;
}

static void golden_open(struct golden *g, const char *name)
{
    char path[512];
    jc_error err = {JC_OK, ""};

    memset(g, 0, sizeof *g);
    snprintf(path, sizeof path, MODELS "%s.golden.safetensors", name);
    if (jc_safetensors_open(&g->file, path, &err) != JC_OK)
        fail_msg("architecture without a golden file: %s", err.message);
    const jc_tensor *ids = jc_safetensors_find(g->file, "ids");
    const jc_tensor *lengths = jc_safetensors_find(g->file, "lengths");
    const jc_tensor *states = jc_safetensors_find(g->file, "states");
    const jc_tensor *logits = jc_safetensors_find(g->file, "logits");
    g->rows = ids->count;
    g->n_texts = lengths->count;
    g->taps = states->shape[0];
    g->width = states->shape[2];
    g->logit_rows = logits->shape[0];
    g->vocab = logits->shape[1];
    g->ids = jc_alloc_array(g->rows, sizeof *g->ids);
    g->positions = jc_alloc_array(g->rows, sizeof *g->positions);
    g->texts = jc_alloc_array(g->n_texts, sizeof *g->texts);
    for (size_t i = 0; i < g->rows; i++)
        g->ids[i] = (uint32_t)int_at(ids, i);
    for (size_t t = 0, row = 0; t < g->n_texts; t++) {
        size_t n = (size_t)int_at(lengths, t);
        g->texts[t] = (jc_text){g->ids + row, n, g->positions + row, n};
        for (size_t i = 0; i < n; i++)
            g->positions[row + i] = (uint32_t)i;
        row += n;
    }
    g->states = read_all(g->file, "states");
    g->logits = read_all(g->file, "logits");
}

static void golden_close(struct golden *g)
{
    jc_safetensors_close(g->file);
    jc_free(g->ids);
    jc_free(g->positions);
    jc_free(g->texts);
    jc_free(g->states);
    jc_free(g->logits);
}

static void check_rows(const float *got, const float *want, size_t rows, size_t d,
                       double tolerance, const char *what)
{
    for (size_t r = 0; r < rows; r++) {
        double largest = 0, worst = 0;
        for (size_t i = r * d; i < (r + 1) * d; i++) {
            double difference = fabs((double)got[i] - (double)want[i]);
            largest = fmax(largest, fabs((double)want[i]));
            worst = isnan(difference) ? HUGE_VAL : fmax(worst, difference);
        }
        if (worst > tolerance * largest)
            fail_msg("%s, row %zu: off by %.3g of %.3g", what, r, worst, largest);
    }
}

static jc_model *open_model(const char *path, const char *backend, const char *dtype)
{
    jc_model_params params;
    jc_error err = {JC_OK, ""};
    jc_model *model;

    jc_model_params_init(&params);
    params.backend = backend;
    params.dtype = dtype;
    if (jc_model_open(&model, path, &params, &err) != JC_OK)
        fail_msg("%s", err.message);
    return model;
}

static jc_session *run(const jc_model *model, const jc_text *texts, size_t n)
{
    jc_session *session;
    jc_error err = {JC_OK, ""};

    assert_int_equal(jc_session_new(&session, model, NULL), JC_OK);
    if (jc_session_run(session, texts, n, &err) != JC_OK)
        fail_msg("%s", err.message);
    return session;
}

static void check_model(const char *name, const char *path, const char *backend)
{
    struct golden g;
    char what[128];

    golden_open(&g, name);
    jc_model *model = open_model(path, backend, "f32");
    const jc_model_info *info = jc_model_get_info(model);
    assert_int_equal(info->layers + 1, g.taps);
    assert_int_equal(info->width, g.width);
    jc_session *session = run(model, g.texts, g.n_texts);
    assert_int_equal(jc_session_rows(session), g.rows);
    for (uint32_t tap = 0; tap < g.taps; tap++) {
        snprintf(what, sizeof what, "%s by %s, tap %u", name, backend, tap);
        check_rows(jc_session_states(session, tap), g.states + tap * g.rows * g.width,
                   g.rows, g.width, 1e-5, what);
    }

    float *logits = jc_matrix_new(g.rows, g.vocab, sizeof *logits);
    assert_int_equal(jc_model_readout(model, jc_session_states(session, info->layers),
                                      g.rows, logits, NULL),
                     JC_OK);
    snprintf(what, sizeof what, "%s by %s, logits", name, backend);
    if (g.logit_rows == g.rows) {
        check_rows(logits, g.logits, g.rows, g.vocab, 1e-5, what);
    } else { /* of each text's last token only */
        assert_int_equal(g.logit_rows, g.n_texts);
        for (size_t t = 0, row = 0; t < g.n_texts; t++) {
            row += g.texts[t].n;
            check_rows(logits + (row - 1) * g.vocab, g.logits + t * g.vocab, 1, g.vocab,
                       1e-5, what);
        }
    }
    jc_free(logits);
    jc_session_free(session);
    jc_model_close(model);
    golden_close(&g);
}

static void test_golden__every_architecture_gives_the_reference_states(void **state)
{
    char name[64], path[512];

    (void)state;
    for (const char *const *arch = jc_architecture_list(); *arch; arch++)
        for (const char *const *backend = jc_backend_list(); *backend; backend++) {
            snprintf(name, sizeof name, "tiny-%s", *arch);
            snprintf(path, sizeof path, MODELS "%s", name);
            check_model(name, path, *backend);
        }
}

static void test_golden__other_spellings_of_the_files_are_read(void **state)
{
    static const char *const names[] = {"tiny-gpt2-bare",    "tiny-gpt2-f16",
                                        "tiny-gpt2-bf16",    "tiny-gpt2-shards",
                                        "tiny-gpt2-options", "tiny-gpt2-unscaled"};
    char path[512];

    (void)state;
    for (size_t i = 0; i < JC_COUNT(names); i++) {
        snprintf(path, sizeof path, MODELS "%s", names[i]);
        check_model(names[i], path, "onednn");
    }
}

static void test_golden__the_demo_model_gives_the_reference_states(void **state)
{
    (void)state;
    check_model("demo", JC_SOURCE_DIR "/data/demo", "onednn");
}

static const jc_text many[] = {
    {(const uint32_t[]){5, 9, 2, 60, 0, 7, 7}, 7, (const uint32_t[]){0, 3, 6}, 3},
    {(const uint32_t[]){1}, 1, (const uint32_t[]){0}, 1},
    {(const uint32_t[]){30, 31, 32, 33}, 4, (const uint32_t[]){3}, 1},
};

/* Bit for bit: alone, in a batch, in another order, with other numbers of threads. */
static void test_session__a_text_gives_the_same_states_in_any_company(void **state)
{
    jc_model *model = open_model(MODELS "tiny-gpt2", "onednn", "f32");
    const jc_model_info *info = jc_model_get_info(model);
    const jc_text turned[] = {many[2], many[0], many[1]};
    static const size_t row_in_turned[] = {1, 4, 0}, row[] = {0, 3, 4};

    (void)state;
    for (uint32_t threads = 1; threads <= 3; threads++) {
        jc_threads_set(threads);
        jc_session *batch = run(model, many, 3), *other = run(model, turned, 3);
        for (size_t t = 0; t < 3; t++) {
            jc_session *alone = run(model, &many[t], 1);
            size_t bytes = many[t].n_positions * info->width * sizeof(float);
            for (uint32_t tap = 0; tap <= info->layers; tap++) {
                const float *want = jc_session_states(alone, tap);
                assert_memory_equal(jc_session_states(batch, tap) + row[t] * info->width,
                                    want, bytes);
                assert_memory_equal(jc_session_states(other, tap) +
                                        row_in_turned[t] * info->width,
                                    want, bytes);
            }
            jc_session_free(alone);
        }
        jc_session_free(batch);
        jc_session_free(other);
    }
    jc_threads_set(0);
    jc_model_close(model);
}

/* A token at a time with cached keys and values gives what the whole text gives. */
static void test_session__steps_with_a_cache_equal_the_whole_text(void **state)
{
    jc_model *model = open_model(MODELS "tiny-gpt2", "onednn", "f32");
    const jc_model_info *info = jc_model_get_info(model);
    jc_session *stepped;
    jc_cache *cache;
    static const uint32_t ids[2][7] = {{5, 9, 2, 60, 0, 7, 7}, {1, 2, 3, 4, 5, 6, 7}};
    static const uint32_t all[] = {0, 1, 2, 3, 4, 5, 6};
    const jc_text texts[] = {{ids[0], 7, all, 7}, {ids[1], 7, all, 7}};

    (void)state;
    jc_session *whole = run(model, texts, 2);
    assert_int_equal(jc_session_new(&stepped, model, NULL), JC_OK);
    assert_int_equal(jc_cache_new(&cache, model, 2, 7, NULL), JC_OK);
    for (size_t i = 0; i < 7; i++) {
        const uint32_t next[] = {ids[0][i], ids[1][i]};
        const float *h;
        assert_int_equal(jc_session_step(stepped, cache, next, &h, NULL), JC_OK);
        for (size_t t = 0; t < 2; t++)
            check_rows(h + t * info->width,
                       jc_session_states(whole, info->layers) + (t * 7 + i) * info->width,
                       1, info->width, 1e-5, "step");
    }
    jc_cache_free(cache);
    jc_session_free(stepped);
    jc_session_free(whole);
    jc_model_close(model);
}

/* bfloat16 has 8 bits: products lose about 2^-9 each, and some blocks add up. */
static void test_session__bf16_products_stay_near(void **state)
{
    struct golden g;

    (void)state;
    if (!jc_backend_has(jc_backend_find("onednn"), JC_PRECISION_BF16)) {
        print_message("skipped: no bf16 on this machine\n");
        skip();
    }
    golden_open(&g, "tiny-gpt2");
    jc_model *model = open_model(MODELS "tiny-gpt2", "onednn", "bf16");
    jc_session *session = run(model, g.texts, g.n_texts);
    for (uint32_t tap = 0; tap < g.taps; tap++)
        check_rows(jc_session_states(session, tap), g.states + tap * g.rows * g.width,
                   g.rows, g.width, 0.06, "bf16");
    jc_session_free(session);
    jc_model_close(model);
    golden_close(&g);
}

static void test_session__bad_texts_are_refused(void **state)
{
    static const uint32_t ids[40] = {0}, outside[] = {61}, position[] = {1};
    const struct {
        jc_text text;
        const char *message;
    } bad[] = {
        {{ids, 0, position, 0}, "text 0 of the batch has 0 tokens; 1 to 32 fit"},
        {{ids, 33, position, 0}, "text 0 of the batch has 33 tokens; 1 to 32 fit"},
        {{outside, 1, position, 0}, "token id 61 is outside the vocabulary of 61"},
        {{ids, 1, position, 1}, "position 1 is outside a text of 1 tokens"},
    };
    jc_model *model = open_model(MODELS "tiny-gpt2", "ref", "f32");
    jc_session *session;

    (void)state;
    assert_int_equal(jc_session_new(&session, model, NULL), JC_OK);
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        jc_error err = {JC_OK, ""};
        assert_int_equal(jc_session_run(session, &bad[i].text, 1, &err), JC_E_ARG);
        assert_string_equal(err.message, bad[i].message);
    }
    jc_session_free(session);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden__every_architecture_gives_the_reference_states),
        cmocka_unit_test(test_golden__other_spellings_of_the_files_are_read),
        cmocka_unit_test(test_golden__the_demo_model_gives_the_reference_states),
        cmocka_unit_test(test_session__a_text_gives_the_same_states_in_any_company),
        cmocka_unit_test(test_session__steps_with_a_cache_equal_the_whole_text),
        cmocka_unit_test(test_session__bf16_products_stay_near),
        cmocka_unit_test(test_session__bad_texts_are_refused),
    };
    return cmocka_run_group_tests_name("model/golden", tests, NULL, NULL);
}
