/* SPDX-License-Identifier: MIT */
/* seed_oss.c: Seed-OSS (ByteDance 2025): Llama with biases of queries, keys and values. */
#include "model/arch/llama.h"

static const char *const model_types[] = {"seed_oss", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("0"),
    KEY("head_dim",       JC_KEY_U32,  head_width, "128"),
    KEY("hidden_act",     JC_KEY_ACT,  act, "silu"),
    KEY("rms_norm_eps",   JC_KEY_REAL, eps, "1e-6"),
    KEY("attention_bias", JC_KEY_BOOL, attention_bias, "true"),
    FIXED("attention_out_bias", "false"),
    FIXED("mlp_bias",     "false"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),
    LLAMA_MLP,
};
/* clang-format on */

const jc_arch jc_arch_seed_oss = {
    .name = "seed_oss",
    .about = "Seed-OSS (2025): Llama with biases of queries, keys and values",
    .prefix = "model.",
    .gguf = "seed_oss",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
