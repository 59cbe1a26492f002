/* SPDX-License-Identifier: MIT */
/*
 * modernbert.c: ModernBERT (Warner et al. 2024): a Llama-like encoder with LayerNorms
 * before the halves of a block (the first block's attention has none: the embeddings are
 * normed), GELU gates, and rotary positions. Every third block sees the whole text, the
 * others the tokens near them on both sides, with a rotary base of their own.
 */
#include "model/arch/bert.h"

static const char *const model_types[] = {"modernbert", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("num_hidden_layers",       JC_KEY_U32,  layers,    NULL),
    KEY("hidden_size",             JC_KEY_U32,  width,     NULL),
    KEY("num_attention_heads",     JC_KEY_U32,  heads,     NULL),
    KEY("intermediate_size",       JC_KEY_U32,  ff_width,  NULL),
    KEY("max_position_embeddings", JC_KEY_U32,  positions, "8192"),
    KEY("vocab_size",              JC_KEY_U32,  vocab,     NULL),
    KEY("norm_eps|layer_norm_eps", JC_KEY_REAL, eps,       "1e-5"),
    KEY("hidden_activation",       JC_KEY_ACT,  act,       "gelu"),
    KEY("classifier_activation",   JC_KEY_ACT,  head_act,  "gelu"),
    KEY("attention_bias",          JC_KEY_BOOL, attention_bias, "false"),
    KEY("mlp_bias",                JC_KEY_BOOL, mlp_bias,  "false"),
    KEY(NULL,                      JC_KEY_ROTARY, rotary.type, "default"),
    KEY("global_rope_theta|rope_parameters.full_attention.rope_theta|rope_theta",
        JC_KEY_REAL, rotary.theta, "160000"),
    KEY("local_rope_theta|rope_parameters.sliding_attention.rope_theta|rope_local_base_freq",
        JC_KEY_REAL, rotary_local.theta, "10000"),
    KEY("local_attention|sliding_window", JC_KEY_U32, window, "128"),
    KEY("global_attn_every_n_layers|sliding_window_pattern", JC_KEY_U32, window_except, "3"),
    KEY(NULL,                      JC_KEY_BOOL, window_not_first, "true"),
    KEY("layer_types",             JC_KEY_LAYERS, windowed, NULL),
    FIXED("norm_bias",       "false"),
    FIXED("classifier_bias", "false"),
    FIXED("decoder_bias",    "true"),
    FIXED("rope_scaling.rope_type|rope_scaling.type", "default"),
    FIXED("rope_parameters.full_attention.rope_type|rope_parameters.rope_type", "default"),
    FIXED("rope_parameters.sliding_attention.rope_type", "default"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS,     "embeddings.tok_embeddings.weight", VOCAB),
    RMS(JC_W_EMBED_NORM,   "embeddings.norm", WIDTH, 0),
    RMS(JC_W_NORM1,        "layers.%u.attn_norm", WIDTH, JC_WEIGHT_NOT_FIRST),
    MATRIX(JC_W_QKV,       "layers.%u.attn.Wqkv", QKV, WIDTH, 0),
    BIAS(JC_W_QKV,         "layers.%u.attn.Wqkv", QKV, JC_WEIGHT_IF_ATTENTION_BIAS),
    MATRIX(JC_W_OUT,       "layers.%u.attn.Wo", WIDTH, WIDTH, 0),
    BIAS(JC_W_OUT,         "layers.%u.attn.Wo", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    RMS(JC_W_NORM2,        "layers.%u.mlp_norm", WIDTH, 0),
    MATRIX(JC_W_UP,        "layers.%u.mlp.Wi", GATED, WIDTH, 0),
    BIAS(JC_W_UP,          "layers.%u.mlp.Wi", GATED, JC_WEIGHT_IF_MLP_BIAS),
    MATRIX(JC_W_DOWN,      "layers.%u.mlp.Wo", WIDTH, FF, 0),
    BIAS(JC_W_DOWN,        "layers.%u.mlp.Wo", WIDTH, JC_WEIGHT_IF_MLP_BIAS),
    RMS(JC_W_LAST,         "final_norm", WIDTH, 0),
    MATRIX(JC_W_TRANSFORM, "head.dense", WIDTH, WIDTH, JC_WEIGHT_HEAD),
    RMS(JC_W_FINAL,        "head.norm", WIDTH, JC_WEIGHT_HEAD),
    {JC_W_HEAD,      "decoder.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_HEAD | JC_WEIGHT_TIED},
    {JC_W_HEAD_BIAS, "decoder.bias",   {JC_DIM_VOCAB}, JC_WEIGHT_HEAD},
};
/* clang-format on */

const jc_arch jc_arch_modernbert = {
    .name = "modernbert",
    .about = "ModernBERT (2024): windows on both sides, two rotary bases",
    .prefix = "model.",
    .gguf = "modern-bert",
    .gated = true,
    TABLES,
};
