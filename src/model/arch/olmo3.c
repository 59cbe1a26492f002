/* SPDX-License-Identifier: MIT */
/*
 * olmo3.c: OLMo 3 (2025): OLMo 2 with a sliding window in three blocks of four; only the
 * fourth has its rotary positions scaled.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"olmo3", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("0"),
    KEY("hidden_act",       JC_KEY_ACT,    act, "silu"),
    KEY("rms_norm_eps",     JC_KEY_REAL,   eps, "1e-5"),
    KEY("attention_bias",   JC_KEY_BOOL,   attention_bias, "false"),
    KEY("sliding_window",   JC_KEY_LIMIT,  window, "4096"),
    KEY("sliding_window_pattern", JC_KEY_U32, window_except, "4"),
    KEY("layer_types",      JC_KEY_LAYERS, windowed, NULL),
    KEY("rope_parameters.sliding_attention.rope_theta|rope_parameters.rope_theta|rope_theta",
                            JC_KEY_REAL,   rotary_local.theta, "500000"),
    PLAIN_IN_WINDOWS,
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

const jc_arch jc_arch_olmo3 = {
    .name = "olmo3",
    .about = "OLMo 3 (2025): OLMo 2 with windows in three blocks of four",
    .prefix = "model.",
    .gguf = "olmo3",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
