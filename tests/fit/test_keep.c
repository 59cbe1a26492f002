/* SPDX-License-Identifier: MIT */
/* What keeping maps in fewer bits takes from precision at 1, against counting it here:
 * texts run, maps applied and read out by the public calls, first guesses found by a plain
 * loop. */
#include "support/scratch.h"

#include <math.h>
#include <stdlib.h>

#include "fit/methods.h"

#define GOLDEN JC_SOURCE_DIR "/tests/golden/"

enum { L = 3, D = 24, VOCAB = 61, POSITIONS = 64 };

static jc_error err;

static void must(jc_status st)
{
    if (st != JC_OK)
        fail_msg("%s: %s", jc_status_name(st), err.message);
}

static jc_status open_texts(void *arg, jc_samples **samples, jc_error *why)
{
    return jc_samples_from_file(samples, arg, NULL, why);
}

static void close_texts(void *arg, jc_samples *samples)
{
    (void)arg;
    jc_samples_close(samples);
}

static char path[] = GOLDEN "eval/tiny.samples.jsonl";
static const jc_texts texts = {open_texts, close_texts, path};

static uint32_t first_guess(const jc_model *model, const float *h)
{
    float z[VOCAB];
    uint32_t best = 0;

    must(jc_model_readout(model, h, 1, z, &err));
    for (uint32_t i = 1; i < VOCAB; i++)
        best = z[i] > z[best] ? i : best;
    return best;
}

/* Guesses of all layers that are the model's, in a text; their number is added to *n. */
static size_t count_text(const jc_model *model, jc_session *session, const jc_shortcut *s,
                         const jc_sample *sample, size_t *n)
{
    const jc_text text = {sample->ids, sample->n_ids, sample->positions,
                          sample->n_positions};
    float mapped[D];
    size_t same = 0;

    must(jc_session_run(session, &text, 1, &err));
    for (size_t row = 0; row < jc_session_rows(session); row++)
        for (uint32_t l = 0; l < L; l++) {
            must(jc_shortcut_apply(s, l, L, jc_session_states(session, l) + row * D, 1,
                                   mapped, &err));
            same += first_guess(model, mapped) ==
                    first_guess(model, jc_session_states(session, L) + row * D);
            ++*n;
        }
    return same;
}

static double precision(const jc_model *model, const jc_shortcut *s)
{
    jc_session *session;
    jc_samples *samples;
    jc_sample sample;
    size_t same = 0, n = 0;

    must(jc_session_new(&session, model, &err));
    must(open_texts(path, &samples, &err));
    for (;;) {
        must(jc_samples_next(samples, &sample, &err));
        if (!sample.ids)
            break;
        same += count_text(model, session, s, &sample, &n);
    }
    jc_samples_close(samples);
    jc_session_free(session);
    assert_true(n > 0);
    return (double)same / (double)n;
}

static double figure(const jc_shortcut *s, const char *key)
{
    const char *text = jc_shortcut_meta(s, key);

    if (!text)
        fail_msg("there is no '%s'", key);
    return strtod(text, NULL);
}

/* A shortcut by the method, kept as `store`; NULL: as it is. */
static jc_shortcut *make(const jc_model *model, const char *method, const char *store)
{
    jc_shortcut *s;
    jc_samples *samples;
    jc_stats *stats;
    jc_fit_params fit;
    jc_train_params train;

    jc_train_params_init(&train);
    train.method = method;
    train.tokens = 120;
    train.store = store;
    if (jc_method_find(method)->info.texts) {
        must(jc_train(&s, model, &texts, NULL, &train, &err));
        return s;
    }
    jc_fit_params_init(&fit);
    fit.method = method;
    fit.store = store;
    fit.model = model;
    fit.texts = &texts;
    must(open_texts(path, &samples, &err));
    must(jc_stats_gather(&stats, model, samples, NULL, &err));
    must(jc_fit(&s, stats, &fit, &err));
    close_texts(path, samples);
    jc_stats_free(stats);
    return s;
}

static void check_method(const jc_model *model, const char *method, const char *store)
{
    jc_shortcut *kept = make(model, method, store), *exact = make(model, method, "f32");
    double p1 = precision(model, kept), before = precision(model, exact);

    if (!(fabs(figure(kept, "store.p1") - p1) < 1e-5) ||
        !(fabs(figure(kept, "store.p1-loss") - (before - p1)) < 1e-5))
        fail_msg("%s, %s: %g, %g less; it is %g, %g less", method, store,
                 figure(kept, "store.p1"), figure(kept, "store.p1-loss"), p1, before - p1);
    assert_true(figure(kept, "store.error") > 0);
    assert_null(jc_shortcut_meta(exact, "store.p1"));
    jc_shortcut_free(kept);
    jc_shortcut_free(exact);
}

static void test_keep__precision_of_every_method_is_what_is_counted(void **state)
{
    static const char *const types[] = {"int8", "bf16", "f16"};
    jc_model *model;
    size_t n = 0;

    (void)state;
    must(jc_model_open(&model, GOLDEN "models/tiny-gpt2", NULL, &err));
    for (size_t i = 0; jc_method_at(i); i++)
        if (strcmp(jc_method_at(i)->name, "id") != 0)
            check_method(model, jc_method_at(i)->name, types[n++ % JC_COUNT(types)]);
    assert_true(n >= 6);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep__precision_of_every_method_is_what_is_counted),
    };
    return cmocka_run_group_tests_name("fit/keep", tests, NULL, NULL);
}
