/* SPDX-License-Identifier: MIT */
/*
 * gemma3.c: Gemma 3 (2025), the text model: Gemma 2 without soft caps, with an RMSNorm of
 * each head of queries and keys. Five blocks of six have a sliding window and rotary
 * positions of a base of their own; the sixth sees everything, its positions scaled.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"gemma3_text", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("num_hidden_layers",       JC_KEY_U32,    layers,    NULL),
    KEY("hidden_size",             JC_KEY_U32,    width,     NULL),
    KEY("num_attention_heads",     JC_KEY_U32,    heads,     "8"),
    KEY("num_key_value_heads",     JC_KEY_LIMIT,  kv_heads,  "4"),
    KEY("intermediate_size",       JC_KEY_U32,    ff_width,  NULL),
    KEY("max_position_embeddings", JC_KEY_U32,    positions, "131072"),
    KEY("vocab_size",              JC_KEY_U32,    vocab,     "262208"),
    KEY("tie_word_embeddings",     JC_KEY_BOOL,   tied,      "true"),
    KEY("head_dim",                JC_KEY_U32,    head_width, "256"),
    KEY("hidden_activation|hidden_act", JC_KEY_ACT, act, "gelu_pytorch_tanh"),
    KEY("rms_norm_eps",            JC_KEY_REAL,   eps, "1e-6"),
    KEY("attention_bias",          JC_KEY_BOOL,   attention_bias, "false"),
    KEY("query_pre_attn_scalar",   JC_KEY_REAL,   scale_attention_of, "256"),
    KEY("final_logit_softcapping", JC_KEY_CAP,    logit_softcap, "null"),
    KEY("sliding_window",          JC_KEY_LIMIT,  window, "4096"),
    KEY("sliding_window_pattern|_sliding_window_pattern", JC_KEY_U32, window_except, "6"),
    KEY("layer_types",             JC_KEY_LAYERS, windowed, NULL),
    KEY("rope_parameters.full_attention.rope_theta|rope_theta",
                                   JC_KEY_REAL,   rotary.theta, "1000000"),
    KEY(SCALING("rope_type") "|rope_scaling.type", JC_KEY_ROTARY, rotary.type, "default"),
    KEY(SCALING("factor"),         JC_KEY_REAL,   rotary.factor, "0"),
    KEY("rope_parameters.sliding_attention.rope_theta|rope_local_base_freq",
                                   JC_KEY_REAL,   rotary_local.theta, "10000"),
    PLAIN_IN_WINDOWS,
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(JC_WEIGHT_PLUS_ONE),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, JC_WEIGHT_PLUS_ONE),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,        "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    RMS(JC_W_Q_NORM,      "layers.%u.self_attn.q_norm", HEAD, JC_WEIGHT_PLUS_ONE),
    RMS(JC_W_K_NORM,      "layers.%u.self_attn.k_norm", HEAD, JC_WEIGHT_PLUS_ONE),
    RMS(JC_W_NORM1_AFTER, "layers.%u.post_attention_layernorm", WIDTH, JC_WEIGHT_PLUS_ONE),
    RMS(JC_W_NORM2,       "layers.%u.pre_feedforward_layernorm", WIDTH, JC_WEIGHT_PLUS_ONE),
    LLAMA_MLP,
    RMS(JC_W_NORM2_AFTER, "layers.%u.post_feedforward_layernorm", WIDTH, JC_WEIGHT_PLUS_ONE),
};
/* clang-format on */

const jc_arch jc_arch_gemma3 = {
    .name = "gemma3",
    .about = "Gemma 3 (2025): two rotary bases, windows in five blocks of six",
    .compared = "gemma-3-270m",
    .model_types = model_types,
    .prefix = "model.",
    .gguf = "gemma3",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    .scale_embedding = true,
    .keys = keys,
    .n_keys = JC_COUNT(keys),
    .weights = weights,
    .n_weights = JC_COUNT(weights),
};
