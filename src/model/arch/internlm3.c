/* SPDX-License-Identifier: MIT */
/*
 * internlm3.c: InternLM 3 (2025): Llama with biases of queries, keys and values by one
 * key and of the other layers by another.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"internlm3", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("0"),
    KEY("head_dim",     JC_KEY_U32,  head_width, "0"),
    KEY("hidden_act",   JC_KEY_ACT,  act, "silu"),
    KEY("rms_norm_eps", JC_KEY_REAL, eps, "1e-6"),
    KEY("qkv_bias|attention_bias", JC_KEY_BOOL, attention_bias, "false"),
    KEY("bias|mlp_bias", JC_KEY_BOOL, mlp_bias, "false"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,  "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_MLP_BIAS),
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),
    LLAMA_MLP,
    BIAS(JC_W_UP,   "layers.%u.mlp.gate_proj", FF, JC_WEIGHT_IF_MLP_BIAS),
    BIAS(JC_W_UP,   "layers.%u.mlp.up_proj", FF, JC_WEIGHT_IF_MLP_BIAS),
    BIAS(JC_W_DOWN, "layers.%u.mlp.down_proj", WIDTH, JC_WEIGHT_IF_MLP_BIAS),
};
/* clang-format on */

const jc_arch jc_arch_internlm3 = {
    .name = "internlm3",
    .about = "InternLM 3 (2025): Llama with two choices of biases",
    .prefix = "model.",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
