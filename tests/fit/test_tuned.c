/* SPDX-License-Identifier: MIT */
/*
 * Training of tuned maps: laws, and what is bad. Its gradient is in test_tuned_gradient.c,
 * and how well it does beside another program in cli/fit-tuned-beside.
 */
#include "support/scratch.h"

#include <math.h>

#include "fit/methods.h"
#include "fit/tuned.h"

#define GOLDEN JC_SOURCE_DIR "/tests/golden/"

static jc_error err;

static void must(jc_status st)
{
    if (st != JC_OK)
        fail_msg("%s: %s", jc_status_name(st), err.message);
}

static jc_status open_texts(void *arg, jc_samples **samples, jc_error *why)
{
    jc_samples_params params;

    jc_samples_params_init(&params);
    params.split = "train";
    return jc_samples_from_file(samples, arg, &params, why);
}

static void close_texts(void *arg, jc_samples *samples)
{
    (void)arg;
    jc_samples_close(samples);
}

static char tiny[] = GOLDEN "eval/tiny.samples.jsonl";
static const jc_texts texts = {open_texts, close_texts, tiny};

static jc_model *open_model(const char *name, uint32_t threads)
{
    jc_model_params params;
    jc_model *model;
    char path[512];

    jc_model_params_init(&params);
    params.threads = threads;
    snprintf(path, sizeof path, GOLDEN "models/%s", name);
    must(jc_model_open(&model, path, &params, &err));
    return model;
}

static jc_train_params some(uint64_t tokens)
{
    jc_train_params p;

    jc_train_params_init(&p);
    p.tokens = tokens;
    p.step = 64;
    return p;
}

/* Answers "stop" at the call of that number; counts calls and keeps the last note. */
typedef struct caller {
    int calls, stop_at;
    char note[300];
} caller;

static bool on_progress(void *arg, const jc_progress *progress)
{
    caller *c = arg;

    (void)progress;
    return ++c->calls != c->stop_at;
}

static void on_note(void *arg, const char *message)
{
    caller *c = arg;

    snprintf(c->note, sizeof c->note, "%s", message);
}

/* All numbers of all maps: [L, d, d + 1], free(). */
static float *numbers(const jc_shortcut *s, size_t *n)
{
    size_t d = jc_shortcut_width(s), layers = jc_shortcut_layers(s);
    float *x = calloc(layers * d * (d + 1), sizeof *x);

    assert_non_null(x);
    *n = layers * d * (d + 1);
    for (size_t l = 0; l < layers; l++)
        must(jc_map_dense(jc_shortcut_find(s, (uint32_t)l, (uint32_t)layers),
                          x + l * d * (d + 1), x + l * d * (d + 1) + d * d, &err));
    return x;
}

static void check_same(const jc_shortcut *a, const jc_shortcut *b)
{
    size_t n, m;
    float *x = numbers(a, &n), *y = numbers(b, &m);

    assert_int_equal(n, m);
    assert_memory_equal(x, y, n * sizeof *x);
    free(x);
    free(y);
}

static double figure(const jc_shortcut *s, const char *key)
{
    const char *text = jc_shortcut_meta(s, key);

    assert_non_null(text);
    return strtod(text, NULL);
}

static void test_tuned__training_lowers_the_held_out_loss(void **state)
{
    jc_model *model = open_model("tiny-gpt2", 0);
    jc_train_params p = some(2000);
    jc_shortcut *s;

    (void)state;
    p.rate = 3e-4;
    must(jc_train(&s, model, &texts, NULL, &p, &err));
    assert_true(figure(s, "train.kl") < figure(s, "train.kl-start"));
    assert_null(strstr(jc_shortcut_meta(s, "train.end"), "diverged"));
    must(jc_shortcut_check(s, model, &err));
    jc_shortcut_free(s);
    jc_model_close(model);
}

/* A file in fewer bits says what that adds to the loss: little, and not nothing. */
static void test_tuned__what_storing_costs_is_noted(void **state)
{
    jc_model *model = open_model("tiny-gpt2", 0);
    jc_train_params p = some(800);
    jc_shortcut *s;

    (void)state;
    p.store = "int8";
    must(jc_train(&s, model, &texts, NULL, &p, &err));
    assert_string_equal(jc_shortcut_meta(s, "store"), "int8");
    assert_true(figure(s, "store.error") > 1e-4 && figure(s, "store.error") < 2e-2);
    assert_true(fabs(figure(s, "store.kl-loss")) > 0);
    assert_true(fabs(figure(s, "store.kl-loss")) < 0.02);
    jc_shortcut_free(s);
    jc_model_close(model);
}

static void test_tuned__threads_change_no_bit(void **state)
{
    jc_train_params p = some(1500);
    jc_shortcut *s[2];

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        jc_model *model = open_model("tiny-gpt2", 1 + 2 * i);
        must(jc_train(&s[i], model, &texts, NULL, &p, &err));
        jc_model_close(model);
    }
    check_same(s[0], s[1]);
    jc_shortcut_free(s[0]);
    jc_shortcut_free(s[1]);
}

/* Stopped at many places, each time the best so far is there, and going on ends with the
 * bits of a run that was not stopped. */
static void test_tuned__a_resumed_run_ends_as_one_that_was_not_stopped(void **state)
{
    jc_model *model = open_model("tiny-gpt2", 1);
    jc_train_params p = some(1500);
    caller whole = {.stop_at = -1};
    jc_hooks hooks = {on_progress, on_note, &whole};
    jc_shortcut *want, *got;
    char path[600];

    p.hooks = &hooks;
    must(jc_train(&want, model, &texts, NULL, &p, &err));
    snprintf(path, sizeof path, "%s/training", (const char *)*state);
    p.resume = path;
    for (int stop = whole.calls / 2; stop < whole.calls; stop++) {
        caller c = {.stop_at = stop};
        hooks.arg = &c;
        unlink(path);
        assert_int_equal(jc_train(&got, model, &texts, NULL, &p, &err), JC_E_CANCELLED);
        assert_non_null(got);
        assert_non_null(strstr(jc_shortcut_meta(got, "train.end"), "stopped at step"));
        jc_shortcut_free(got);
        c.stop_at = -1;
        must(jc_train(&got, model, &texts, NULL, &p, &err));
        check_same(want, got);
        jc_shortcut_free(got);
    }
    jc_shortcut_free(want);
    jc_model_close(model);
}

static void test_tuned__stopped_at_once_it_has_nothing(void **state)
{
    jc_model *model = open_model("tiny-gpt2", 1);
    jc_train_params p = some(1500);
    caller c = {.stop_at = 1};
    const jc_hooks hooks = {on_progress, on_note, &c};
    jc_shortcut *s;

    (void)state;
    p.hooks = &hooks;
    assert_int_equal(jc_train(&s, model, &texts, NULL, &p, &err), JC_E_CANCELLED);
    assert_null(s);
    jc_model_close(model);
}

/* It says at which step, and what is kept is finite and no worse than the start. */
static void test_tuned__training_that_diverges_keeps_the_best(void **state)
{
    jc_model *model = open_model("tiny-gpt2", 1);
    jc_train_params p = some(3000);
    caller c = {.stop_at = -1};
    const jc_hooks hooks = {on_progress, on_note, &c};
    jc_shortcut *s;
    size_t n;

    (void)state;
    p.hooks = &hooks;
    p.rate = 1e4;
    must(jc_train(&s, model, &texts, NULL, &p, &err));
    assert_non_null(strstr(c.note, "diverged at step "));
    assert_non_null(strstr(c.note, "the best before that is kept, of step "));
    assert_non_null(strstr(jc_shortcut_meta(s, "train.end"), "diverged at step "));
    assert_true(figure(s, "train.kl") <= figure(s, "train.kl-start"));
    float *x = numbers(s, &n);
    for (size_t i = 0; i < n; i++)
        assert_true(isfinite(x[i]));
    free(x);
    jc_shortcut_free(s);
    jc_model_close(model);
}

static void refused(const jc_model *model, const jc_train_params *p, jc_status status,
                    const char *why)
{
    jc_shortcut *s;

    assert_int_equal(jc_train(&s, model, &texts, NULL, p, &err), status);
    assert_null(s);
    if (!strstr(err.message, why))
        fail_msg("'%s' does not say '%s'", err.message, why);
}

/* Write `size` bytes, number `at` of them changed. */
static void write_file(const char *path, const char *bytes, size_t size, size_t at)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    for (size_t i = 0; i < size; i++)
        fputc(i == at ? 0xff : bytes[i], f);
    fclose(f);
}

static void test_tuned__a_state_of_another_training_is_refused(void **state)
{
    jc_model *model = open_model("tiny-gpt2", 1), *other = open_model("tiny-llama", 1);
    jc_train_params p = some(400);
    char path[600], *bytes = NULL;
    size_t size = 0, room = 0;
    jc_shortcut *s;

    snprintf(path, sizeof path, "%s/training", (const char *)*state);
    p.resume = path;
    must(jc_train(&s, model, &texts, NULL, &p, &err));
    jc_shortcut_free(s);
    refused(other, &p, JC_E_MISMATCH, "it is the training for model ");
    p.step = 32;
    refused(model, &p, JC_E_MISMATCH, "it was begun with tokens 400, rate ");
    p.step = 64;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    for (int c = fgetc(f); c != EOF; c = fgetc(f)) {
        assert_true(jc_grow(&bytes, &room, size + 1, 1));
        bytes[size++] = (char)c;
    }
    fclose(f);
    write_file(path, bytes, size - 100, SIZE_MAX);
    refused(model, &p, JC_E_FORMAT, path);
    size_t last = size - 1; /* of `losses`: the sign and exponent of a number */
    bytes[last - 1] = (char)0xf0;
    write_file(path, bytes, size, last);
    refused(model, &p, JC_E_NUMERIC, "tensor 'losses' holds a number that is not finite");
    write_file(path, "{}", 2, SIZE_MAX);
    refused(model, &p, JC_E_FORMAT, path);
    jc_free(bytes);
    jc_model_close(model);
    jc_model_close(other);
}

static void test_tuned__wrong_use_is_told(void **state)
{
    jc_model *model = open_model("tiny-gpt2", 1), *encoder = open_model("tiny-bert", 1);
    jc_train_params p = some(400);
    jc_fit_params fit;
    jc_stats *stats;
    jc_samples *samples;
    jc_shortcut *s;

    (void)state;
    p.method = "mat";
    refused(model, &p, JC_E_ARG, "method 'mat' is fitted from sums");
    p.method = "none";
    refused(model, &p, JC_E_ARG, "jacobian, not 'none'");
    p.method = "tuned";
    refused(encoder, &p, JC_E_UNSUPPORTED, "norm and an unembedding alone");
    must(open_texts(tiny, &samples, &err));
    must(jc_stats_gather(&stats, model, samples, NULL, &err));
    jc_samples_close(samples);
    jc_fit_params_init(&fit);
    fit.method = "tuned";
    assert_int_equal(jc_fit(&s, stats, &fit, &err), JC_E_ARG);
    assert_non_null(strstr(err.message, "is trained on texts"));
    stats->fingerprint[0] ^= 1;
    assert_int_equal(jc_train(&s, model, &texts, stats, &p, &err), JC_E_MISMATCH);
    jc_stats_free(stats);
    jc_model_close(model);
    jc_model_close(encoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tuned__training_lowers_the_held_out_loss),
        cmocka_unit_test(test_tuned__what_storing_costs_is_noted),
        cmocka_unit_test(test_tuned__threads_change_no_bit),
        SCRATCH_TEST(test_tuned__a_resumed_run_ends_as_one_that_was_not_stopped),
        cmocka_unit_test(test_tuned__stopped_at_once_it_has_nothing),
        cmocka_unit_test(test_tuned__training_that_diverges_keeps_the_best),
        SCRATCH_TEST(test_tuned__a_state_of_another_training_is_refused),
        cmocka_unit_test(test_tuned__wrong_use_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
