/* SPDX-License-Identifier: MIT */
/*
 * bench_decode.c: tokens one after another, as `jumpcut generate` runs them. A step reads
 * every weight once, so its bound is the rate of memory, which is measured between steps:
 * decode_<type>_bandwidth is the bytes of weights times tokens a second over that rate, and
 * decode_rows_<k>_<type> the time of a pass with k rows over that with one. Medians.
 */
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "bench.h"
#include "support/llama_gguf.h"

enum { TOKENS = 24, PAST = 64, RATES = 5 };

struct decoder {
    jc_model *model;
    jc_session *session;
    jc_seq *seq;
    float *logits;
};

static void check(jc_status st, const jc_error *err)
{
    if (st)
        bench_die("decoding", err);
}

static void begin(struct decoder *d, const char *path)
{
    uint32_t ids[PAST];
    jc_seq_params params;
    const float *h;
    jc_model_params params_model;
    jc_error err;

    jc_model_params_init(&params_model);
    params_model.backend = bench_backend ? bench_backend : params_model.backend;
    check(jc_model_open(&d->model, path, &params_model, &err), &err);
    check(jc_session_new(&d->session, d->model, &err), &err);
    jc_seq_params_init(&params);
    params.room = 2 * PAST;
    check(jc_seq_new(&d->seq, d->model, &params, &err), &err);
    d->logits = jc_matrix_new(16, jc_model_get_info(d->model)->vocab, sizeof *d->logits);
    for (uint32_t i = 0; i < PAST; i++)
        ids[i] = i * 31 % 1000;
    const jc_feed feed = {d->seq, ids, PAST, NULL};
    check(jc_session_extend(d->session, &feed, 1, JC_PASS_PREFILL, &h, &err), &err);
}

static void end(struct decoder *d)
{
    jc_free(d->logits);
    jc_seq_free(d->seq);
    jc_session_free(d->session);
    jc_model_close(d->model);
}

/* Seconds of a pass over k rows, logits included; the sequence is left as it was. */
static double pass(struct decoder *d, size_t k)
{
    static const uint32_t ids[16] = {5, 80, 7,  9,  900, 3, 44, 61,
                                     2, 8,  70, 31, 4,   1, 6,  12};
    size_t length = jc_seq_length(d->seq);
    const jc_feed feed = {d->seq, ids, k, NULL};
    const float *h;
    jc_error err;
    double from = bench_seconds();

    check(jc_session_extend(d->session, &feed, 1, JC_PASS_STEP, &h, &err), &err);
    check(jc_session_logits(d->session, 0, k, d->logits, &err), &err);
    double seconds = bench_seconds() - from;
    jc_seq_truncate(d->seq, length);
    return seconds;
}

static void put(json_t *out, const char *format, const char *type, size_t k, double x)
{
    char key[64];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* one of those below */
    snprintf(key, sizeof key, format, type, (unsigned)k);
#pragma GCC diagnostic pop
    json_object_set_new(out, key, json_real(x));
}

/* `bytes` of weights that a step reads. */
static void decode(json_t *out, const char *path, const char *type, double bytes, bool rows)
{
    struct decoder d;
    double steps[TOKENS], rates[RATES];

    begin(&d, path);
    pass(&d, 1);
    for (size_t i = 0; i < TOKENS; i++) {
        if (i % (TOKENS / RATES) == 0 && i / (TOKENS / RATES) < RATES)
            rates[i / (TOKENS / RATES)] = bench_memory_rate();
        steps[i] = pass(&d, 1);
    }
    double step = bench_median(steps, TOKENS), rate = bench_median(rates, RATES);
    put(out, "decode_%s_bandwidth", type, 0, bytes / step / rate);
    put(out, "decode_%s_tokens", type, 0, 1 / step);
    put(out, "decode_%s_memory_gb", type, 0, rate / 1e9);
    for (size_t k = 2; rows && k <= 16; k *= 2) {
        double one[TOKENS / 2], some[TOKENS / 2];
        for (size_t i = 0; i < TOKENS / 2; i++) {
            one[i] = pass(&d, 1);
            some[i] = pass(&d, k);
        }
        put(out, "decode_rows_%s_%u", type, k,
            bench_median(some, TOKENS / 2) / bench_median(one, TOKENS / 2));
    }
    end(&d);
}

void bench_decode(json_t *out, const char *dir)
{
    const bench_shape shape = {BENCH_LLAMA, 12, 2048, 16, 4, 5632, 512, 32000};
    static const struct {
        const char *name;
        jc_dtype type;
        bool rows;
    } types[] = {{"q8_0", JC_Q8_0, true},  {"q4_k", JC_Q4_K, false},
                 {"q5_0", JC_Q5_0, false}, {"q6_k", JC_Q6_K, false},
                 {"f16", JC_F16, false},   {"f32", JC_F32, false}};
    size_t d = shape.width, kv = d / shape.heads * shape.kv_heads;
    double weights = shape.layers * (2.0 * (double)(d * d) + 2.0 * (double)(d * kv) +
                                     3.0 * (double)(d * shape.ff_width)) +
                     (double)d * shape.vocab;
    char folder[512], path[520];

    snprintf(folder, sizeof folder, "%s/decode", dir);
    bench_write_model(folder, &shape);
    decode(out, folder, "bf16", 2 * weights, true);
    for (size_t i = 0; i < JC_COUNT(types); i++) {
        snprintf(path, sizeof path, "%s.gguf", folder);
        if (!llama_gguf_write(path, folder, types[i].type))
            bench_die(path, NULL);
        decode(out, path, types[i].name,
               weights / (double)jc_dtype_block(types[i].type) *
                   (double)jc_dtype_bytes(types[i].type),
               types[i].rows);
    }
}
