/* SPDX-License-Identifier: MIT */
/*
 * deberta_v2.c: DeBERTa 2 and 3 (He et al. 2021): BERT whose tokens have no positions; each
 * class of distances has a vector, of which every block makes a key and a query, and scores
 * are of content with content, content with distance, and distance with content.
 */
#include "model/arch/bert.h"

static const char *const model_types[] = {"deberta-v2", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    BERT_KEYS("gelu"),
    KEY("hidden_act",             JC_KEY_ACT,   head_act, "gelu"),
    KEY("position_buckets",       JC_KEY_LIMIT, relative_buckets, "0"),
    KEY("max_relative_positions", JC_KEY_LIMIT, relative_most, "0"),
    KEY(NULL,                     JC_KEY_BOOL,  typeless, "true"),
    FIXED("relative_attention",    "true"),
    FIXED("share_att_key",         "true"),
    FIXED("position_biased_input", "false"),
    FIXED("norm_rel_ebd",          "layer_norm"),
    FIXED("conv_kernel_size",      "null"),
    {"pos_att_type", JC_KEY_SET, 0, "c2p|p2c"},
};

static const jc_weight_row weights[] = {
    EMBEDDING(JC_W_TOKENS, "embeddings.word_embeddings.weight", VOCAB),
    {JC_W_TYPES, "embeddings.token_type_embeddings.weight", {JC_DIM_TYPES, JC_DIM_WIDTH}, JC_WEIGHT_IF_TYPES},
    NORM(JC_W_EMBED_NORM,  "embeddings.LayerNorm", 0),
    {JC_W_DISTANCES, "encoder.rel_embeddings.weight", {JC_DIM_CLASSES, JC_DIM_WIDTH}, 0},
    NORM(JC_W_DISTANCES_NORM, "encoder.LayerNorm", 0),
    LINEAR(JC_W_QKV, "encoder.layer.%u.attention.self.query_proj", WIDTH, WIDTH, 0),
    LINEAR(JC_W_QKV, "encoder.layer.%u.attention.self.key_proj",   WIDTH, WIDTH, 0),
    LINEAR(JC_W_QKV, "encoder.layer.%u.attention.self.value_proj", WIDTH, WIDTH, 0),
    BERT_REST,
    {JC_W_TRANSFORM, "cls.predictions.transform.dense.weight|lm_predictions.lm_head.dense.weight",
     {JC_DIM_WIDTH, JC_DIM_WIDTH}, JC_WEIGHT_HEAD},
    {JC_W_TRANSFORM_BIAS, "cls.predictions.transform.dense.bias|lm_predictions.lm_head.dense.bias",
     {JC_DIM_WIDTH}, JC_WEIGHT_HEAD},
    {JC_W_FINAL, "cls.predictions.transform.LayerNorm.weight|lm_predictions.lm_head.LayerNorm.weight",
     {JC_DIM_WIDTH}, JC_WEIGHT_HEAD},
    {JC_W_FINAL_BIAS, "cls.predictions.transform.LayerNorm.bias|lm_predictions.lm_head.LayerNorm.bias",
     {JC_DIM_WIDTH}, JC_WEIGHT_HEAD},
    {JC_W_HEAD, "cls.predictions.decoder.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_HEAD | JC_WEIGHT_TIED},
    {JC_W_HEAD_BIAS, "cls.predictions.decoder.bias|cls.predictions.bias|lm_predictions.lm_head.bias",
     {JC_DIM_VOCAB}, JC_WEIGHT_HEAD},
};
/* clang-format on */

const jc_arch jc_arch_deberta_v2 = {
    .name = "deberta_v2",
    .about = "DeBERTa 2 and 3 (2021): scores of content and of distances",
    .prefix = "deberta.",
    .relative = JC_RELATIVE_LOG,
    TABLES,
};
