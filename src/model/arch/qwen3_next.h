/* SPDX-License-Identifier: MIT */
/* qwen3_next.h: what Qwen 3 Next and 3.5 share: attention with a gate, and the keys of
 * recurrent blocks. */
#ifndef JC_ARCH_QWEN3_NEXT_H
#define JC_ARCH_QWEN3_NEXT_H

#include "model/arch/llama.h"

/* clang-format off */
#define DELTA_KEYS                                                              \
    LLAMA_BODY_KEYS("4"),                                                       \
    ROTARY_PART_KEY("partial_rotary_factor", "0.25"),                           \
    KEY("head_dim",                JC_KEY_U32,   head_width, "256"),            \
    KEY("hidden_act",              JC_KEY_ACT,   act, "silu"),                  \
    KEY("rms_norm_eps",            JC_KEY_REAL,  eps, "1e-6"),                  \
    KEY("attention_bias",          JC_KEY_BOOL,  attention_bias, "false"),      \
    KEY(NULL,                      JC_KEY_BOOL,  attention_gate, "true"),       \
    KEY("layer_types",             JC_KEY_CONVS, conv, ""),                     \
    KEY("full_attention_interval", JC_KEY_U32,   conv_except, "4"),             \
    KEY("linear_conv_kernel_dim",  JC_KEY_U32,   conv_tokens, "4"),             \
    KEY("linear_num_value_heads",  JC_KEY_U32,   scan_heads, "32"),             \
    KEY("linear_num_key_heads",    JC_KEY_U32,   scan_groups, "16"),            \
    KEY("linear_key_head_dim",     JC_KEY_U32,   scan_keys, "128"),             \
    KEY("linear_value_head_dim",   JC_KEY_U32,   scan_width, "128"),            \
    FIXED("hidden_act", "silu")

#define DELTA_ATTENTION                                                         \
    MATRIX(JC_W_QKV, "layers.%u.self_attn.q_proj", Q_GATED, WIDTH, JC_WEIGHT_QUERIES), \
    BIAS(JC_W_QKV, "layers.%u.self_attn.q_proj", Q_GATED,                       \
         JC_WEIGHT_QUERIES | JC_WEIGHT_IF_ATTENTION_BIAS),                      \
    MATRIX(JC_W_QKV, "layers.%u.self_attn.k_proj", KV, WIDTH, 0),               \
    BIAS(JC_W_QKV, "layers.%u.self_attn.k_proj", KV, JC_WEIGHT_IF_ATTENTION_BIAS), \
    MATRIX(JC_W_QKV, "layers.%u.self_attn.v_proj", KV, WIDTH, 0),               \
    BIAS(JC_W_QKV, "layers.%u.self_attn.v_proj", KV, JC_WEIGHT_IF_ATTENTION_BIAS), \
    MATRIX(JC_W_Q_GATE, "layers.%u.self_attn.q_proj", Q_GATED, WIDTH, JC_WEIGHT_GATES), \
    BIAS(JC_W_Q_GATE, "layers.%u.self_attn.q_proj", Q_GATED,                    \
         JC_WEIGHT_GATES | JC_WEIGHT_IF_ATTENTION_BIAS),                        \
    MATRIX(JC_W_OUT, "layers.%u.self_attn.o_proj", WIDTH, Q, 0),                \
    BIAS(JC_W_OUT, "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS), \
    RMS(JC_W_Q_NORM, "layers.%u.self_attn.q_norm", HEAD, JC_WEIGHT_PLUS_ONE),   \
    RMS(JC_W_K_NORM, "layers.%u.self_attn.k_norm", HEAD, JC_WEIGHT_PLUS_ONE)

/* The first layer of Qwen 3.5. */
#define DELTA_IN_FOUR                                                           \
    MATRIX(JC_W_CONV_IN, "layers.%u.linear_attn.in_proj_qkv", SCAN_MIXED, WIDTH, 0), \
    MATRIX(JC_W_CONV_IN, "layers.%u.linear_attn.in_proj_z", SCAN_VALUES, WIDTH, 0), \
    MATRIX(JC_W_CONV_IN, "layers.%u.linear_attn.in_proj_b", SCAN_HEADS, WIDTH, 0), \
    MATRIX(JC_W_CONV_IN, "layers.%u.linear_attn.in_proj_a", SCAN_HEADS, WIDTH, 0)

/* But for the first layer, which each has in its own matrices. */
#define DELTA_WEIGHTS                                                           \
    MATRIX(JC_W_CONV,     "layers.%u.linear_attn.conv1d", SCAN_MIXED, CONV, 0), \
    {JC_W_SCAN_DECAY, "layers.%u.linear_attn.A_log", {JC_DIM_SCAN_HEADS}, 0},   \
    {JC_W_SCAN_STEP,  "layers.%u.linear_attn.dt_bias", {JC_DIM_SCAN_HEADS}, 0}, \
    RMS(JC_W_SCAN_NORM,   "layers.%u.linear_attn.norm", SCAN_WIDTH, 0),         \
    MATRIX(JC_W_CONV_OUT, "layers.%u.linear_attn.out_proj", WIDTH, SCAN_VALUES, 0)
/* clang-format on */

#endif
