/* SPDX-License-Identifier: MIT */
/*
 * granite.c: Granite 3 (2024): Llama with four multipliers: of embeddings, of scores, of
 * what each half of a block adds, and of logits, which are divided.
 */
#include "model/arch/granite.h"

static const char *const model_types[] = {"granite", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("0"),
    GRANITE_KEYS,
    KEY("mlp_bias",             JC_KEY_BOOL, mlp_bias,       "false"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,  "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),
    LLAMA_MLP,
    BIAS(JC_W_UP,   "layers.%u.mlp.gate_proj", FF, JC_WEIGHT_IF_MLP_BIAS),
    BIAS(JC_W_UP,   "layers.%u.mlp.up_proj", FF, JC_WEIGHT_IF_MLP_BIAS),
    BIAS(JC_W_DOWN, "layers.%u.mlp.down_proj", WIDTH, JC_WEIGHT_IF_MLP_BIAS),
};
/* clang-format on */

const jc_arch jc_arch_granite = {
    .name = "granite",
    .about = "Granite 3 (2024): Llama with multipliers",
    .prefix = "model.",
    .gguf = "granite",
    .gguf_pairs = true,
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
