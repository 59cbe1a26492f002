/* SPDX-License-Identifier: MIT */
/*
 * olmo2.c: OLMo 2 (2024): Llama with no norm before the halves of a block but one after
 * each, and an RMSNorm of all queries as one and of all keys as one.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"olmo2", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("0"),
    KEY("hidden_act",     JC_KEY_ACT,  act, "silu"),
    KEY("rms_norm_eps",   JC_KEY_REAL, eps, "1e-5"),
    KEY("attention_bias", JC_KEY_BOOL, attention_bias, "false"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,        "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    RMS(JC_W_Q_NORM,      "layers.%u.self_attn.q_norm", Q, 0),
    RMS(JC_W_K_NORM,      "layers.%u.self_attn.k_norm", KV, 0),
    RMS(JC_W_NORM1_AFTER, "layers.%u.post_attention_layernorm", WIDTH, 0),
    LLAMA_MLP,
    RMS(JC_W_NORM2_AFTER, "layers.%u.post_feedforward_layernorm", WIDTH, 0),
};
/* clang-format on */

const jc_arch jc_arch_olmo2 = {
    .name = "olmo2",
    .about = "OLMo 2 (2024): norms after the halves",
    .model_types = model_types,
    .prefix = "model.",
    .gguf = "olmo2",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    .keys = keys,
    .n_keys = JC_COUNT(keys),
    .weights = weights,
    .n_weights = JC_COUNT(weights),
};
