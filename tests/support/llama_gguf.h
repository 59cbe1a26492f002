/* SPDX-License-Identifier: MIT */
/*
 * llama_gguf.h: a model folder of a Llama as a GGUF file, F32, F16 or Q8_0, for what may
 * not or need not be in the repository. Of other types in blocks the values are random, for
 * benchmarks.
 *
 * As the format's converter has it: queries and keys with the halves of a head interleaved,
 * vectors F32, matrices whose rows are not made of whole blocks F16. It is written for
 * tests and benchmarks: the reader's truth is what the gguf package wrote,
 * tests/golden/gguf.
 */
#ifndef JC_TEST_LLAMA_GGUF_H
#define JC_TEST_LLAMA_GGUF_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

enum { LLAMA_GGUF_NAME = 96, LLAMA_GGUF_BLOCK = 32 };

static const struct {
    const char *folder, *gguf; /* with %u, of each block */
    const char *heads;         /* key of how many are interleaved; NULL: none */
} llama_gguf_names[] = {
    {"model.embed_tokens.weight", "token_embd.weight", NULL},
    {"model.norm.weight", "output_norm.weight", NULL},
    {"lm_head.weight", "output.weight", NULL},
    {"model.layers.%u.input_layernorm.weight", "blk.%u.attn_norm.weight", NULL},
    {"model.layers.%u.self_attn.q_proj.weight", "blk.%u.attn_q.weight",
     "num_attention_heads"},
    {"model.layers.%u.self_attn.k_proj.weight", "blk.%u.attn_k.weight",
     "num_key_value_heads"},
    {"model.layers.%u.self_attn.v_proj.weight", "blk.%u.attn_v.weight", NULL},
    {"model.layers.%u.self_attn.o_proj.weight", "blk.%u.attn_output.weight", NULL},
    {"model.layers.%u.post_attention_layernorm.weight", "blk.%u.ffn_norm.weight", NULL},
    {"model.layers.%u.mlp.gate_proj.weight", "blk.%u.ffn_gate.weight", NULL},
    {"model.layers.%u.mlp.up_proj.weight", "blk.%u.ffn_up.weight", NULL},
    {"model.layers.%u.mlp.down_proj.weight", "blk.%u.ffn_down.weight", NULL},
};

static const struct {
    const char *folder, *gguf;
    bool real;
    double def;
} llama_gguf_keys[] = {
    {"num_hidden_layers", "llama.block_count", false, 0},
    {"hidden_size", "llama.embedding_length", false, 0},
    {"intermediate_size", "llama.feed_forward_length", false, 0},
    {"max_position_embeddings", "llama.context_length", false, 0},
    {"num_attention_heads", "llama.attention.head_count", false, 0},
    {"num_key_value_heads", "llama.attention.head_count_kv", false, 0},
    {"rms_norm_eps", "llama.attention.layer_norm_rms_epsilon", true, 1e-6},
    {"rope_theta", "llama.rope.freq_base", true, 10000},
};

static inline void llama_gguf_put(FILE *f, uint64_t x, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        fputc((int)(x >> 8 * i & 255), f);
}

static inline void llama_gguf_text(FILE *f, const char *text)
{
    llama_gguf_put(f, strlen(text), 8);
    fputs(text, f);
}

/* To nearest, ties to even; of what float16 can hold. */
static inline uint16_t llama_gguf_f16(float x)
{
    uint16_t sign = signbit(x) ? 0x8000 : 0;
    int exponent;
    double rest = frexp(fabs((double)x), &exponent); /* 0.5 <= rest < 1, or 0 */

    if (rest == 0 || exponent < -13) /* zero and subnormal */
        return sign | (uint16_t)nearbyint(ldexp(rest, exponent + 24));
    return sign | (uint16_t)((exponent + 13) * 1024 + (int)nearbyint(ldexp(rest, 11)));
}

static inline void llama_gguf_q8_0(FILE *f, const float *x, size_t n)
{
    for (; n > 0; n -= LLAMA_GGUF_BLOCK, x += LLAMA_GGUF_BLOCK) {
        float most = 0;
        for (int i = 0; i < LLAMA_GGUF_BLOCK; i++)
            most = fmaxf(most, fabsf(x[i]));
        float d = most / 127;
        llama_gguf_put(f, llama_gguf_f16(d), 2);
        for (int i = 0; i < LLAMA_GGUF_BLOCK; i++)
            fputc((int)lrintf(d > 0 ? x[i] / d : 0) & 255, f);
    }
}

static inline jc_dtype llama_gguf_type(const jc_tensor *t, jc_dtype wanted)
{
    if (t->n_dims < 2)
        return JC_F32;
    return t->shape[1] % jc_dtype_block(wanted) ? JC_F16 : wanted;
}

static inline uint64_t llama_gguf_bytes(const jc_tensor *t, jc_dtype type)
{
    return t->count / jc_dtype_block(type) * jc_dtype_bytes(type);
}

/* Where a block has the float16 by which its numbers are scaled; -1: nowhere else. */
static const struct {
    jc_dtype type;
    int at[2];
} llama_gguf_scales[] = {{JC_Q8_0, {0, -1}}, {JC_Q4_0, {0, -1}},  {JC_Q4_1, {0, 2}},
                         {JC_Q5_0, {0, -1}}, {JC_Q5_1, {0, 2}},   {JC_Q4_K, {0, 2}},
                         {JC_Q5_K, {0, 2}},  {JC_Q6_K, {208, -1}}};

static inline void llama_gguf_random(FILE *f, jc_dtype type, size_t n)
{
    static uint64_t state = 20261127;
    size_t bytes = jc_dtype_bytes(type);

    for (size_t b = 0; b < n / jc_dtype_block(type); b++) {
        unsigned char block[256];
        for (size_t i = 0; i < bytes; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            block[i] = (unsigned char)(state >> 56);
        }
        for (size_t k = 0; k < sizeof llama_gguf_scales / sizeof *llama_gguf_scales; k++)
            for (int s = 0; llama_gguf_scales[k].type == type && s < 2; s++)
                if (llama_gguf_scales[k].at[s] >= 0) { /* about 2^-12 */
                    block[llama_gguf_scales[k].at[s]] = 0;
                    block[llama_gguf_scales[k].at[s] + 1] = 0x0c;
                }
        fwrite(block, 1, bytes, f);
    }
}

static inline void llama_gguf_row(FILE *f, jc_dtype type, const float *x, size_t n)
{
    if (type != JC_Q8_0 && jc_dtype_block(type) > 1) {
        llama_gguf_random(f, type, n);
        return;
    }
    if (type == JC_Q8_0) {
        llama_gguf_q8_0(f, x, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        llama_gguf_put(f, type == JC_F32 ? bits : llama_gguf_f16(x[i]),
                       type == JC_F32 ? 4 : 2);
    }
}

/* The rows of a tensor, those of queries and keys in GGUF's order, and padding. */
static inline bool llama_gguf_data(FILE *f, const jc_tensor *t, jc_dtype type,
                                   uint32_t heads)
{
    size_t n = t->n_dims < 2 ? t->shape[0] : t->shape[1], rows = t->count / n;
    size_t head = heads ? rows / heads : 2;
    float *x = malloc(n * sizeof *x);

    for (size_t r = 0; x && r < rows; r++) {
        size_t at = r % head;
        size_t from = heads ? r - at + at % 2 * (head / 2) + at / 2 : r;
        jc_tensor_read(t, from * n, n, x);
        llama_gguf_row(f, type, x, n);
    }
    for (uint64_t i = llama_gguf_bytes(t, type); i % LLAMA_GGUF_BLOCK; i++)
        fputc(0, f);
    free(x);
    return x != NULL;
}

/* Tensor i of the file; *heads is as in llama_gguf_data(), `to` [LLAMA_GGUF_NAME] its name.
 * *t is NULL where the folder has no such tensor. False past the end. */
static inline bool llama_gguf_at(const jc_store *store, size_t i, const jc_tensor **t,
                                 char *to, uint32_t *heads)
{
    const size_t once = 3, each = sizeof llama_gguf_names / sizeof *llama_gguf_names - once;
    const jc_config *config = jc_store_config(store);
    size_t row = i < once ? i : once + (i - once) % each,
           block = i < once ? 0 : (i - once) / each;
    char from[LLAMA_GGUF_NAME];
    uint32_t layers = 0;

    *heads = 0;
    if (jc_config_u32(config, "num_hidden_layers", &layers, NULL) || block >= layers)
        return false;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the format is a row of a table */
    snprintf(from, sizeof from, llama_gguf_names[row].folder, (unsigned)block);
    snprintf(to, LLAMA_GGUF_NAME, llama_gguf_names[row].gguf, (unsigned)block);
#pragma GCC diagnostic pop
    *t = jc_store_find(store, from);
    if (llama_gguf_names[row].heads &&
        jc_config_u32(config, llama_gguf_names[row].heads, heads, NULL))
        return false;
    return true;
}

static inline void llama_gguf_head(FILE *f, const jc_store *store, jc_dtype wanted)
{
    const size_t n_keys = sizeof llama_gguf_keys / sizeof *llama_gguf_keys;
    char name[LLAMA_GGUF_NAME];
    const jc_tensor *t;
    uint32_t heads;
    uint64_t count = 0, offset = 0;

    for (size_t i = 0; llama_gguf_at(store, i, &t, name, &heads); i++)
        count += t != NULL;
    fputs("GGUF", f);
    llama_gguf_put(f, 3, 4);
    llama_gguf_put(f, count, 8);
    llama_gguf_put(f, n_keys + 1, 8);
    llama_gguf_text(f, "general.architecture");
    llama_gguf_put(f, 8, 4);
    llama_gguf_text(f, "llama");
    for (size_t i = 0; i < n_keys; i++) {
        double x = llama_gguf_keys[i].def;
        if (jc_config_has(jc_store_config(store), llama_gguf_keys[i].folder) &&
            jc_config_real(jc_store_config(store), llama_gguf_keys[i].folder, &x, NULL))
            x = NAN;
        float real = (float)x;
        uint32_t bits;
        memcpy(&bits, &real, sizeof bits);
        llama_gguf_text(f, llama_gguf_keys[i].gguf);
        llama_gguf_put(f, llama_gguf_keys[i].real ? 6 : 4, 4);
        llama_gguf_put(f, llama_gguf_keys[i].real ? bits : (uint32_t)x, 4);
    }
    for (size_t i = 0; llama_gguf_at(store, i, &t, name, &heads); i++) {
        if (!t)
            continue;
        jc_dtype type = llama_gguf_type(t, wanted);
        uint64_t bytes = llama_gguf_bytes(t, type);
        llama_gguf_text(f, name);
        llama_gguf_put(f, t->n_dims, 4);
        for (uint32_t k = t->n_dims; k-- > 0;)
            llama_gguf_put(f, t->shape[k], 8);
        llama_gguf_put(f, (uint64_t)jc_codec_of(type)->gguf, 4);
        llama_gguf_put(f, offset, 8);
        offset += (bytes + LLAMA_GGUF_BLOCK - 1) / LLAMA_GGUF_BLOCK * LLAMA_GGUF_BLOCK;
    }
}

/* Write the model of `folder` to `path`, matrices of a type of GGUF's. False when
 * that failed. */
static inline bool llama_gguf_write(const char *path, const char *folder, jc_dtype wanted)
{
    jc_store *store = NULL;
    char name[LLAMA_GGUF_NAME];
    const jc_tensor *t;
    uint32_t heads;
    FILE *f = fopen(path, "wb");
    bool ok = f && jc_store_open(&store, folder, NULL) == JC_OK;

    if (ok) {
        llama_gguf_head(f, store, wanted);
        while (ftell(f) % LLAMA_GGUF_BLOCK)
            fputc(0, f);
    }
    for (size_t i = 0; ok && llama_gguf_at(store, i, &t, name, &heads); i++)
        ok = !t || llama_gguf_data(f, t, llama_gguf_type(t, wanted), heads);
    jc_store_close(store);
    return f && fclose(f) == 0 && ok;
}

#endif
