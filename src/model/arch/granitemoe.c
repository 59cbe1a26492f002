/* SPDX-License-Identifier: MIT */
/*
 * granitemoe.c: Granite 3 MoE (2024): Granite with a mixture of experts, all of a
 * block's in one tensor.
 */
#include "model/arch/granite.h"

static const char *const model_types[] = {"granitemoe", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("0"),
    GRANITE_KEYS,
    KEY("num_local_experts|num_experts", JC_KEY_U32,  experts, "8"),
    KEY("num_experts_per_tok", JC_KEY_U32,  experts_used, "2"),
    KEY(NULL,                  JC_KEY_BOOL, shares_chosen, "true"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,  "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),
    MATRIX(JC_W_ROUTER,      "layers.%u.block_sparse_moe.router.layer", EXPERTS, WIDTH, 0),
    MATRIX(JC_W_EXPERT_UP,   "layers.%u.block_sparse_moe.input_linear", EXPERT_GATED, WIDTH, 0),
    MATRIX(JC_W_EXPERT_DOWN, "layers.%u.block_sparse_moe.output_linear", WIDTH, EXPERT, 0),
};
/* clang-format on */

const jc_arch jc_arch_granitemoe = {
    .name = "granitemoe",
    .about = "Granite 3 MoE (2024): Granite with experts",
    .prefix = "model.",
    .gguf = "granitemoe",
    .gguf_pairs = true,
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
