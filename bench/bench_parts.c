/* SPDX-License-Identifier: MIT */
/* bench_parts.c: what the scores of parts of blocks add to an evaluation of a GPT-2-124M
 * shape, in forward passes of the same texts: with one scored position a text, as the paper
 * has it, and with all, where the 36 read-outs of each position are half of it. */
#include <stdio.h>

#include "base/base.h"
#include "bench.h"

enum { TEXTS = 24, TOKENS = 32, ROUNDS = 3 };

static uint32_t ids[TEXTS * TOKENS];

static bench_texts texts = {ids, TEXTS, TOKENS, 0};

static jc_shortcut *fit(const jc_model *model, bool parts)
{
    jc_stats_params sp;
    jc_fit_params fp;
    jc_stats *stats;
    jc_shortcut *shortcut;
    jc_error err;
    jc_samples *samples = bench_samples(model, &texts, "all");

    jc_stats_params_init(&sp);
    sp.parts = parts;
    jc_fit_params_init(&fp);
    fp.method = "ridge"; /* fewer vectors than unknowns: its solution is found sooner */
    if (jc_stats_gather(&stats, model, samples, &sp, &err) ||
        jc_fit(&shortcut, stats, &fp, &err))
        bench_die("parts", &err);
    jc_stats_free(stats);
    jc_samples_close(samples);
    return shortcut;
}

static double eval(const jc_model *model, const jc_shortcut *shortcut,
                   const char *positions)
{
    jc_results *results;
    jc_error err;
    jc_samples *samples = bench_samples(model, &texts, positions);

    double start = bench_seconds();
    if (jc_eval(&results, model, &shortcut, 1, samples, NULL, &err))
        bench_die("parts", &err);
    double seconds = bench_seconds() - start;
    jc_results_free(results);
    jc_samples_close(samples);
    return seconds;
}

/* As the evaluation cuts them: texts up to the scored position. */
static double forward(const jc_model *model, const char *positions)
{
    jc_text cut[TEXTS];
    jc_session *session;
    jc_sample sample;
    jc_error err;
    size_t n = 0;
    jc_samples *samples = bench_samples(model, &texts, positions);

    for (; n < TEXTS; n++) {
        if (jc_samples_next(samples, &sample, &err))
            bench_die("parts", &err);
        cut[n] = (jc_text){.ids = ids + n * TOKENS, .n = sample.n_ids};
    }
    jc_samples_close(samples);
    if (jc_session_new(&session, model, &err) || jc_session_run(session, cut, n, &err))
        bench_die("parts", &err);
    double start = bench_seconds();
    if (jc_session_run(session, cut, n, &err))
        bench_die("parts", &err);
    double seconds = bench_seconds() - start;
    jc_session_free(session);
    return seconds;
}

void bench_parts(json_t *out, const char *dir)
{
    const bench_shape shape = {BENCH_GPT2, 12, 768, 12, 12, 3072, 1024, 50257};
    static const char *const positions[] = {"one", "all"};
    static const char *const keys[] = {"parts_passes_one", "parts_passes_all"};
    jc_model *model;
    jc_error err;
    char path[512];

    snprintf(path, sizeof path, "%s/gpt2-124m", dir);
    if (jc_model_open(&model, path, NULL, &err))
        bench_die("parts", &err);
    for (size_t i = 0; i < JC_COUNT(ids); i++)
        ids[i] = (uint32_t)(i * 7919 % shape.vocab);
    jc_shortcut *with = fit(model, true), *without = fit(model, false);
    for (size_t p = 0; p < JC_COUNT(positions); p++) {
        double passes[ROUNDS];
        for (int r = 0; r < ROUNDS; r++) {
            double more =
                eval(model, with, positions[p]) - eval(model, without, positions[p]);
            passes[r] = more / forward(model, positions[p]);
        }
        json_object_set_new(out, keys[p], json_real(bench_median(passes, ROUNDS)));
    }
    jc_shortcut_free(with);
    jc_shortcut_free(without);
    jc_model_close(model);
}
