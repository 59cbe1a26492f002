/* SPDX-License-Identifier: MIT */
/* deepseek.h: what the models of DeepSeek share: latent attention, and experts beside one
 * that all tokens take, but for the first blocks. */
#ifndef JC_ARCH_DEEPSEEK_H
#define JC_ARCH_DEEPSEEK_H

#include "model/arch/llama.h"

/* clang-format off */
#define DEEPSEEK_KEYS                                                           \
    LLAMA_KEYS("0"),                                                            \
    KEY("hidden_act",           JC_KEY_ACT,   act, "silu"),                     \
    KEY("rms_norm_eps",         JC_KEY_REAL,  eps, "1e-6"),                     \
    KEY("attention_bias",       JC_KEY_BOOL,  attention_bias, "false"),         \
    KEY("kv_lora_rank",         JC_KEY_U32,   latent, NULL),                    \
    KEY("q_lora_rank",          JC_KEY_LIMIT, q_rank, "1536"),                  \
    KEY("qk_nope_head_dim",     JC_KEY_U32,   nope, "128"),                     \
    KEY("qk_rope_head_dim",     JC_KEY_U32,   rope, "64"),                      \
    KEY("v_head_dim",           JC_KEY_U32,   value_width, "128"),              \
    KEY("num_experts_per_tok",  JC_KEY_LIMIT, experts_used, "8"),               \
    KEY("moe_intermediate_size", JC_KEY_U32,  expert_width, NULL),              \
    KEY("routed_scaling_factor", JC_KEY_REAL, routed_scale, "1"),               \
    KEY("n_group",              JC_KEY_LIMIT, expert_groups, "0"),              \
    KEY("topk_group",           JC_KEY_LIMIT, expert_groups_used, "0"),         \
    FIXED("moe_layer_freq", "1")

#define DEEPSEEK_WEIGHTS                                                        \
    LLAMA_ENDS(0),                                                              \
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),                     \
    MATRIX(JC_W_Q_DOWN, "layers.%u.self_attn.q_a_proj", Q_RANK, WIDTH, JC_WEIGHT_IF_Q_RANK), \
    RMS(JC_W_Q_DOWN_NORM, "layers.%u.self_attn.q_a_layernorm", Q_RANK, JC_WEIGHT_IF_Q_RANK), \
    MATRIX(JC_W_Q_UP, "layers.%u.self_attn.q_b_proj", Q_RAW, Q_IN, JC_WEIGHT_IF_Q_RANK), \
    MATRIX(JC_W_Q_UP, "layers.%u.self_attn.q_proj", Q_RAW, Q_IN, JC_WEIGHT_IF_NO_RANK), \
    MATRIX(JC_W_KV_DOWN, "layers.%u.self_attn.kv_a_proj_with_mqa", LATENT_ROPE, WIDTH, 0), \
    RMS(JC_W_KV_NORM, "layers.%u.self_attn.kv_a_layernorm", LATENT, 0),         \
    MATRIX(JC_W_KV_UP, "layers.%u.self_attn.kv_b_proj", KV_RAW, LATENT, 0),     \
    MATRIX(JC_W_OUT, "layers.%u.self_attn.o_proj", WIDTH, VALUES, 0),           \
    BIAS(JC_W_Q_DOWN, "layers.%u.self_attn.q_a_proj", Q_RANK, JC_WEIGHT_IF_Q_RANK | JC_WEIGHT_IF_ATTENTION_BIAS), \
    BIAS(JC_W_KV_DOWN, "layers.%u.self_attn.kv_a_proj_with_mqa", LATENT_ROPE, JC_WEIGHT_IF_ATTENTION_BIAS), \
    BIAS(JC_W_OUT, "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS), \
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),            \
    LLAMA_MLP,                                                                  \
    LLAMA_EXPERTS,                                                              \
    MATRIX(JC_W_SHARED_UP,   "layers.%u.mlp.shared_experts.gate_proj", SHARED, WIDTH, 0), \
    MATRIX(JC_W_SHARED_UP,   "layers.%u.mlp.shared_experts.up_proj",   SHARED, WIDTH, 0), \
    MATRIX(JC_W_SHARED_DOWN, "layers.%u.mlp.shared_experts.down_proj", WIDTH, SHARED, 0)
/* clang-format on */

#endif
