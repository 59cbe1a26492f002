/* SPDX-License-Identifier: MIT */
/* bench_gather.c: what the sums add to the forward pass of a GPT-2-124M shape: the whole of
 * jc_stats_gather() on texts of 256 tokens, every position, against the same texts through
 * a session that keeps no states, measured in turn. */
#include <stdio.h>

#include "base/base.h"
#include "bench.h"

enum { TEXTS = 16, TOKENS = 256, ROUNDS = 5, TOGETHER = 4 };

static uint32_t ids[TEXTS * TOKENS];

static double forward(const jc_model *model)
{
    jc_text texts[TOGETHER];
    jc_session *session;
    jc_error err;

    if (jc_session_new(&session, model, &err))
        bench_die("forward", &err);
    double start = bench_seconds();
    for (size_t t = 0; t < TEXTS; t += TOGETHER) {
        for (size_t i = 0; i < TOGETHER; i++)
            texts[i] = (jc_text){.ids = ids + (t + i) * TOKENS, .n = TOKENS};
        if (jc_session_run(session, texts, TOGETHER, &err))
            bench_die("forward", &err);
    }
    double seconds = bench_seconds() - start;
    jc_session_free(session);
    return seconds;
}

static double gather(const jc_model *model, const char *pairs)
{
    bench_texts texts = {ids, TEXTS, TOKENS, 0};
    jc_stats_params params;
    jc_samples *samples = bench_samples(model, &texts, "all");
    jc_stats *stats;
    jc_error err;

    jc_stats_params_init(&params);
    params.pairs = pairs;
    double start = bench_seconds();
    if (jc_stats_gather(&stats, model, samples, &params, &err))
        bench_die("gather", &err);
    double seconds = bench_seconds() - start;
    jc_stats_free(stats);
    jc_samples_close(samples);
    return seconds;
}

void bench_gather(json_t *out, const char *dir)
{
    const bench_shape shape = {BENCH_GPT2, 12, 768, 12, 12, 3072, 1024, 50257};
    double plain[ROUNDS], final[ROUNDS], all[ROUNDS];
    jc_model *model;
    jc_error err;
    char path[512];

    snprintf(path, sizeof path, "%s/gpt2-124m", dir);
    if (jc_model_open(&model, path, NULL, &err))
        bench_die("gather", &err);
    for (size_t i = 0; i < JC_COUNT(ids); i++)
        ids[i] = (uint32_t)(i * 7919 % shape.vocab);
    forward(model);
    for (int r = 0; r < ROUNDS; r++) {
        plain[r] = forward(model);
        final[r] = gather(model, "final") / plain[r] - 1;
        all[r] = gather(model, "all") / plain[r] - 1;
    }
    jc_model_close(model);
    json_object_set_new(out, "gather_final_overhead",
                        json_real(bench_median(final, ROUNDS)));
    json_object_set_new(out, "gather_all_overhead", json_real(bench_median(all, ROUNDS)));
    json_object_set_new(out, "forward_tokens_per_second",
                        json_real(TEXTS * TOKENS / bench_median(plain, ROUNDS)));
}
