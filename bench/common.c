/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/base.h"
#include "store/store.h"

double bench_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

double bench_median(double *x, size_t n)
{
    qsort(x, n, sizeof *x, ascending);
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

void bench_die(const char *what, const jc_error *err)
{
    fprintf(stderr, "bench: %s: %s\n", what, err ? err->message : strerror(errno));
    exit(1);
}

double bench_forward_flops(const bench_shape *s, size_t texts, size_t n)
{
    double d = s->width, t = (double)n, kv = d / s->heads * s->kv_heads, ff = s->ff_width;
    double pairs = s->kind == BENCH_BERT ? t * t : t * (t + 1) / 2;
    double weights = 2 * d * d + 2 * d * kv + (s->kind == BENCH_LLAMA ? 3 : 2) * d * ff;

    return (double)texts * s->layers * (2 * t * weights + 4 * d * pairs);
}

typedef enum { NONE, VOCAB, CONTEXT, TYPES, WIDTH, KV, QKV, FF } dim;

typedef struct row {
    const char *name; /* with %u, one for each block */
    dim shape[2];
    bool ones; /* a norm's weight */
} row;

static const row gpt2[] = {
    {"wte.weight", {VOCAB, WIDTH}, false},
    {"wpe.weight", {CONTEXT, WIDTH}, false},
    {"h.%u.ln_1.weight", {WIDTH, NONE}, true},
    {"h.%u.ln_1.bias", {WIDTH, NONE}, false},
    {"h.%u.attn.c_attn.weight", {WIDTH, QKV}, false},
    {"h.%u.attn.c_attn.bias", {QKV, NONE}, false},
    {"h.%u.attn.c_proj.weight", {WIDTH, WIDTH}, false},
    {"h.%u.attn.c_proj.bias", {WIDTH, NONE}, false},
    {"h.%u.ln_2.weight", {WIDTH, NONE}, true},
    {"h.%u.ln_2.bias", {WIDTH, NONE}, false},
    {"h.%u.mlp.c_fc.weight", {WIDTH, FF}, false},
    {"h.%u.mlp.c_fc.bias", {FF, NONE}, false},
    {"h.%u.mlp.c_proj.weight", {FF, WIDTH}, false},
    {"h.%u.mlp.c_proj.bias", {WIDTH, NONE}, false},
    {"ln_f.weight", {WIDTH, NONE}, true},
    {"ln_f.bias", {WIDTH, NONE}, false},
};

static const row bert[] = {
    {"embeddings.word_embeddings.weight", {VOCAB, WIDTH}, false},
    {"embeddings.position_embeddings.weight", {CONTEXT, WIDTH}, false},
    {"embeddings.token_type_embeddings.weight", {TYPES, WIDTH}, false},
    {"embeddings.LayerNorm.weight", {WIDTH, NONE}, true},
    {"embeddings.LayerNorm.bias", {WIDTH, NONE}, false},
    {"encoder.layer.%u.attention.self.query.weight", {WIDTH, WIDTH}, false},
    {"encoder.layer.%u.attention.self.query.bias", {WIDTH, NONE}, false},
    {"encoder.layer.%u.attention.self.key.weight", {WIDTH, WIDTH}, false},
    {"encoder.layer.%u.attention.self.key.bias", {WIDTH, NONE}, false},
    {"encoder.layer.%u.attention.self.value.weight", {WIDTH, WIDTH}, false},
    {"encoder.layer.%u.attention.self.value.bias", {WIDTH, NONE}, false},
    {"encoder.layer.%u.attention.output.dense.weight", {WIDTH, WIDTH}, false},
    {"encoder.layer.%u.attention.output.dense.bias", {WIDTH, NONE}, false},
    {"encoder.layer.%u.attention.output.LayerNorm.weight", {WIDTH, NONE}, true},
    {"encoder.layer.%u.attention.output.LayerNorm.bias", {WIDTH, NONE}, false},
    {"encoder.layer.%u.intermediate.dense.weight", {FF, WIDTH}, false},
    {"encoder.layer.%u.intermediate.dense.bias", {FF, NONE}, false},
    {"encoder.layer.%u.output.dense.weight", {WIDTH, FF}, false},
    {"encoder.layer.%u.output.dense.bias", {WIDTH, NONE}, false},
    {"encoder.layer.%u.output.LayerNorm.weight", {WIDTH, NONE}, true},
    {"encoder.layer.%u.output.LayerNorm.bias", {WIDTH, NONE}, false},
};

static const row llama[] = {
    {"model.embed_tokens.weight", {VOCAB, WIDTH}, false},
    {"model.layers.%u.input_layernorm.weight", {WIDTH, NONE}, true},
    {"model.layers.%u.self_attn.q_proj.weight", {WIDTH, WIDTH}, false},
    {"model.layers.%u.self_attn.k_proj.weight", {KV, WIDTH}, false},
    {"model.layers.%u.self_attn.v_proj.weight", {KV, WIDTH}, false},
    {"model.layers.%u.self_attn.o_proj.weight", {WIDTH, WIDTH}, false},
    {"model.layers.%u.post_attention_layernorm.weight", {WIDTH, NONE}, true},
    {"model.layers.%u.mlp.gate_proj.weight", {FF, WIDTH}, false},
    {"model.layers.%u.mlp.up_proj.weight", {FF, WIDTH}, false},
    {"model.layers.%u.mlp.down_proj.weight", {WIDTH, FF}, false},
    {"model.norm.weight", {WIDTH, NONE}, true},
};

static const struct {
    const row *rows;
    size_t n;
} tables[] = {
    [BENCH_GPT2] = {gpt2, JC_COUNT(gpt2)},
    [BENCH_BERT] = {bert, JC_COUNT(bert)},
    [BENCH_LLAMA] = {llama, JC_COUNT(llama)},
};

static size_t size_of(const bench_shape *s, dim which)
{
    const size_t sizes[] = {[NONE] = 1,
                            [VOCAB] = s->vocab,
                            [CONTEXT] = s->context,
                            [TYPES] = 2,
                            [WIDTH] = s->width,
                            [KV] = (size_t)s->width / s->heads * s->kv_heads,
                            [QKV] = 3 * (size_t)s->width,
                            [FF] = s->ff_width};

    return sizes[which];
}

static void declare(jc_st_writer *w, const row *r, const bench_shape *s, uint32_t block,
                    bool f32)
{
    const size_t shape[] = {size_of(s, r->shape[0]), size_of(s, r->shape[1])};
    char name[64];
    jc_error err;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the format is a row of a table */
    snprintf(name, sizeof name, r->name, block);
#pragma GCC diagnostic pop
    if (jc_st_writer_declare(w, name, f32 ? JC_F32 : JC_BF16, shape,
                             r->shape[1] == NONE ? 1 : 2, &err))
        bench_die("model", &err);
}

/* Weights uniform with GPT-2's standard deviation of 0.02, norms as at the start. */
static void write_values(jc_st_writer *w, const row *r, const bench_shape *s, jc_rng *rng,
                         bool f32)
{
    size_t n = size_of(s, r->shape[0]) * size_of(s, r->shape[1]);
    size_t size = f32 ? sizeof(float) : sizeof(uint16_t);
    unsigned char *x = jc_alloc_array(n, size);
    jc_error err;

    if (!x)
        bench_die("model", NULL);
    for (size_t i = 0; i < n; i++) {
        float v = r->ones ? 1 : (float)((jc_rng_uniform(rng) - 0.5) * 0.0693);
        uint32_t bits;
        memcpy(&bits, &v, sizeof bits);
        uint16_t high = (uint16_t)(bits >> 16);
        if (f32)
            memcpy(x + i * size, &v, size);
        else
            memcpy(x + i * size, &high, size);
    }
    if (jc_st_writer_data(w, x, n * size, &err))
        bench_die("model", &err);
    jc_free(x);
}

static void write_config(const char *dir, const bench_shape *s)
{
    char path[512];

    snprintf(path, sizeof path, "%s/config.json", dir);
    FILE *f = fopen(path, "w");
    if (!f)
        bench_die(path, NULL);
    switch (s->kind) {
    case BENCH_GPT2:
        fprintf(f,
                "{\"model_type\":\"gpt2\",\"n_layer\":%u,\"n_embd\":%u,\"n_head\":%u,"
                "\"n_positions\":%u,\"vocab_size\":%u,\"n_inner\":%u}\n",
                s->layers, s->width, s->heads, s->context, s->vocab, s->ff_width);
        break;
    case BENCH_BERT:
    case BENCH_LLAMA:
        fprintf(f,
                "{\"model_type\":\"%s\",\"num_hidden_layers\":%u,\"hidden_size\":%u,"
                "\"num_attention_heads\":%u,\"num_key_value_heads\":%u,"
                "\"max_position_embeddings\":%u,\"vocab_size\":%u,"
                "\"intermediate_size\":%u}\n",
                s->kind == BENCH_BERT ? "bert" : "llama", s->layers, s->width, s->heads,
                s->kv_heads, s->context, s->vocab, s->ff_width);
        break;
    }
    if (fclose(f) != 0)
        bench_die(path, NULL);
}

static void write_model(const char *dir, const bench_shape *s, bool f32)
{
    const row *rows = tables[s->kind].rows;
    size_t n = tables[s->kind].n;
    char path[512];
    jc_st_writer *w;
    jc_rng rng = {20230316};
    jc_error err;

    if (mkdir(dir, 0777) != 0 && errno != EEXIST)
        bench_die(dir, NULL);
    write_config(dir, s);
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    if (jc_st_writer_new(&w, path, &err))
        bench_die("model", &err);
    for (int pass = 0; pass < 2; pass++) /* declare everything, then write it */
        for (size_t i = 0; i < n; i++)
            for (uint32_t b = 0; b < (strchr(rows[i].name, '%') ? s->layers : 1); b++)
                if (pass == 0)
                    declare(w, &rows[i], s, b, f32);
                else
                    write_values(w, &rows[i], s, &rng, f32);
    if (jc_st_writer_commit(w, &err))
        bench_die("model", &err);
}

void bench_write_model(const char *dir, const bench_shape *s)
{
    write_model(dir, s, false);
}

void bench_write_model_f32(const char *dir, const bench_shape *s)
{
    write_model(dir, s, true);
}

static jc_status next_text(void *arg, jc_ids *out, jc_error *err)
{
    bench_texts *texts = arg;

    (void)err;
    for (out->n = 0; texts->at < texts->n && out->n < texts->tokens; out->n++) {
        if (!jc_grow(&out->id, &out->capacity, out->n + 1, sizeof *out->id))
            return JC_E_NOMEM;
        out->id[out->n] = texts->ids[texts->at * texts->tokens + out->n];
    }
    texts->at++;
    return JC_OK;
}

jc_samples *bench_samples(const jc_model *model, bench_texts *texts, const char *positions)
{
    const jc_model_info *info = jc_model_get_info(model);
    jc_samples_params params;
    jc_samples *samples;
    jc_error err;

    jc_samples_params_init(&params);
    params.context = info->context;
    params.vocab = info->vocab;
    params.positions = positions;
    texts->at = 0;
    if (jc_samples_from_source(&samples, next_text, texts, &params, &err))
        bench_die("texts", &err);
    return samples;
}
