/* SPDX-License-Identifier: MIT */
/* lfm2.h: what LFM2 has with and without experts: all but the width of its MLP. */
#ifndef JC_ARCH_LFM2_H
#define JC_ARCH_LFM2_H

#include "model/arch/llama.h"

/* clang-format off */
#define LFM2_KEYS                                                               \
    KEY("num_hidden_layers",        JC_KEY_U32,   layers, NULL),                \
    KEY("hidden_size",              JC_KEY_U32,   width, NULL),                 \
    KEY("num_attention_heads",      JC_KEY_U32,   heads, NULL),                 \
    KEY("num_key_value_heads",      JC_KEY_U32,   kv_heads, "8"),               \
    KEY("max_position_embeddings",  JC_KEY_U32,   positions, NULL),             \
    KEY("vocab_size",               JC_KEY_U32,   vocab, NULL),                 \
    ROTARY_KEYS("rope_theta"),                                                  \
    KEY("tie_embedding|tie_word_embeddings", JC_KEY_BOOL, tied, "true"),        \
    KEY(SCALING("rope_theta") "|rope_theta", JC_KEY_REAL, rotary.theta, "1000000"), \
    KEY("head_dim",                 JC_KEY_U32,   head_width, "0"),             \
    KEY("block_norm_eps|norm_eps",  JC_KEY_REAL,  eps, "1e-5"),                 \
    KEY("layer_types|full_attn_idxs", JC_KEY_CONVS, conv, NULL),                \
    KEY("conv_L_cache",             JC_KEY_U32,   conv_tokens, "3"),            \
    KEY("conv_bias",                JC_KEY_BOOL,  conv_bias, "false"),          \
    KEY(NULL,                       JC_KEY_ACT,   act, "silu")

#define LFM2_WEIGHTS                                                            \
    TABLE(JC_W_TOKENS, "embed_tokens.weight", VOCAB),                           \
    RMS(JC_W_FINAL,  "embedding_norm", WIDTH, 0),                               \
    {JC_W_HEAD, "lm_head.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED}, \
    RMS(JC_W_NORM1,  "layers.%u.operator_norm", WIDTH, 0),                      \
    MATRIX(JC_W_QKV, "layers.%u.self_attn.q_proj", Q,  WIDTH, 0),               \
    MATRIX(JC_W_QKV, "layers.%u.self_attn.k_proj", KV, WIDTH, 0),               \
    MATRIX(JC_W_QKV, "layers.%u.self_attn.v_proj", KV, WIDTH, 0),               \
    RMS(JC_W_Q_NORM, "layers.%u.self_attn.q_layernorm", HEAD, 0),               \
    RMS(JC_W_K_NORM, "layers.%u.self_attn.k_layernorm", HEAD, 0),               \
    MATRIX(JC_W_OUT, "layers.%u.self_attn.out_proj", WIDTH, Q, 0),              \
    MATRIX(JC_W_CONV_IN,  "layers.%u.conv.in_proj", CONV_GATED, WIDTH, 0),      \
    MATRIX(JC_W_CONV,     "layers.%u.conv.conv", WIDTH, CONV, 0),               \
    MATRIX(JC_W_CONV_OUT, "layers.%u.conv.out_proj", WIDTH, WIDTH, 0),          \
    BIAS(JC_W_CONV_IN,    "layers.%u.conv.in_proj", CONV_GATED, JC_WEIGHT_IF_CONV_BIAS), \
    BIAS(JC_W_CONV,       "layers.%u.conv.conv", WIDTH, JC_WEIGHT_IF_CONV_BIAS), \
    BIAS(JC_W_CONV_OUT,   "layers.%u.conv.out_proj", WIDTH, JC_WEIGHT_IF_CONV_BIAS), \
    RMS(JC_W_NORM2,  "layers.%u.ffn_norm", WIDTH, 0),                           \
    MATRIX(JC_W_UP,   "layers.%u.feed_forward.w1", FF, WIDTH, 0),               \
    MATRIX(JC_W_UP,   "layers.%u.feed_forward.w3", FF, WIDTH, 0),               \
    MATRIX(JC_W_DOWN, "layers.%u.feed_forward.w2", WIDTH, FF, 0)
/* clang-format on */

#endif
