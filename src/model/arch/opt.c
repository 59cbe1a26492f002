/* SPDX-License-Identifier: MIT */
/*
 * opt.c: OPT (Zhang et al. 2022): learned positions from row 2 of their table on, ReLU,
 * LayerNorm with biases before each half of a block; after it in the model of 350 million,
 * which has no norm before the unembedding then, and an embedding that is narrower than
 * its states: one matrix widens it, another takes the states back.
 */
#include "model/arch/rows.h"

static const char *const model_types[] = {"opt", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("num_hidden_layers",       JC_KEY_U32,  layers,    NULL),
    KEY("hidden_size",             JC_KEY_U32,  width,     NULL),
    KEY("word_embed_proj_dim",     JC_KEY_U32,  embed_width, "0"),
    KEY("num_attention_heads",     JC_KEY_U32,  heads,     NULL),
    KEY("ffn_dim",                 JC_KEY_U32,  ff_width,  NULL),
    KEY("max_position_embeddings", JC_KEY_U32,  positions, NULL),
    KEY("vocab_size",              JC_KEY_U32,  vocab,     NULL),
    KEY("activation_function",     JC_KEY_ACT,  act,       "relu"),
    KEY("do_layer_norm_before",    JC_KEY_BOOL, norm_before, "true"),
    KEY("tie_word_embeddings",     JC_KEY_BOOL, tied,      "true"),
    KEY(NULL,                      JC_KEY_REAL, eps,       "1e-5"),
    FIXED("enable_bias",                   "true"),
    FIXED("layer_norm_elementwise_affine", "true"),
    FIXED("_remove_final_layer_norm",      "false"),
};

static const jc_weight_row weights[] = {
    {JC_W_TOKENS, "decoder.embed_tokens.weight", {JC_DIM_VOCAB, JC_DIM_EMBED}, 0},
    MATRIX(JC_W_EMBED_IN, "decoder.project_in", WIDTH, EMBED, JC_WEIGHT_IF_NARROW),
    TABLE(JC_W_POSITIONS, "decoder.embed_positions.weight", POSITIONS),
    NORM(JC_W_NORM1,      "decoder.layers.%u.self_attn_layer_norm", 0),
    LINEAR(JC_W_QKV,      "decoder.layers.%u.self_attn.q_proj", WIDTH, WIDTH, 0),
    LINEAR(JC_W_QKV,      "decoder.layers.%u.self_attn.k_proj", WIDTH, WIDTH, 0),
    LINEAR(JC_W_QKV,      "decoder.layers.%u.self_attn.v_proj", WIDTH, WIDTH, 0),
    LINEAR(JC_W_OUT,      "decoder.layers.%u.self_attn.out_proj", WIDTH, WIDTH, 0),
    NORM(JC_W_NORM2,      "decoder.layers.%u.final_layer_norm", 0),
    LINEAR(JC_W_UP,       "decoder.layers.%u.fc1", FF, WIDTH, 0),
    LINEAR(JC_W_DOWN,     "decoder.layers.%u.fc2", WIDTH, FF, 0),
    NORM(JC_W_FINAL,      "decoder.final_layer_norm", JC_WEIGHT_IF_NORM_BEFORE),
    MATRIX(JC_W_TRANSFORM, "decoder.project_out", EMBED, WIDTH, JC_WEIGHT_IF_NARROW),
    {JC_W_HEAD, "lm_head.weight", {JC_DIM_VOCAB, JC_DIM_EMBED}, JC_WEIGHT_TIED},
};
/* clang-format on */

const jc_arch jc_arch_opt = {
    .name = "opt",
    .about = "OPT (2022): learned positions, ReLU",
    .model_types = model_types,
    .prefix = "model.",
    .causal = true,
    .positions_unused = 2,
    .keys = keys,
    .n_keys = JC_COUNT(keys),
    .weights = weights,
    .n_weights = JC_COUNT(weights),
};
