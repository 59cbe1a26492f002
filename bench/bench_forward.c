/* SPDX-License-Identifier: MIT */
/* bench_forward.c: the pass through the blocks of a GPT-2-124M shape, texts of 256 tokens,
 * against the rate of one large product of the same type, measured in turn. */
#include <stdio.h>

#include "base/base.h"
#include "bench.h"
#include "ceiling.h"

enum { TEXTS = 8, TOKENS = 256, ROUNDS = 7 };

static void one(json_t *out, const char *path, const bench_shape *shape, bool bf16)
{
    static uint32_t ids[TEXTS * TOKENS];
    jc_text texts[TEXTS];
    double forward[ROUNDS], ceiling[ROUNDS], ratio[ROUNDS];
    jc_model_params params;
    jc_model *model;
    jc_session *session;
    jc_error err;
    char key[64];

    jc_model_params_init(&params);
    params.dtype = bf16 ? "bf16" : "f32";
    if (jc_model_open(&model, path, &params, &err) ||
        jc_session_new(&session, model, &err)) {
        if (!bf16)
            bench_die("forward", &err);
        fprintf(stderr, "bench: bf16 left out: %s\n", err.message);
        return;
    }
    for (size_t i = 0; i < JC_COUNT(ids); i++)
        ids[i] = (uint32_t)(i * 7919 % shape->vocab);
    for (size_t t = 0; t < TEXTS; t++)
        texts[t] = (jc_text){.ids = ids + t * TOKENS, .n = TOKENS};
    for (int r = -1; r < ROUNDS; r++) { /* the first is to warm up */
        double rate = bench_ceiling(bf16), start = bench_seconds();
        if (jc_session_run(session, texts, TEXTS, &err))
            bench_die("forward", &err);
        double seconds = bench_seconds() - start;
        rate = (rate + bench_ceiling(bf16)) / 2; /* before and after */
        if (r < 0)
            continue;
        forward[r] = bench_forward_flops(shape, TEXTS, TOKENS) / seconds;
        ceiling[r] = rate;
        ratio[r] = forward[r] / rate;
    }
    jc_session_free(session);
    jc_model_close(model);
    const char *name = bf16 ? "bf16" : "f32";
    const struct {
        const char *key;
        double value;
    } rows[] = {{"forward_%s_ratio", bench_median(ratio, ROUNDS)},
                {"forward_%s_gflops", bench_median(forward, ROUNDS) / 1e9},
                {"product_%s_gflops", bench_median(ceiling, ROUNDS) / 1e9}};
    for (size_t i = 0; i < JC_COUNT(rows); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(key, sizeof key, rows[i].key, name);
#pragma GCC diagnostic pop
        json_object_set_new(out, key, json_real(rows[i].value));
    }
}

void bench_forward(json_t *out, const char *dir)
{
    const bench_shape shape = {12, 768, 12, 1024, 50257};
    char path[512];

    snprintf(path, sizeof path, "%s/gpt2-124m", dir);
    bench_write_model(path, &shape);
    one(out, path, &shape, false);
    one(out, path, &shape, true);
}
