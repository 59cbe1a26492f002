/* SPDX-License-Identifier: MIT */
/*
 * qwen2_moe.c: Qwen 1.5 and 2 MoE (2024): Qwen 2 with a mixture of experts, and beside
 * it an MLP that all tokens take, with a gate of its own.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"qwen2_moe", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("16"),
    KEY("head_dim",            JC_KEY_U32,   head_width, "0"),
    KEY("hidden_act",          JC_KEY_ACT,   act, "silu"),
    KEY("rms_norm_eps",        JC_KEY_REAL,  eps, "1e-6"),
    KEY("num_experts|num_local_experts", JC_KEY_U32,   experts, "60"),
    KEY("num_experts_per_tok", JC_KEY_U32,   experts_used, "4"),
    KEY("moe_intermediate_size", JC_KEY_U32, expert_width, "1408"),
    KEY("norm_topk_prob",      JC_KEY_BOOL,  shares_chosen, "false"),
    KEY("decoder_sparse_step", JC_KEY_U32,   experts_every, "1"),
    KEY("mlp_only_layers",     JC_KEY_BLOCKS, dense, NULL),
    QWEN_WINDOW_KEYS,
    KEY("qkv_bias",            JC_KEY_BOOL,  attention_bias, "true"),
    KEY("shared_expert_intermediate_size", JC_KEY_U32, shared_width, "5632"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),
    LLAMA_EXPERTS,
    QWEN_SHARED_EXPERT,
    LLAMA_MLP,
};
/* clang-format on */

const jc_arch jc_arch_qwen2_moe = {
    .name = "qwen2_moe",
    .about = "Qwen 1.5 and 2 MoE (2024): experts, and one that all tokens take",
    .prefix = "model.",
    .gguf = "qwen2moe",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
