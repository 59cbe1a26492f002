/* SPDX-License-Identifier: MIT */
/*
 * qwen3.c: Qwen 3 (Yang et al. 2025): Llama with an RMSNorm of each head of queries and
 * keys, of heads whose width is a key of its own.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"qwen3", "qwen3_vl_text", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("32"),
    KEY("head_dim",            JC_KEY_U32,    head_width, "128"),
    KEY("hidden_act",          JC_KEY_ACT,    act, "silu"),
    KEY("rms_norm_eps",        JC_KEY_REAL,   eps, "1e-6"),
    KEY("attention_bias",      JC_KEY_BOOL,   attention_bias, "false"),
    QWEN_WINDOW_KEYS,
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,     "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    RMS(JC_W_Q_NORM,   "layers.%u.self_attn.q_norm", HEAD, 0),
    RMS(JC_W_K_NORM,   "layers.%u.self_attn.k_norm", HEAD, 0),
    RMS(JC_W_NORM2,    "layers.%u.post_attention_layernorm", WIDTH, 0),
    LLAMA_MLP,
};
/* clang-format on */

const jc_arch jc_arch_qwen3 = {
    .name = "qwen3",
    .about = "Qwen 3 (2025): norms of queries and keys",
    .model_types = model_types,
    .prefix = "model.",
    .gguf = "qwen3|qwen3vl",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    .keys = keys,
    .n_keys = JC_COUNT(keys),
    .weights = weights,
    .n_weights = JC_COUNT(weights),
};
