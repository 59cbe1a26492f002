/* SPDX-License-Identifier: MIT */
/*
 * gemma.c: Gemma (2024): Llama with norms whose weights are stored less one, an embedding
 * scaled by the root of the width, and a GELU for the gate.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"gemma", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("16"),
    KEY("head_dim",       JC_KEY_U32,  head_width, "256"),
    KEY("hidden_activation|hidden_act", JC_KEY_ACT, act, "gelu_pytorch_tanh"),
    KEY("rms_norm_eps",   JC_KEY_REAL, eps, "1e-6"),
    KEY("attention_bias", JC_KEY_BOOL, attention_bias, "false"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(JC_WEIGHT_PLUS_ONE),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, JC_WEIGHT_PLUS_ONE),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,  "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, JC_WEIGHT_PLUS_ONE),
    LLAMA_MLP,
};
/* clang-format on */

const jc_arch jc_arch_gemma = {
    .name = "gemma",
    .about = "Gemma (2024): norms stored less one, a scaled embedding",
    .model_types = model_types,
    .prefix = "model.",
    .gguf = "gemma",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    .scale_embedding = true,
    .keys = keys,
    .n_keys = JC_COUNT(keys),
    .weights = weights,
    .n_weights = JC_COUNT(weights),
};
