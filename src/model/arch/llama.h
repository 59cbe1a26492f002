/* SPDX-License-Identifier: MIT */
/* llama.h: the parts of Llama's tables that its many descendants share. */
#ifndef JC_ARCH_LLAMA_H
#define JC_ARCH_LLAMA_H

#include "model/arch/rows.h"

/* clang-format off */
/* Its names in older and in current files; the second is for models whose blocks differ. */
#define SCALING(name)                                                                 \
    "rope_scaling." name "|rope_parameters.full_attention." name "|rope_parameters." name

#define ROTARY_KEYS(theta_keys)                                                       \
    KEY(SCALING("rope_theta") "|" theta_keys, JC_KEY_REAL, rotary.theta, "10000"),    \
    KEY(SCALING("rope_type") "|rope_scaling.type|rope_parameters.type", JC_KEY_ROTARY,   \
        rotary.type, "default"),                                                      \
    KEY(SCALING("factor"),           JC_KEY_REAL,  rotary.factor,     "0"),           \
    KEY(SCALING("low_freq_factor"),  JC_KEY_REAL,  rotary.low_freq,   "0"),           \
    KEY(SCALING("high_freq_factor"), JC_KEY_REAL,  rotary.high_freq,  "0"),           \
    KEY(SCALING("beta_fast"),        JC_KEY_REAL,  rotary.beta_fast,  "32"),          \
    KEY(SCALING("beta_slow"),        JC_KEY_REAL,  rotary.beta_slow,  "1"),           \
    KEY(SCALING("mscale"),           JC_KEY_REAL,  rotary.mscale,     "0"),           \
    KEY(SCALING("mscale_all_dim"),   JC_KEY_REAL,  rotary.mscale_all, "0"),           \
    KEY(SCALING("attention_factor"), JC_KEY_REAL,  rotary.attention_factor, "0"),     \
    KEY(SCALING("original_max_position_embeddings")                                   \
        "|original_max_position_embeddings", JC_KEY_U32, rotary.original, "0"),       \
    KEY(SCALING("short_factor"),     JC_KEY_REALS, rotary.short_factor, NULL),        \
    KEY(SCALING("long_factor"),      JC_KEY_REALS, rotary.long_factor,  NULL),        \
    KEY(SCALING("truncate"),         JC_KEY_BOOL,  rotary.truncate, "true")

/* Blocks with a window have their positions as they are. */
#define PLAIN_IN_WINDOWS                                                              \
    FIXED("rope_parameters.sliding_attention.rope_type", "default")

/* What part of a head is turned, where the package reads that. */
#define ROTARY_PART_KEY(old_keys, def)                                                \
    KEY(SCALING("partial_rotary_factor") "|" old_keys, JC_KEY_REAL, rotary.part, def)

/* But for the activation of the MLP, the width of a head, what part of it is turned, and
 * windows. */
#define LLAMA_BODY_KEYS(heads_default)                                          \
    KEY("num_hidden_layers",       JC_KEY_U32,  layers,    NULL),               \
    KEY("hidden_size",             JC_KEY_U32,  width,     NULL),               \
    KEY("num_attention_heads",     JC_KEY_U32,  heads,     NULL),               \
    KEY("num_key_value_heads",     JC_KEY_LIMIT, kv_heads, heads_default),      \
    KEY("intermediate_size|moe_intermediate_size", JC_KEY_U32, ff_width, NULL), \
    KEY("max_position_embeddings", JC_KEY_U32,  positions, NULL),               \
    KEY("vocab_size",              JC_KEY_U32,  vocab,     NULL),               \
    KEY("tie_word_embeddings",     JC_KEY_BOOL, tied,      "true"),             \
    ROTARY_KEYS("rope_theta")

/* All of a head is turned, but for what a GGUF file says. */
#define LLAMA_KEYS(heads_default)                                               \
    LLAMA_BODY_KEYS(heads_default),                                             \
    KEY("rope_dimension_part",     JC_KEY_REAL, rotary.part, "1")

/* Blocks from max_window_layers on have the window, if it is used at all. */
#define QWEN_WINDOW_KEYS                                                        \
    KEY("use_sliding_window", JC_KEY_BOOL,   use_window,  "false"),             \
    KEY("sliding_window",     JC_KEY_LIMIT,  window,      "4096"),              \
    KEY("max_window_layers",  JC_KEY_U32,    window_from, "28"),                \
    KEY("layer_types",        JC_KEY_LAYERS, windowed,    NULL)

/* A mixture in the place of the MLP, an expert in matrices of its own. */
#define LLAMA_EXPERTS                                                           \
    MATRIX(JC_W_ROUTER,      "layers.%u.mlp.gate", EXPERTS, WIDTH, 0),          \
    MATRIX(JC_W_EXPERT_UP,   "layers.%u.mlp.experts.%u.gate_proj", EXPERT, WIDTH, 0), \
    MATRIX(JC_W_EXPERT_UP,   "layers.%u.mlp.experts.%u.up_proj",   EXPERT, WIDTH, 0), \
    MATRIX(JC_W_EXPERT_DOWN, "layers.%u.mlp.experts.%u.down_proj", WIDTH, EXPERT, 0)

/* One that all tokens take, with a gate of its own. */
#define QWEN_SHARED_EXPERT                                                      \
    MATRIX(JC_W_SHARED_GATE, "layers.%u.mlp.shared_expert_gate", ONE, WIDTH, 0),\
    MATRIX(JC_W_SHARED_UP,   "layers.%u.mlp.shared_expert.gate_proj", SHARED, WIDTH, 0), \
    MATRIX(JC_W_SHARED_UP,   "layers.%u.mlp.shared_expert.up_proj", SHARED, WIDTH, 0), \
    MATRIX(JC_W_SHARED_DOWN, "layers.%u.mlp.shared_expert.down_proj", WIDTH, SHARED, 0)

#define LLAMA_ATTENTION                                                         \
    MATRIX(JC_W_QKV, "layers.%u.self_attn.q_proj", Q,  WIDTH, 0),               \
    BIAS(JC_W_QKV,   "layers.%u.self_attn.q_proj", Q, JC_WEIGHT_IF_ATTENTION_BIAS), \
    MATRIX(JC_W_QKV, "layers.%u.self_attn.k_proj", KV, WIDTH, 0),               \
    BIAS(JC_W_QKV,   "layers.%u.self_attn.k_proj", KV, JC_WEIGHT_IF_ATTENTION_BIAS), \
    MATRIX(JC_W_QKV, "layers.%u.self_attn.v_proj", KV, WIDTH, 0),               \
    BIAS(JC_W_QKV,   "layers.%u.self_attn.v_proj", KV, JC_WEIGHT_IF_ATTENTION_BIAS), \
    MATRIX(JC_W_OUT, "layers.%u.self_attn.o_proj", WIDTH, Q, 0)

#define LLAMA_MLP                                                               \
    MATRIX(JC_W_UP,   "layers.%u.mlp.gate_proj", FF, WIDTH, 0),                 \
    MATRIX(JC_W_UP,   "layers.%u.mlp.up_proj",   FF, WIDTH, 0),                 \
    MATRIX(JC_W_DOWN, "layers.%u.mlp.down_proj", WIDTH, FF, 0)

#define LLAMA_ENDS(flags)                                                       \
    TABLE(JC_W_TOKENS, "embed_tokens.weight", VOCAB),                           \
    RMS(JC_W_FINAL, "norm", WIDTH, flags),                                      \
    {JC_W_HEAD, "lm_head.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED}
/* clang-format on */

#endif
