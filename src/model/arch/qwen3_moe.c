/* SPDX-License-Identifier: MIT */
/*
 * qwen3_moe.c: Qwen 3 MoE (2025): Qwen 3 with a mixture of experts, in each block or in
 * every n-th.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"qwen3_moe", "qwen3_vl_moe_text", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("4"),
    KEY("head_dim",            JC_KEY_U32,   head_width, "0"),
    KEY("hidden_act",          JC_KEY_ACT,   act, "silu"),
    KEY("rms_norm_eps",        JC_KEY_REAL,  eps, "1e-6"),
    KEY("num_experts|num_local_experts", JC_KEY_U32,   experts, "128"),
    KEY("num_experts_per_tok", JC_KEY_U32,   experts_used, "8"),
    KEY("moe_intermediate_size", JC_KEY_U32, expert_width, "768"),
    KEY("norm_topk_prob",      JC_KEY_BOOL,  shares_chosen, "false"),
    KEY("decoder_sparse_step", JC_KEY_U32,   experts_every, "1"),
    KEY("mlp_only_layers",     JC_KEY_BLOCKS, dense, NULL),
    QWEN_WINDOW_KEYS,
    KEY("attention_bias",      JC_KEY_BOOL,  attention_bias, "false"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,  "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    RMS(JC_W_Q_NORM, "layers.%u.self_attn.q_norm", HEAD, 0),
    RMS(JC_W_K_NORM, "layers.%u.self_attn.k_norm", HEAD, 0),
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),
    LLAMA_EXPERTS,
    LLAMA_MLP,
};
/* clang-format on */

const jc_arch jc_arch_qwen3_moe = {
    .name = "qwen3_moe",
    .about = "Qwen 3 MoE (2025): Qwen 3 with experts",
    .prefix = "model.",
    .gguf = "qwen3moe",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
