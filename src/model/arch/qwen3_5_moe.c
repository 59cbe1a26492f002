/* SPDX-License-Identifier: MIT */
/*
 * qwen3_5_moe.c: Qwen 3.5 with a mixture of experts (2026), its text part: the blocks of
 * Qwen 3.5, whose experts are in one tensor each for all of them.
 */
#include "model/arch/qwen3_next.h"

static const char *const model_types[] = {"qwen3_5_moe_text", "qwen3_5_moe", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    DELTA_KEYS,
    KEY("num_experts|num_local_experts", JC_KEY_U32, experts, "256"),
    KEY("num_experts_per_tok",   JC_KEY_U32,   experts_used, "8"),
    KEY("moe_intermediate_size", JC_KEY_U32,   expert_width, "512"),
    KEY("shared_expert_intermediate_size", JC_KEY_U32, shared_width, "512"),
    KEY(NULL,                    JC_KEY_BOOL,  shares_chosen, "true"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(JC_WEIGHT_PLUS_ONE),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, JC_WEIGHT_PLUS_ONE),
    DELTA_ATTENTION,
    DELTA_IN_FOUR,
    DELTA_WEIGHTS,
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, JC_WEIGHT_PLUS_ONE),
    LLAMA_EXPERTS, /* as transformers 5 saves them; or in one tensor: */
    {JC_W_EXPERT_UP,   "layers.%u.mlp.experts.gate_up_proj", {JC_DIM_EXPERT_GATED, JC_DIM_WIDTH}, 0},
    {JC_W_EXPERT_DOWN, "layers.%u.mlp.experts.down_proj", {JC_DIM_WIDTH, JC_DIM_EXPERT}, 0},
    QWEN_SHARED_EXPERT,
};
/* clang-format on */

const jc_arch jc_arch_qwen3_5_moe = {
    .name = "qwen3_5_moe",
    .about = "Qwen 3.5 MoE (2026): Qwen 3.5 with experts",
    .prefix = "model.",
    .gguf = "qwen35moe",
    .gguf_tiled = true,
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    .scan = JC_SCAN_DELTA,
    TABLES,
};
