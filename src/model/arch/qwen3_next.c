/* SPDX-License-Identifier: MIT */
/*
 * qwen3_next.c: Qwen 3 Next (2025): the gated delta net in three blocks of four, attention
 * with a gate in the fourth; a mixture of experts.
 */
#include "model/arch/qwen3_next.h"

static const char *const model_types[] = {"qwen3_next", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    DELTA_KEYS,
    KEY(NULL,                  JC_KEY_BOOL,  scan_by_key, "true"),
    KEY(NULL,                  JC_KEY_BOOL,  scan_steps_by_key, "true"),
    KEY("num_experts|num_local_experts", JC_KEY_U32, experts, "512"),
    KEY("num_experts_per_tok", JC_KEY_U32,   experts_used, "10"),
    KEY("moe_intermediate_size", JC_KEY_U32, expert_width, "512"),
    KEY("shared_expert_intermediate_size", JC_KEY_U32, shared_width, "512"),
    KEY("norm_topk_prob",      JC_KEY_BOOL,  shares_chosen, "true"),
    KEY("decoder_sparse_step", JC_KEY_U32,   experts_every, "1"),
    KEY("mlp_only_layers",     JC_KEY_BLOCKS, dense, NULL),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(JC_WEIGHT_PLUS_ONE),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, JC_WEIGHT_PLUS_ONE),
    DELTA_ATTENTION,
    MATRIX(JC_W_CONV_IN, "layers.%u.linear_attn.in_proj_qkvz", SCAN_GATED, WIDTH, 0),
    MATRIX(JC_W_CONV_IN, "layers.%u.linear_attn.in_proj_ba", SCAN_SMALL, WIDTH, 0),
    DELTA_WEIGHTS,
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, JC_WEIGHT_PLUS_ONE),
    LLAMA_EXPERTS,
    QWEN_SHARED_EXPERT,
    LLAMA_MLP,
};
/* clang-format on */

const jc_arch jc_arch_qwen3_next = {
    .name = "qwen3_next",
    .about = "Qwen 3 Next (2025): the gated delta net in three blocks of four, experts",
    .prefix = "model.",
    .gguf = "qwen3next",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    .scan = JC_SCAN_DELTA,
    TABLES,
};
