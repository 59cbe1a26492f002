/* SPDX-License-Identifier: MIT */
/*
 * qwen2.c: Qwen 2 and 2.5 (Yang et al. 2024): Llama with biases on queries, keys and
 * values, and a sliding window in its last blocks, if any.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"qwen2",      "qwen2_vl",        "qwen2_vl_text",
                                          "qwen2_5_vl", "qwen2_5_vl_text", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("32"),
    KEY("head_dim",            JC_KEY_U32,    head_width, "0"),
    KEY("hidden_act",          JC_KEY_ACT,    act, "silu"),
    KEY("rms_norm_eps",        JC_KEY_REAL,   eps, "1e-6"),
    KEY(NULL,                  JC_KEY_BOOL,   attention_bias, "true"),
    QWEN_WINDOW_KEYS,
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),
    LLAMA_MLP,
};
/* clang-format on */

const jc_arch jc_arch_qwen2 = {
    .name = "qwen2",
    .about = "Qwen 2 and 2.5 (2024): Llama with biases of queries, keys and values",
    .model_types = model_types,
    .prefix = "model.",
    .gguf = "qwen2|qwen2vl",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    .keys = keys,
    .n_keys = JC_COUNT(keys),
    .weights = weights,
    .n_weights = JC_COUNT(weights),
};
