/* SPDX-License-Identifier: MIT */
/* smollm3.c: SmolLM3 (2025): Llama in which every fourth block has no rotary positions. */
#include "model/arch/llama.h"

static const char *const model_types[] = {"smollm3", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("4"),
    KEY("hidden_act",     JC_KEY_ACT,  act, "silu"),
    KEY("rms_norm_eps",   JC_KEY_REAL, eps, "1e-6"),
    KEY("attention_bias", JC_KEY_BOOL, attention_bias, "false"),
    KEY("mlp_bias",       JC_KEY_BOOL, mlp_bias,       "false"),
    KEY("no_rope_layer_interval", JC_KEY_U32,   rotary_except, "4"),
    KEY("no_rope_layers",         JC_KEY_FLAGS, rotated, NULL),
    KEY("use_sliding_window",     JC_KEY_BOOL,  use_window, "false"),
    KEY("sliding_window",         JC_KEY_LIMIT, window, "0"),
    KEY("layer_types",            JC_KEY_LAYERS, windowed, NULL),
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

const jc_arch jc_arch_smollm3 = {
    .name = "smollm3",
    .about = "SmolLM3 (2025): Llama without positions in every fourth block",
    .prefix = "model.",
    .gguf = "smollm3",
    .gguf_pairs = true,
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
