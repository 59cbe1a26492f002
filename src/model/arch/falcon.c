/* SPDX-License-Identifier: MIT */
/*
 * falcon.c: Falcon (Almazrouei et al. 2023): halves of a block from its input, one head of
 * keys and values for all; of the larger ones a few heads, and a norm for each half. The
 * first ones (RW) have their halves one after another and ALiBi for rotary positions.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"falcon", "RefinedWebModel", "RefinedWeb", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("num_hidden_layers|n_layer",   JC_KEY_U32,  layers,    NULL),
    KEY("hidden_size|n_embed",         JC_KEY_U32,  width,     NULL),
    KEY("num_attention_heads|n_head",  JC_KEY_U32,  heads,     NULL),
    KEY("num_kv_heads|n_head_kv|num_key_value_heads", JC_KEY_LIMIT, kv_heads, "0"),
    KEY("multi_query",                 JC_KEY_BOOL, multi_query, "true"),
    KEY("new_decoder_architecture",    JC_KEY_BOOL, grouped,   "false"),
    KEY("num_ln_in_parallel_attn",     JC_KEY_LIMIT, parallel_norms, "0"),
    KEY("parallel_attn",               JC_KEY_BOOL, parallel,  "true"),
    KEY("ffn_hidden_size|intermediate_size", JC_KEY_LIMIT, ff_width, "0"), /* 0: 4 x width */
    KEY("max_position_embeddings",     JC_KEY_U32,  positions, "2048"),
    KEY("vocab_size",                  JC_KEY_U32,  vocab,     NULL),
    KEY("layer_norm_epsilon",          JC_KEY_REAL, eps,       "1e-5"),
    KEY("activation",                  JC_KEY_ACT,  act,       "gelu"),
    KEY("bias|attention_bias",         JC_KEY_BOOL, attention_bias, "false"),
    KEY("bias|mlp_bias",               JC_KEY_BOOL, mlp_bias,  "false"),
    KEY("alibi",                       JC_KEY_BOOL, alibi,     "false"),
    KEY(NULL,                          JC_KEY_BOOL, alibi_scaled, "true"),
    KEY("tie_word_embeddings",         JC_KEY_BOOL, tied,      "true"),
    ROTARY_KEYS("rope_theta"),
    FIXED("apply_residual_connection_post_layernorm", "false"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS, "word_embeddings.weight", VOCAB),
    {JC_W_NORM1,      "h.%u.input_layernorm.weight|h.%u.ln_attn.weight", {JC_DIM_WIDTH}, 0},
    {JC_W_NORM1_BIAS, "h.%u.input_layernorm.bias|h.%u.ln_attn.bias",     {JC_DIM_WIDTH}, 0},
    MATRIX(JC_W_QKV,   "h.%u.self_attention.query_key_value", QKV, WIDTH, JC_WEIGHT_BY_HEAD),
    BIAS(JC_W_QKV,     "h.%u.self_attention.query_key_value", QKV, JC_WEIGHT_BY_HEAD | JC_WEIGHT_IF_ATTENTION_BIAS),
    MATRIX(JC_W_OUT,   "h.%u.self_attention.dense", WIDTH, Q, 0),
    BIAS(JC_W_OUT,     "h.%u.self_attention.dense", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    NORM(JC_W_NORM2,   "h.%u.post_attention_layernorm", JC_WEIGHT_IF_SERIAL),
    NORM(JC_W_NORM2,   "h.%u.ln_mlp", JC_WEIGHT_IF_TWO_NORMS),
    MATRIX(JC_W_UP,    "h.%u.mlp.dense_h_to_4h", FF, WIDTH, 0),
    BIAS(JC_W_UP,      "h.%u.mlp.dense_h_to_4h", FF, JC_WEIGHT_IF_MLP_BIAS),
    MATRIX(JC_W_DOWN,  "h.%u.mlp.dense_4h_to_h", WIDTH, FF, 0),
    BIAS(JC_W_DOWN,    "h.%u.mlp.dense_4h_to_h", WIDTH, JC_WEIGHT_IF_MLP_BIAS),
    NORM(JC_W_FINAL,   "ln_f", 0),
    {JC_W_HEAD, "lm_head.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED},
};
/* clang-format on */

const jc_arch jc_arch_falcon = {
    .name = "falcon",
    .about = "Falcon (2023): parallel halves, few heads of keys and values; ALiBi in RW",
    .prefix = "transformer.",
    .gguf = "falcon",
    .causal = true,
    TABLES,
};
