/* SPDX-License-Identifier: MIT */
/*
 * phi.c: Phi-1, 1.5 and 2 (Gunasekar et al. 2023): both halves of a block of one
 * LayerNorm of its input, rotary positions on a part of each head, biases everywhere.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"phi", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("num_hidden_layers",       JC_KEY_U32,   layers,    NULL),
    KEY("hidden_size",             JC_KEY_U32,   width,     NULL),
    KEY("num_attention_heads",     JC_KEY_U32,   heads,     NULL),
    KEY("num_key_value_heads",     JC_KEY_LIMIT, kv_heads,  "0"),
    KEY("intermediate_size",       JC_KEY_U32,   ff_width,  NULL),
    KEY("max_position_embeddings", JC_KEY_U32,   positions, NULL),
    KEY("vocab_size",              JC_KEY_U32,   vocab,     NULL),
    KEY("layer_norm_eps",          JC_KEY_REAL,  eps,       "1e-5"),
    KEY("hidden_act",              JC_KEY_ACT,   act,       "gelu_new"),
    KEY("tie_word_embeddings",     JC_KEY_BOOL,  tied,      "false"),
    KEY(NULL,                      JC_KEY_BOOL,  parallel,  "true"),
    ROTARY_PART_KEY("partial_rotary_factor", "0.5"),
    ROTARY_KEYS("rope_theta"),
    FIXED("qk_layernorm", "false"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS, "embed_tokens.weight", VOCAB),
    NORM(JC_W_NORM1, "layers.%u.input_layernorm", 0),
    LINEAR(JC_W_QKV, "layers.%u.self_attn.q_proj", Q,  WIDTH, 0),
    LINEAR(JC_W_QKV, "layers.%u.self_attn.k_proj", KV, WIDTH, 0),
    LINEAR(JC_W_QKV, "layers.%u.self_attn.v_proj", KV, WIDTH, 0),
    LINEAR(JC_W_OUT, "layers.%u.self_attn.dense", WIDTH, Q, 0),
    LINEAR(JC_W_UP,  "layers.%u.mlp.fc1", FF, WIDTH, 0),
    LINEAR(JC_W_DOWN, "layers.%u.mlp.fc2", WIDTH, FF, 0),
    NORM(JC_W_FINAL, "final_layernorm", 0),
    {JC_W_HEAD, "lm_head.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED},
    BIAS(JC_W_HEAD, "lm_head", VOCAB, 0),
};
/* clang-format on */

const jc_arch jc_arch_phi = {
    .name = "phi",
    .about = "Phi-1 and Phi-2 (2023): parallel halves with one norm",
    .prefix = "model.",
    .gguf = "phi2",
    .causal = true,
    TABLES,
};
