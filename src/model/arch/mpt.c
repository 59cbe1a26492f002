/* SPDX-License-Identifier: MIT */
/*
 * mpt.c: MPT (MosaicML 2023): ALiBi for positions, LayerNorms and layers without biases.
 */
#include "model/arch/rows.h"

static const char *const model_types[] = {"mpt", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("n_layers|num_hidden_layers",  JC_KEY_U32,  layers,    NULL),
    KEY("d_model|hidden_size",         JC_KEY_U32,  width,     NULL),
    KEY("n_heads|num_attention_heads", JC_KEY_U32,  heads,     NULL),
    KEY("max_seq_len|max_position_embeddings", JC_KEY_U32, positions, "2048"),
    KEY("intermediate_size",           JC_KEY_U32,  ff_width,  "0"), /* 0: 4 x width */
    KEY("vocab_size",                  JC_KEY_U32,  vocab,     NULL),
    KEY("layer_norm_epsilon|layer_norm_eps", JC_KEY_REAL, eps, "1e-5"),
    KEY(NULL,                          JC_KEY_ACT,  act,       "gelu"),
    KEY(NULL,                          JC_KEY_BOOL, alibi,     "true"),
    KEY("attn_config.softmax_scale",   JC_KEY_CAP,  attention_multiplier, "0"),
    KEY("attn_config.clip_qkv|clip_qkv",       JC_KEY_CAP,  clip,      "0"),
    KEY("tie_word_embeddings",         JC_KEY_BOOL, tied,      "true"),
    FIXED("attn_config.alibi",          "true"),
    FIXED("attn_config.alibi_bias_max", "8"),
    FIXED("attn_config.prefix_lm",      "false"),
    FIXED("attn_config.qk_ln",          "false"),
    FIXED("attn_config.attn_type",      "multihead_attention"),
    FIXED("expansion_ratio",            "4"),
    FIXED("logit_scale",                "null"),
    FIXED("no_bias",                    "true"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS, "wte.weight", VOCAB),
    RMS(JC_W_NORM1,    "blocks.%u.norm_1", WIDTH, 0),
    MATRIX(JC_W_QKV,   "blocks.%u.attn.Wqkv", QKV, WIDTH, 0),
    MATRIX(JC_W_OUT,   "blocks.%u.attn.out_proj", WIDTH, WIDTH, 0),
    RMS(JC_W_NORM2,    "blocks.%u.norm_2", WIDTH, 0),
    MATRIX(JC_W_UP,    "blocks.%u.ffn.up_proj", FF, WIDTH, 0),
    MATRIX(JC_W_DOWN,  "blocks.%u.ffn.down_proj", WIDTH, FF, 0),
    RMS(JC_W_FINAL,    "norm_f", WIDTH, 0),
    {JC_W_HEAD, "lm_head.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED},
};
/* clang-format on */

const jc_arch jc_arch_mpt = {
    .name = "mpt",
    .about = "MPT (2023): ALiBi, no biases, sometimes clipped queries, keys and values",
    .prefix = "transformer.",
    .gguf = "mpt",
    .causal = true,
    TABLES,
};
