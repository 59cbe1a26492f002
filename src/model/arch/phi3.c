/* SPDX-License-Identifier: MIT */
/*
 * phi3.c: Phi-3 and Phi-4 (Abdin et al. 2024): Llama with queries, keys and values in one
 * matrix, the gate and what it lets through in another, and LongRoPE.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"phi3", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_BODY_KEYS("0"),
    ROTARY_PART_KEY("partial_rotary_factor", "1"),
    KEY("hidden_act",            JC_KEY_ACT,   act, "silu"),
    KEY("rms_norm_eps",          JC_KEY_REAL,  eps, "1e-5"),
    KEY("head_dim",              JC_KEY_U32,   head_width, "0"),
    KEY("sliding_window",        JC_KEY_LIMIT, window, "0"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    MATRIX(JC_W_QKV,  "layers.%u.self_attn.qkv_proj", QKV, WIDTH, 0),
    MATRIX(JC_W_OUT,  "layers.%u.self_attn.o_proj", WIDTH, Q, 0),
    RMS(JC_W_NORM2,   "layers.%u.post_attention_layernorm", WIDTH, 0),
    MATRIX(JC_W_UP,   "layers.%u.mlp.gate_up_proj", GATED, WIDTH, 0),
    MATRIX(JC_W_DOWN, "layers.%u.mlp.down_proj", WIDTH, FF, 0),
};
/* clang-format on */

const jc_arch jc_arch_phi3 = {
    .name = "phi3",
    .about = "Phi-3 and 4 (2024): Llama with LongRoPE",
    .model_types = model_types,
    .prefix = "model.",
    .gguf = "phi3",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    .keys = keys,
    .n_keys = JC_COUNT(keys),
    .weights = weights,
    .n_weights = JC_COUNT(weights),
};
