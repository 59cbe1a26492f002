/* SPDX-License-Identifier: MIT */
/* bert.h: the part of BERT's tables that RoBERTa shares. */
#ifndef JC_ARCH_BERT_H
#define JC_ARCH_BERT_H

#include "model/arch/rows.h"

/* clang-format off */
#define BERT_KEYS                                                               \
    KEY("num_hidden_layers",       JC_KEY_U32,  layers,    NULL),               \
    KEY("hidden_size",             JC_KEY_U32,  width,     NULL),               \
    KEY("num_attention_heads",     JC_KEY_U32,  heads,     NULL),               \
    KEY("intermediate_size",       JC_KEY_U32,  ff_width,  NULL),               \
    KEY("max_position_embeddings", JC_KEY_U32,  positions, NULL),               \
    KEY("type_vocab_size",         JC_KEY_U32,  types,     "2"),                \
    KEY("vocab_size",              JC_KEY_U32,  vocab,     NULL),               \
    KEY("layer_norm_eps",          JC_KEY_REAL, eps,       "1e-12"),            \
    KEY("hidden_act",              JC_KEY_ACT,  act,       "gelu"),             \
    KEY(NULL,                      JC_KEY_BOOL, norm_before, "false"),          \
    FIXED("position_embedding_type", "absolute"),                               \
    FIXED("is_decoder", "false")

#define BERT_BODY                                                               \
    TABLE(JC_W_TOKENS,     "embeddings.word_embeddings.weight",       VOCAB),   \
    TABLE(JC_W_POSITIONS,  "embeddings.position_embeddings.weight",   POSITIONS), \
    TABLE(JC_W_TYPES,      "embeddings.token_type_embeddings.weight", TYPES),   \
    NORM(JC_W_EMBED_NORM,  "embeddings.LayerNorm", 0),                          \
    LINEAR(JC_W_QKV,       "encoder.layer.%u.attention.self.query",   WIDTH, WIDTH, 0), \
    LINEAR(JC_W_QKV,       "encoder.layer.%u.attention.self.key",     WIDTH, WIDTH, 0), \
    LINEAR(JC_W_QKV,       "encoder.layer.%u.attention.self.value",   WIDTH, WIDTH, 0), \
    LINEAR(JC_W_OUT,       "encoder.layer.%u.attention.output.dense", WIDTH, WIDTH, 0), \
    NORM(JC_W_NORM1,       "encoder.layer.%u.attention.output.LayerNorm", 0),   \
    LINEAR(JC_W_UP,        "encoder.layer.%u.intermediate.dense",     FF, WIDTH, 0), \
    LINEAR(JC_W_DOWN,      "encoder.layer.%u.output.dense",           WIDTH, FF, 0), \
    NORM(JC_W_NORM2,       "encoder.layer.%u.output.LayerNorm", 0)
/* clang-format on */

#endif
