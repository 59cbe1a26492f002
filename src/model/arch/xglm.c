/* SPDX-License-Identifier: MIT */
/*
 * xglm.c: XGLM (Lin et al. 2022): a scaled embedding, and positions that are not learned:
 * sines, then cosines, from row 2 of their table on.
 */
#include "model/arch/rows.h"

static const char *const model_types[] = {"xglm", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("num_layers",              JC_KEY_U32,  layers,    NULL),
    KEY("d_model",                 JC_KEY_U32,  width,     NULL),
    KEY("attention_heads",         JC_KEY_U32,  heads,     NULL),
    KEY("ffn_dim",                 JC_KEY_U32,  ff_width,  NULL),
    KEY("max_position_embeddings", JC_KEY_U32,  positions, NULL),
    KEY("vocab_size",              JC_KEY_U32,  vocab,     NULL),
    KEY("activation_function",     JC_KEY_ACT,  act,       "gelu"),
    KEY("tie_word_embeddings",     JC_KEY_BOOL, tied,      "true"),
    KEY(NULL,                      JC_KEY_REAL, eps,       "1e-5"),
    FIXED("scale_embedding",     "true"),
    FIXED("add_cross_attention", "false"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS, "embed_tokens.weight", VOCAB),
    {JC_W_POSITIONS, NULL, {JC_DIM_POSITIONS, JC_DIM_WIDTH}, JC_WEIGHT_SINUSOIDS},
    NORM(JC_W_NORM1,   "layers.%u.self_attn_layer_norm", 0),
    LINEAR(JC_W_QKV,   "layers.%u.self_attn.q_proj", WIDTH, WIDTH, 0),
    LINEAR(JC_W_QKV,   "layers.%u.self_attn.k_proj", WIDTH, WIDTH, 0),
    LINEAR(JC_W_QKV,   "layers.%u.self_attn.v_proj", WIDTH, WIDTH, 0),
    LINEAR(JC_W_OUT,   "layers.%u.self_attn.out_proj", WIDTH, WIDTH, 0),
    NORM(JC_W_NORM2,   "layers.%u.final_layer_norm", 0),
    LINEAR(JC_W_UP,    "layers.%u.fc1", FF, WIDTH, 0),
    LINEAR(JC_W_DOWN,  "layers.%u.fc2", WIDTH, FF, 0),
    NORM(JC_W_FINAL,   "layer_norm", 0),
    {JC_W_HEAD, "lm_head.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED},
};
/* clang-format on */

const jc_arch jc_arch_xglm = {
    .name = "xglm",
    .about = "XGLM (2022): positions by sines and cosines, a scaled embedding",
    .prefix = "model.",
    .scale_embedding = true,
    .positions_unused = 2,
    .causal = true,
    TABLES,
};
