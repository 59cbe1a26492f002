/* SPDX-License-Identifier: MIT */
/*
 * mixtral.c: Mixtral (Jiang et al. 2024): Mistral with a mixture of experts in each
 * block.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"mixtral", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("8"),
    KEY("head_dim",            JC_KEY_U32,   head_width, "0"),
    KEY("hidden_act",          JC_KEY_ACT,   act, "silu"),
    KEY("rms_norm_eps",        JC_KEY_REAL,  eps, "1e-5"),
    KEY("sliding_window",      JC_KEY_LIMIT, window, "0"),
    KEY("num_local_experts|num_experts", JC_KEY_U32,   experts, "8"),
    KEY("num_experts_per_tok", JC_KEY_U32,   experts_used, "2"),
    KEY(NULL,                  JC_KEY_BOOL,  shares_chosen, "true"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),
    MATRIX(JC_W_ROUTER,      "layers.%u.block_sparse_moe.gate", EXPERTS, WIDTH, 0),
    MATRIX(JC_W_EXPERT_UP,   "layers.%u.block_sparse_moe.experts.%u.w1", EXPERT, WIDTH, 0),
    MATRIX(JC_W_EXPERT_UP,   "layers.%u.block_sparse_moe.experts.%u.w3", EXPERT, WIDTH, 0),
    MATRIX(JC_W_EXPERT_DOWN, "layers.%u.block_sparse_moe.experts.%u.w2", WIDTH, EXPERT, 0),
};
/* clang-format on */

const jc_arch jc_arch_mixtral = {
    .name = "mixtral",
    .about = "Mixtral (2024): Mistral with experts",
    .prefix = "model.",
    .gguf = "mixtral",
    .gguf_pairs = true,
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
