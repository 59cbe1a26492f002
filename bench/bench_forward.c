/* SPDX-License-Identifier: MIT */
/* bench_forward.c: the pass through the blocks of a GPT-2-124M shape, texts of 256 tokens,
 * of a BERT-base shape, texts of 128, and of a Llama of GPT-2's size, texts of 256, stored
 * as bfloat16 and as Q8_0, against the rate of one large product of the same type, measured
 * in turn. */
#include <stdio.h>

#include "base/base.h"
#include "bench.h"
#include "ceiling.h"
#include "support/llama_gguf.h"

enum { TOKENS = 2048, MANY = 16384, ROUNDS = 7 }; /* MANY: on a GPU */

/* Run TOKENS tokens in texts of `length`; `name` is for the keys of the figures. The state
 * of each text's last token is asked for at every layer. */
static void one(json_t *out, const char *name, const char *path, const bench_shape *shape,
                size_t length, bool bf16)
{
    static uint32_t ids[MANY], last[MANY];
    static jc_text texts[MANY];
    size_t n = (bench_backend ? MANY : TOKENS) / length;
    double forward[ROUNDS], ceiling[ROUNDS], ratio[ROUNDS];
    jc_model_params params;
    jc_model *model;
    jc_session *session;
    jc_error err;
    char key[64];

    jc_model_params_init(&params);
    params.dtype = bf16 ? "bf16" : "f32";
    params.backend = bench_backend ? bench_backend : params.backend;
    if (jc_model_open(&model, path, &params, &err) ||
        jc_session_new(&session, model, &err)) {
        if (!bf16)
            bench_die("forward", &err);
        fprintf(stderr, "bench: bf16 left out: %s\n", err.message);
        return;
    }
    for (size_t i = 0; i < JC_COUNT(ids); i++)
        ids[i] = (uint32_t)(i * 7919 % shape->vocab);
    for (size_t t = 0; t < n; t++)
        last[t] = (uint32_t)length - 1,
        texts[t] = (jc_text){
            .ids = ids + t * length, .n = length, .positions = last + t, .n_positions = 1};
    for (int r = -1; r < ROUNDS; r++) { /* the first is to warm up */
        double rate = bench_ceiling(bf16), start = bench_seconds();
        if (jc_session_run(session, texts, n, &err))
            bench_die("forward", &err);
        double seconds = bench_seconds() - start;
        rate = (rate + bench_ceiling(bf16)) / 2; /* before and after */
        if (r < 0)
            continue;
        forward[r] = bench_forward_flops(shape, n, length) / seconds;
        ceiling[r] = rate;
        ratio[r] = forward[r] / rate;
    }
    jc_session_free(session);
    jc_model_close(model);
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
    const bench_shape gpt2 = {BENCH_GPT2, 12, 768, 12, 12, 3072, 1024, 50257};
    const bench_shape bert = {BENCH_BERT, 12, 768, 12, 12, 3072, 512, 30522};
    const bench_shape llama = {BENCH_LLAMA, 12, 768, 12, 4, 2048, 2048, 32000};
    char path[512], gguf[512];

    snprintf(path, sizeof path, "%s/gpt2-124m", dir);
    bench_write_model_f32(path, &gpt2); /* as both were published */
    one(out, "f32", path, &gpt2, 256, false);
    one(out, "bf16", path, &gpt2, 256, true);
    snprintf(path, sizeof path, "%s/bert-base", dir);
    bench_write_model_f32(path, &bert);
    one(out, "bert_f32", path, &bert, 128, false);
    snprintf(path, sizeof path, "%s/llama", dir);
    bench_write_model(path, &llama);
    one(out, "llama_f32", path, &llama, 256, false);
    snprintf(gguf, sizeof gguf, "%s/llama.gguf", dir);
    if (!llama_gguf_write(gguf, path, JC_Q8_0))
        bench_die(gguf, NULL);
    one(out, "llama_q8_0", gguf, &llama, 256, false);
}
