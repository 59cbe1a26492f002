/* SPDX-License-Identifier: MIT */
/*
 * distilbert.c: DistilBERT (Sanh et al. 2019): BERT without token types, under names of its
 * own; the epsilon of its norms is not in the configuration.
 */
#include "model/arch/rows.h"

static const char *const model_types[] = {"distilbert", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("n_layers",                JC_KEY_U32,  layers,    NULL),
    KEY("dim",                     JC_KEY_U32,  width,     NULL),
    KEY("n_heads",                 JC_KEY_U32,  heads,     NULL),
    KEY("hidden_dim",              JC_KEY_U32,  ff_width,  NULL),
    KEY("max_position_embeddings", JC_KEY_U32,  positions, NULL),
    KEY("vocab_size",              JC_KEY_U32,  vocab,     NULL),
    KEY(NULL,                      JC_KEY_REAL, eps,       "1e-12"),
    KEY("activation",              JC_KEY_ACT,  act,       "gelu"),
    KEY("activation",              JC_KEY_ACT,  head_act,  "gelu"),
    KEY(NULL,                      JC_KEY_BOOL, norm_before, "false"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS,     "embeddings.word_embeddings.weight",     VOCAB),
    TABLE(JC_W_POSITIONS,  "embeddings.position_embeddings.weight", POSITIONS),
    NORM(JC_W_EMBED_NORM,  "embeddings.LayerNorm", 0),
    LINEAR(JC_W_QKV,       "transformer.layer.%u.attention.q_lin",   WIDTH, WIDTH, 0),
    LINEAR(JC_W_QKV,       "transformer.layer.%u.attention.k_lin",   WIDTH, WIDTH, 0),
    LINEAR(JC_W_QKV,       "transformer.layer.%u.attention.v_lin",   WIDTH, WIDTH, 0),
    LINEAR(JC_W_OUT,       "transformer.layer.%u.attention.out_lin", WIDTH, WIDTH, 0),
    NORM(JC_W_NORM1,       "transformer.layer.%u.sa_layer_norm", 0),
    LINEAR(JC_W_UP,        "transformer.layer.%u.ffn.lin1",          FF, WIDTH, 0),
    LINEAR(JC_W_DOWN,      "transformer.layer.%u.ffn.lin2",          WIDTH, FF, 0),
    NORM(JC_W_NORM2,       "transformer.layer.%u.output_layer_norm", 0),
    LINEAR(JC_W_TRANSFORM, "vocab_transform", WIDTH, WIDTH, JC_WEIGHT_HEAD),
    NORM(JC_W_FINAL,       "vocab_layer_norm", JC_WEIGHT_HEAD),
    {JC_W_HEAD,      "vocab_projector.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_HEAD | JC_WEIGHT_TIED},
    {JC_W_HEAD_BIAS, "vocab_projector.bias",   {JC_DIM_VOCAB}, JC_WEIGHT_HEAD},
};
/* clang-format on */

const jc_arch jc_arch_distilbert = {
    .name = "distilbert",
    .about = "DistilBERT (2019): half of BERT",
    .model_types = model_types,
    .prefix = "distilbert.",
    .keys = keys,
    .n_keys = JC_COUNT(keys),
    .weights = weights,
    .n_weights = JC_COUNT(weights),
};
