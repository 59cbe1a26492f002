/* SPDX-License-Identifier: MIT */
/*
 * gemma2.c: Gemma 2 (2024): Gemma with a norm after each half of a block as well, scores
 * and logits softly capped, and a sliding window in every other block.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"gemma2", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("4"),
    KEY("head_dim",                JC_KEY_U32,    head_width, "256"),
    KEY("hidden_activation|hidden_act", JC_KEY_ACT, act, "gelu_pytorch_tanh"),
    KEY("rms_norm_eps",            JC_KEY_REAL,   eps, "1e-6"),
    KEY("attention_bias",          JC_KEY_BOOL,   attention_bias, "false"),
    KEY("query_pre_attn_scalar",   JC_KEY_REAL,   scale_attention_of, "256"),
    KEY("attn_logit_softcapping",  JC_KEY_CAP,    attention_softcap, "50"),
    KEY("final_logit_softcapping", JC_KEY_CAP,    logit_softcap, "30"),
    KEY("sliding_window",          JC_KEY_LIMIT,  window, "4096"),
    KEY(NULL,                      JC_KEY_U32,    window_every, "2"),
    KEY("layer_types",             JC_KEY_LAYERS, windowed, NULL),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(JC_WEIGHT_PLUS_ONE),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, JC_WEIGHT_PLUS_ONE),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,        "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    RMS(JC_W_NORM1_AFTER, "layers.%u.post_attention_layernorm", WIDTH, JC_WEIGHT_PLUS_ONE),
    RMS(JC_W_NORM2,       "layers.%u.pre_feedforward_layernorm", WIDTH, JC_WEIGHT_PLUS_ONE),
    LLAMA_MLP,
    RMS(JC_W_NORM2_AFTER, "layers.%u.post_feedforward_layernorm", WIDTH, JC_WEIGHT_PLUS_ONE),
};
/* clang-format on */

const jc_arch jc_arch_gemma2 = {
    .name = "gemma2",
    .about = "Gemma 2 (2024): windows in every other block, soft caps",
    .model_types = model_types,
    .prefix = "model.",
    .gguf = "gemma2",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    .scale_embedding = true,
    .keys = keys,
    .n_keys = JC_COUNT(keys),
    .weights = weights,
    .n_weights = JC_COUNT(weights),
};
