/* SPDX-License-Identifier: MIT */
/*
 * bench_study.c: `study_ratio`: the default study of a GPT-2-124M shape (12 x 768, V =
 * 50,257) with 9,000 + 3,000 texts of 25 tokens, in plain forward passes over the same
 * texts with one read-out a position.
 *
 * Flops of a token, in millions; a plain pass takes 170 and its read-out 77, together 247.
 *
 *   training (3 of 4 texts)
 *     pass                                                                       170
 *     sums: 78 pairs, 13 own (half, in float64), 60 of parts                     165
 *   validation (1 of 4), each position
 *     pass                                                                       170
 *     jump: 25 read-outs, of which one is the model's own                      1,930
 *   of which every fourth text, once more
 *     pass                                                                       170
 *     parts: blocks run again, 5.7 of 12 for MLP and norms, 1.6 attention      2,020
 *     schedules: blocks run again, 6 of 12 on average                  1,200 to 1,900
 *   and eight positions of it, 8 of 25
 *     parts: 36 read-outs                                                      2,770
 *     schedules: at most 22 + 12 routes, of which 11 are one jump to the end and
 *     others the same twice; 15 to 22 read-outs                        1,150 to 1,700
 *   once
 *     fits: 126 maps, 12 factors                                        0.1 Tflop
 *     training size: a pass over the training texts with all positions and one to the one
 *     position, sums to the last layer, 60 fits, 216,000 read-outs       80 Tflop
 *
 * In units of 12,000 x 25 x 247 Mflop = 74 Tflop: docs/methods.md, "What a study takes".
 *
 * Measured are the seconds that a stage takes for few texts and for more, which gives those
 * of a text and those that come once, and of the fits as they are. The routes' share is
 * that of the study: every fourth text, eight positions. `study_work` is the same ratio of
 * processor seconds.
 */
#include <stdio.h>
#include <sys/resource.h>

#include "base/base.h"
#include "bench.h"

enum {
    TEXTS = 48,
    FEW = 16,
    VAL = 48,
    FEW_VAL = 24,
    TOKENS = 25,
    ALL_TRAIN = 9000,
    ALL_VAL = 3000
};
enum { SIZE_POINTS = 15 /* of 9,000 vectors and of 225,000 */ };

static uint32_t ids[TEXTS * TOKENS];

/* Seconds: by the clock, and of all processors, which a loaded machine changes less. */
typedef struct span {
    double clock, work;
} span;

static span now(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (span){bench_seconds(),
                  (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                      1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec)};
}

/* a + k b */
static span add(span a, double k, span b)
{
    return (span){a.clock + k * b.clock, a.work + k * b.work};
}

static span since(span start)
{
    return add(now(), -1, start);
}

static jc_stats *gather(const jc_model *model, size_t n, const char *pairs, bool parts,
                        span *took)
{
    bench_texts texts = {ids, n, TOKENS, 0};
    jc_samples *samples = bench_samples(model, &texts, "all");
    jc_stats_params params;
    jc_stats *stats;
    jc_error err;

    jc_stats_params_init(&params);
    params.pairs = pairs;
    params.parts = parts;
    const span start = now();
    if (jc_stats_gather(&stats, model, samples, &params, &err))
        bench_die("study", &err);
    *took = since(start);
    jc_samples_close(samples);
    return stats;
}

static span time_eval(const jc_model *model, const jc_shortcut *shortcut, size_t n)
{
    bench_texts texts = {ids, n, TOKENS, 0};
    jc_samples *samples = bench_samples(model, &texts, "all");
    jc_eval_params params;
    jc_results *results;
    jc_error err;

    jc_eval_params_init(&params);
    params.schedules = true;
    params.route_every = 4;
    params.route_positions = 8;
    const span start = now();
    if (jc_eval(&results, model, &shortcut, 1, samples, &params, &err))
        bench_die("study", &err);
    const span took = since(start);
    jc_results_free(results);
    jc_samples_close(samples);
    return took;
}

/* A pass and one read-out a position, of one text. */
static span time_plain(const jc_model *model)
{
    const size_t vocab = jc_model_get_info(model)->vocab;
    const uint32_t last = jc_model_get_info(model)->layers;
    float *logits = jc_matrix_new(TEXTS * TOKENS, vocab, sizeof *logits);
    uint32_t positions[TOKENS];
    jc_text texts[TEXTS];
    jc_session *session;
    jc_error err;
    span took = {0, 0};

    for (uint32_t i = 0; i < TOKENS; i++)
        positions[i] = i;
    for (size_t t = 0; t < TEXTS; t++)
        texts[t] = (jc_text){.ids = ids + t * TOKENS,
                             .n = TOKENS,
                             .positions = positions,
                             .n_positions = TOKENS};
    if (!logits || jc_session_new(&session, model, &err))
        bench_die("study", NULL);
    for (int round = 0; round < 2; round++) { /* the first packs what is packed late */
        const span start = now();
        if (jc_session_run(session, texts, TEXTS, &err) ||
            jc_model_readout(model, jc_session_states(session, last), TEXTS * TOKENS,
                             logits, &err))
            bench_die("study", &err);
        took = since(start);
    }
    jc_session_free(session);
    jc_free(logits);
    return add((span){0, 0}, 1.0 / TEXTS, took);
}

/* Of n texts, from the times of few and of more of them. */
static span of_all(span few, double n_few, span more, double n_more, double n)
{
    return add(more, (n - n_more) / (n_more - n_few), add(more, -1, few));
}

/* Of the 15 points of the grid, four fits and their scores each. */
static span time_points(const jc_model *model, span pass)
{
    bench_texts train = {ids, TEXTS, TOKENS, 0}, held = {ids, TEXTS, TOKENS, 0};
    jc_samples *samples = bench_samples(model, &train, "all");
    jc_samples *val = bench_samples(model, &held, "one");
    const jc_training_series series = {"all positions", "all", samples};
    jc_training_size_params params;
    jc_results *results;
    jc_error err;

    jc_training_size_params_init(&params);
    params.size_texts = TEXTS;
    const span start = now();
    if (jc_training_size(&results, model, &series, 1, val, &params, &err))
        bench_die("study", &err);
    span took = add(since(start), -2 * TEXTS, pass);
    jc_results_free(results);
    jc_samples_close(samples);
    jc_samples_close(val);
    return add((span){0, 0}, SIZE_POINTS / 4.0, took); /* d/4, d/2, d and all */
}

static void put(json_t *out, const char *section, span took, span unit)
{
    char name[64];

    snprintf(name, sizeof name, "study_ratio%s", section);
    json_object_set_new(out, name, json_real(took.clock / unit.clock));
    snprintf(name, sizeof name, "study_work%s", section);
    json_object_set_new(out, name, json_real(took.work / unit.work));
}

void bench_study(json_t *out, const char *dir)
{
    const bench_shape shape = {BENCH_GPT2, 12, 768, 12, 12, 3072, 1024, 50257};
    span train[2], final[2], scores[2], start, fits;
    jc_fit_params params;
    jc_shortcut *shortcut;
    jc_model *model;
    jc_error err;
    char path[512];

    snprintf(path, sizeof path, "%s/gpt2-study", dir);
    bench_write_model_f32(path, &shape);
    if (jc_model_open(&model, path, NULL, &err))
        bench_die("study", &err);
    for (size_t i = 0; i < JC_COUNT(ids); i++)
        ids[i] = (uint32_t)(i * 7919 % shape.vocab);
    jc_stats_free(gather(model, FEW, "all", true, &train[0]));
    jc_stats *stats = gather(model, TEXTS, "all", true, &train[1]);
    jc_fit_params_init(&params);
    start = now();
    if (jc_fit(&shortcut, stats, &params, &err))
        bench_die("study", &err);
    fits = since(start);
    jc_stats_free(stats);
    scores[0] = time_eval(model, shortcut, FEW_VAL);
    scores[1] = time_eval(model, shortcut, VAL);
    jc_stats_free(gather(model, FEW, "final", false, &final[0]));
    jc_stats_free(gather(model, TEXTS, "final", false, &final[1]));
    const span none = {0, 0};
    span unit = add(none, ALL_TRAIN + ALL_VAL, time_plain(model));
    span sums = of_all(train[0], FEW, train[1], TEXTS, ALL_TRAIN);
    span scored = of_all(scores[0], FEW_VAL, scores[1], VAL, ALL_VAL);
    span text = add(none, 1.0 / (TEXTS - FEW), add(final[1], -1, final[0]));
    /* one stream of whole texts, one of texts cut at the position, half as long */
    span size = add(of_all(final[0], FEW, final[1], TEXTS, 1.5 * ALL_TRAIN), 1,
                    time_points(model, text));
    put(out, "", add(add(add(sums, 1, fits), 1, scored), 1, size), unit);
    put(out, "_scores", scored, unit);
    put(out, "_sums", sums, unit);
    put(out, "_size", size, unit);
    jc_shortcut_free(shortcut);
    jc_model_close(model);
}
