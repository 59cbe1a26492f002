/* SPDX-License-Identifier: MIT */
/*
 * llama.c: Llama 1 to 3 (Touvron et al. 2023, Dubey et al. 2024), and what is made like
 * them.
 *
 * Rotary positions, RMSNorm before each half of a block, keys and values shared by groups
 * of heads, a gated MLP, no biases as a rule.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"llama", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("0"),
    KEY("head_dim",       JC_KEY_U32,  head_width, "0"),
    KEY("hidden_act",     JC_KEY_ACT,  act, "silu"),
    KEY("rms_norm_eps",   JC_KEY_REAL, eps, "1e-6"),
    KEY("attention_bias", JC_KEY_BOOL, attention_bias, "false"),
    KEY("mlp_bias",       JC_KEY_BOOL, mlp_bias,       "false"),
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

const jc_arch jc_arch_llama = {
    .name = "llama",
    .about = "Llama 1 to 3 (2023), and what is trained like it",
    .compared = "stories260K",
    .model_types = model_types,
    .prefix = "model.",
    .gguf = "llama",
    .gguf_pairs = true,
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    .keys = keys,
    .n_keys = JC_COUNT(keys),
    .weights = weights,
    .n_weights = JC_COUNT(weights),
};
