/* SPDX-License-Identifier: MIT */
/*
 * bench_experts.c: a mixture of experts beside a dense model of as many multiply-adds a
 * token, both of random weights in GGUF files: `experts_<type>_texts`, `_prompt` and
 * `_step` are the mixture's processor time over the dense model's, for 4 texts of 256
 * tokens, a prompt of 512 and a step of one token. Medians of ratios, in turns.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "bench.h"
#include "support/llama_gguf.h"

enum {
    LAYERS = 2,
    WIDTH = 1024,
    HEADS = 8,
    VOCAB = 4096,
    EXPERTS = 16,
    USED = 2,
    EXPERT_WIDTH = 1024
};
enum { TEXTS = 4, LENGTH = 256, PROMPT = 512, ROUNDS = 5, STEPS = 6 };

/* ---- the files ---- */

typedef struct tensor {
    const char *name; /* with %u, one for each block */
    size_t shape[3];  /* innermost first, as GGUF has it; 0: none further */
} tensor;

#define ENDS                                                                               \
    {"token_embd.weight", {WIDTH, VOCAB, 0}},                                              \
    {                                                                                      \
        "output_norm.weight",                                                              \
        {                                                                                  \
            WIDTH, 0, 0                                                                    \
        }                                                                                  \
    }
#define ATTENTION                                                                          \
    {"blk.%u.attn_norm.weight", {WIDTH, 0, 0}},                                            \
        {"blk.%u.attn_q.weight", {WIDTH, WIDTH, 0}},                                       \
        {"blk.%u.attn_k.weight", {WIDTH, WIDTH, 0}},                                       \
        {"blk.%u.attn_v.weight", {WIDTH, WIDTH, 0}},                                       \
        {"blk.%u.attn_output.weight", {WIDTH, WIDTH, 0}},                                  \
    {                                                                                      \
        "blk.%u.ffn_norm.weight",                                                          \
        {                                                                                  \
            WIDTH, 0, 0                                                                    \
        }                                                                                  \
    }

static const tensor dense[] = {
    ENDS,
    ATTENTION,
    {"blk.%u.ffn_gate.weight", {WIDTH, (size_t)USED *EXPERT_WIDTH, 0}},
    {"blk.%u.ffn_up.weight", {WIDTH, (size_t)USED *EXPERT_WIDTH, 0}},
    {"blk.%u.ffn_down.weight", {(size_t)USED * EXPERT_WIDTH, WIDTH, 0}},
};

static const tensor mixture[] = {
    ENDS,
    ATTENTION,
    {"blk.%u.ffn_gate_inp.weight", {WIDTH, EXPERTS, 0}},
    {"blk.%u.ffn_gate_exps.weight", {WIDTH, EXPERT_WIDTH, EXPERTS}},
    {"blk.%u.ffn_up_exps.weight", {WIDTH, EXPERT_WIDTH, EXPERTS}},
    {"blk.%u.ffn_down_exps.weight", {EXPERT_WIDTH, WIDTH, EXPERTS}},
};

/* Vectors and the router are F32. */
static jc_dtype type_of(const tensor *t, jc_dtype wanted)
{
    return t->shape[1] == 0 || t->shape[1] == EXPERTS ? JC_F32 : wanted;
}

static uint64_t bytes_of(const tensor *t, jc_dtype type)
{
    uint64_t n =
        t->shape[0] * (t->shape[1] ? t->shape[1] : 1) * (t->shape[2] ? t->shape[2] : 1);

    return n / jc_dtype_block(type) * jc_dtype_bytes(type);
}

static void put_values(FILE *f, const tensor *t, jc_dtype type, jc_rng *rng)
{
    uint64_t n = bytes_of(t, type) / jc_dtype_bytes(type);

    if (jc_dtype_block(type) > 1) {
        llama_gguf_random(f, type, n * jc_dtype_block(type));
        return;
    }
    for (uint64_t i = 0; i < n; i++) {
        float x = t->shape[1] ? (float)((jc_rng_uniform(rng) - 0.5) * 0.07) : 1;
        uint32_t bits;
        memcpy(&bits, &x, sizeof bits);
        llama_gguf_put(f, type == JC_F32 ? bits : bits >> 16, jc_dtype_bytes(type));
    }
}

/* A tensor's line of the header, or its values. */
static void put_tensor(FILE *f, const tensor *t, uint32_t block, jc_dtype wanted,
                       uint64_t *offset, jc_rng *rng)
{
    jc_dtype type = type_of(t, wanted);
    char name[LLAMA_GGUF_NAME];
    uint32_t dims = t->shape[1] == 0 ? 1 : t->shape[2] == 0 ? 2 : 3;

    if (rng) {
        put_values(f, t, type, rng); /* whose sizes are multiples of the alignment */
        return;
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the format is a row of a table */
    snprintf(name, sizeof name, t->name, (unsigned)block);
#pragma GCC diagnostic pop
    llama_gguf_text(f, name);
    llama_gguf_put(f, dims, 4);
    for (uint32_t k = 0; k < dims; k++)
        llama_gguf_put(f, t->shape[k], 8);
    llama_gguf_put(f, (uint64_t)jc_codec_of(type)->gguf, 4);
    llama_gguf_put(f, *offset, 8);
    *offset += bytes_of(t, type);
}

static void put_tensors(FILE *f, const tensor *tensors, size_t n, jc_dtype type,
                        jc_rng *rng)
{
    uint64_t offset = 0;

    for (size_t i = 0; i < n; i++)
        for (uint32_t b = 0; b < (strchr(tensors[i].name, '%') ? LAYERS : 1); b++)
            put_tensor(f, &tensors[i], b, type, &offset, rng);
}

static void write_file(const char *path, bool experts, jc_dtype type)
{
    const struct {
        const char *key;
        uint32_t n;
    } keys[] = {{"block_count", LAYERS},
                {"embedding_length", WIDTH},
                {"feed_forward_length", experts ? EXPERT_WIDTH : USED * EXPERT_WIDTH},
                {"context_length", 2048},
                {"attention.head_count", HEADS},
                {"expert_count", EXPERTS},
                {"expert_used_count", USED}};
    const tensor *tensors = experts ? mixture : dense;
    size_t n_keys = JC_COUNT(keys) - (experts ? 0 : 2), once = 2;
    size_t n = experts ? JC_COUNT(mixture) : JC_COUNT(dense);
    char key[LLAMA_GGUF_NAME];
    jc_rng rng = {20261127};
    FILE *f = fopen(path, "wb");

    if (!f)
        bench_die(path, NULL);
    fputs("GGUF", f);
    llama_gguf_put(f, 3, 4);
    llama_gguf_put(f, once + LAYERS * (n - once), 8);
    llama_gguf_put(f, n_keys + 2, 8);
    llama_gguf_text(f, "general.architecture");
    llama_gguf_put(f, 8, 4);
    llama_gguf_text(f, "llama");
    llama_gguf_text(f, "llama.attention.layer_norm_rms_epsilon");
    llama_gguf_put(f, 6, 4);
    llama_gguf_put(f, 0x3727c5ac, 4); /* 1e-5 */
    for (size_t i = 0; i < n_keys; i++) {
        snprintf(key, sizeof key, "llama.%s", keys[i].key);
        llama_gguf_text(f, key);
        llama_gguf_put(f, 4, 4);
        llama_gguf_put(f, keys[i].n, 4);
    }
    put_tensors(f, tensors, n, type, NULL);
    while (ftell(f) % LLAMA_GGUF_BLOCK)
        fputc(0, f);
    put_tensors(f, tensors, n, type, &rng);
    if (fclose(f) != 0)
        bench_die(path, NULL);
}

/* ---- the work ---- */

struct subject {
    jc_model *model;
    jc_session *session;
    jc_seq *seq;
};

static void check(jc_status st, const jc_error *err)
{
    if (st)
        bench_die("experts", err);
}

static double work_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void begin(struct subject *s, const char *path)
{
    jc_model_params params;
    jc_seq_params room;
    jc_error err;

    jc_model_params_init(&params);
    params.backend = bench_backend ? bench_backend : params.backend;
    check(jc_model_open(&s->model, path, &params, &err), &err);
    check(jc_session_new(&s->session, s->model, &err), &err);
    jc_seq_params_init(&room);
    room.room = PROMPT + STEPS;
    check(jc_seq_new(&s->seq, s->model, &room, &err), &err);
}

static void end(struct subject *s)
{
    jc_seq_free(s->seq);
    jc_session_free(s->session);
    jc_model_close(s->model);
}

/* Seconds of texts, of a prompt, and of a step. */
static void run(struct subject *s, double seconds[3])
{
    static uint32_t ids[TEXTS * LENGTH], last[TEXTS];
    jc_text texts[TEXTS];
    const float *h;
    jc_error err;

    for (uint32_t i = 0; i < TEXTS * LENGTH; i++)
        ids[i] = i * 7919 % VOCAB;
    for (size_t t = 0; t < TEXTS; t++) {
        last[t] = LENGTH - 1;
        texts[t] = (jc_text){ids + t * LENGTH, LENGTH, last + t, 1};
    }
    double from = work_seconds();
    check(jc_session_run(s->session, texts, TEXTS, &err), &err);
    seconds[0] = work_seconds() - from;
    from = work_seconds();
    const jc_feed prompt = {s->seq, ids, PROMPT, NULL};
    check(jc_session_extend(s->session, &prompt, 1, JC_PASS_PREFILL, &h, &err), &err);
    seconds[1] = work_seconds() - from;
    from = work_seconds();
    for (size_t i = 0; i < STEPS; i++) {
        const jc_feed step = {s->seq, ids + 31 * i, 1, NULL};
        check(jc_session_extend(s->session, &step, 1, JC_PASS_STEP, &h, &err), &err);
    }
    seconds[2] = work_seconds() - from;
    jc_seq_truncate(s->seq, 0);
}

static void one(json_t *out, const char *name, jc_dtype type, const char *dir)
{
    static const char *const parts[] = {"texts", "prompt", "step"};
    struct subject subjects[2];
    double ratio[3][ROUNDS], seconds[2][3], plain[3][ROUNDS];
    char path[512], key[64];

    for (int e = 0; e < 2; e++) {
        snprintf(path, sizeof path, "%s/%s-%s.gguf", dir, e ? "experts" : "dense", name);
        write_file(path, e, type);
        begin(&subjects[e], path);
    }
    for (int r = -1; r < ROUNDS; r++) { /* the first is to warm up */
        for (int e = 0; e < 2; e++)
            run(&subjects[e], seconds[e]);
        for (int k = 0; k < 3 && r >= 0; k++) {
            ratio[k][r] = seconds[1][k] / seconds[0][k];
            plain[k][r] = seconds[0][k];
        }
    }
    for (int k = 0; k < 3; k++) {
        snprintf(key, sizeof key, "experts_%s_%s", name, parts[k]);
        json_object_set_new(out, key, json_real(bench_median(ratio[k], ROUNDS)));
        snprintf(key, sizeof key, "experts_%s_%s_dense_ms", name, parts[k]);
        json_object_set_new(out, key, json_real(1e3 * bench_median(plain[k], ROUNDS)));
    }
    for (int e = 0; e < 2; e++) {
        end(&subjects[e]);
        snprintf(path, sizeof path, "%s/%s-%s.gguf", dir, e ? "experts" : "dense", name);
        remove(path);
    }
}

void bench_experts(json_t *out, const char *dir)
{
    one(out, "f32", JC_F32, dir);
    one(out, "bf16", JC_BF16, dir);
    one(out, "q8_0", JC_Q8_0, dir);
    one(out, "q4_k", JC_Q4_K, dir);
}
