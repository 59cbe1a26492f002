/* SPDX-License-Identifier: MIT */
/*
 * bloom.c: BLOOM (Le Scao et al. 2022): a norm of the embeddings, ALiBi for positions, and
 * queries, keys and values of each head together.
 */
#include "model/arch/rows.h"

static const char *const model_types[] = {"bloom", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("n_layer|num_hidden_layers",   JC_KEY_U32,  layers,    NULL),
    KEY("hidden_size|n_embed",         JC_KEY_U32,  width,     NULL),
    KEY("n_head|num_attention_heads",  JC_KEY_U32,  heads,     NULL),
    KEY("n_inner|intermediate_size",   JC_KEY_LIMIT, ff_width, "0"), /* 0: 4 x width */
    KEY("seq_length|max_position_embeddings", JC_KEY_U32, positions, "2048"),
    KEY("vocab_size",                  JC_KEY_U32,  vocab,     NULL),
    KEY("layer_norm_epsilon",          JC_KEY_REAL, eps,       "1e-5"),
    KEY(NULL,                          JC_KEY_ACT,  act,       "gelu_new"),
    KEY(NULL,                          JC_KEY_BOOL, alibi,     "true"),
    KEY("tie_word_embeddings",         JC_KEY_BOOL, tied,      "true"),
    FIXED("apply_residual_connection_post_layernorm", "false"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS,     "word_embeddings.weight", VOCAB),
    NORM(JC_W_EMBED_NORM,  "word_embeddings_layernorm", 0),
    NORM(JC_W_NORM1,       "h.%u.input_layernorm", 0),
    LINEAR(JC_W_QKV,       "h.%u.self_attention.query_key_value", QKV, WIDTH, JC_WEIGHT_BY_HEAD),
    LINEAR(JC_W_OUT,       "h.%u.self_attention.dense", WIDTH, WIDTH, 0),
    NORM(JC_W_NORM2,       "h.%u.post_attention_layernorm", 0),
    LINEAR(JC_W_UP,        "h.%u.mlp.dense_h_to_4h", FF, WIDTH, 0),
    LINEAR(JC_W_DOWN,      "h.%u.mlp.dense_4h_to_h", WIDTH, FF, 0),
    NORM(JC_W_FINAL,       "ln_f", 0),
    {JC_W_HEAD, "lm_head.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED},
};
/* clang-format on */

const jc_arch jc_arch_bloom = {
    .name = "bloom",
    .about = "BLOOM (2022): ALiBi, a norm of the embeddings",
    .prefix = "transformer.",
    .gguf = "bloom",
    .causal = true,
    TABLES,
};
