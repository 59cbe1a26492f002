/* SPDX-License-Identifier: MIT */
/*
 * internlm2.c: InternLM 2 (Cai et al. 2024): Llama under names of its own, with queries,
 * keys and values of each group of heads together in one matrix.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"internlm2", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("0"),
    KEY("hidden_act",   JC_KEY_ACT,  act, "silu"),
    KEY("rms_norm_eps", JC_KEY_REAL, eps, "1e-6"),
    FIXED("bias", "false"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS, "tok_embeddings.weight", VOCAB),
    RMS(JC_W_NORM1,   "layers.%u.attention_norm", WIDTH, 0),
    MATRIX(JC_W_QKV,  "layers.%u.attention.wqkv", QKV, WIDTH, JC_WEIGHT_BY_HEAD),
    MATRIX(JC_W_OUT,  "layers.%u.attention.wo", WIDTH, Q, 0),
    RMS(JC_W_NORM2,   "layers.%u.ffn_norm", WIDTH, 0),
    MATRIX(JC_W_UP,   "layers.%u.feed_forward.w1", FF, WIDTH, 0),
    MATRIX(JC_W_UP,   "layers.%u.feed_forward.w3", FF, WIDTH, 0),
    MATRIX(JC_W_DOWN, "layers.%u.feed_forward.w2", WIDTH, FF, 0),
    RMS(JC_W_FINAL,   "norm", WIDTH, 0),
    {JC_W_HEAD, "output.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED},
};
/* clang-format on */

const jc_arch jc_arch_internlm2 = {
    .name = "internlm2",
    .about = "InternLM 2 (2024): Llama under other names",
    .prefix = "model.",
    .gguf = "internlm2",
    .gguf_pairs = true,
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
