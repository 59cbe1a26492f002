/* SPDX-License-Identifier: MIT */
/*
 * albert.c: ALBERT (Lan et al. 2020): BERT whose blocks all have the weights of one, which
 * are in memory once, and whose embeddings are narrower than its states.
 */
#include "model/arch/bert.h"

static const char *const model_types[] = {"albert", NULL};

/* clang-format off */
#define LAYER "encoder.albert_layer_groups.0.albert_layers.0."

static const jc_key_row keys[] = {
    BERT_KEYS("gelu_new"),
    KEY("embedding_size",    JC_KEY_U32,  embed_width, "128"),
    KEY("hidden_act",        JC_KEY_ACT,  head_act,    "gelu_new"),
    FIXED("num_hidden_groups", "1"),
    FIXED("inner_group_num",   "1"),
};

static const jc_weight_row weights[] = {
    BERT_EMBEDDINGS,
    LINEAR(JC_W_EMBED_IN, "encoder.embedding_hidden_mapping_in", WIDTH, EMBED, 0),
    LINEAR(JC_W_QKV,      LAYER "attention.query", WIDTH, WIDTH, 0),
    LINEAR(JC_W_QKV,      LAYER "attention.key",   WIDTH, WIDTH, 0),
    LINEAR(JC_W_QKV,      LAYER "attention.value", WIDTH, WIDTH, 0),
    LINEAR(JC_W_OUT,      LAYER "attention.dense", WIDTH, WIDTH, 0),
    NORM(JC_W_NORM1,      LAYER "attention.LayerNorm", 0),
    LINEAR(JC_W_UP,       LAYER "ffn",             FF, WIDTH, 0),
    LINEAR(JC_W_DOWN,     LAYER "ffn_output",      WIDTH, FF, 0),
    NORM(JC_W_NORM2,      LAYER "full_layer_layer_norm", 0),
    MASKED_HEAD("predictions.dense", "predictions.LayerNorm", "predictions.decoder.weight",
                "predictions.decoder.bias|predictions.bias"),
};
/* clang-format on */

const jc_arch jc_arch_albert = {
    .name = "albert",
    .about = "ALBERT (2020): one block's weights for all blocks, narrow embeddings",
    .prefix = "albert.",
    .embed_in_last = true,
    .one_block = true,
    TABLES,
};
