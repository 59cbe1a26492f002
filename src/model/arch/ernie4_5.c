/* SPDX-License-Identifier: MIT */
/*
 * ernie4_5.c: ERNIE 4.5 (Baidu 2025), the dense one: Llama whose rotary positions turn
 * neighbours.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"ernie4_5", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("0"),
    KEY("head_dim",       JC_KEY_U32,  head_width, "128"),
    KEY("hidden_act",     JC_KEY_ACT,  act, "silu"),
    KEY("rms_norm_eps",   JC_KEY_REAL, eps, "1e-5"),
    KEY("use_bias|attention_bias", JC_KEY_BOOL, attention_bias, "false"),
    KEY("use_bias|mlp_bias", JC_KEY_BOOL, mlp_bias, "false"),
    KEY(NULL,             JC_KEY_BOOL, rotary.interleaved, "true"),
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

const jc_arch jc_arch_ernie4_5 = {
    .name = "ernie4_5",
    .about = "ERNIE 4.5 (2025): Llama whose rotary positions turn neighbours",
    .prefix = "model.",
    .gguf = "ernie4_5",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
