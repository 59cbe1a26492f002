/* SPDX-License-Identifier: MIT */
/* bert.h: the part of BERT's tables that RoBERTa shares. */
#ifndef JC_ARCH_BERT_H
#define JC_ARCH_BERT_H

#include "model/arch/rows.h"

/* clang-format off */
#define BERT_KEYS(act_default)                                                              \
    KEY("num_hidden_layers",       JC_KEY_U32,  layers,    NULL),               \
    KEY("hidden_size",             JC_KEY_U32,  width,     NULL),               \
    KEY("num_attention_heads",     JC_KEY_U32,  heads,     NULL),               \
    KEY("intermediate_size",       JC_KEY_U32,  ff_width,  NULL),               \
    KEY("max_position_embeddings", JC_KEY_U32,  positions, NULL),               \
    KEY("type_vocab_size",         JC_KEY_U32,  types,     "2"),                \
    KEY("vocab_size",              JC_KEY_U32,  vocab,     NULL),               \
    KEY("layer_norm_eps",          JC_KEY_REAL, eps,       "1e-12"),            \
    KEY("hidden_act",              JC_KEY_ACT,  act,       act_default),        \
    KEY(NULL,                      JC_KEY_BOOL, norm_before, "false"),          \
    FIXED("position_embedding_type", "absolute"),                               \
    FIXED("is_decoder", "false")

/* Positions of a text, token types, and the norm of their sum with the tokens. */
#define BERT_EMBEDDINGS                                                         \
    EMBEDDING(JC_W_TOKENS,    "embeddings.word_embeddings.weight",     VOCAB),  \
    EMBEDDING(JC_W_POSITIONS, "embeddings.position_embeddings.weight", POSITIONS), \
    EMBEDDING(JC_W_TYPES,     "embeddings.token_type_embeddings.weight", TYPES), \
    NORM_OF(JC_W_EMBED_NORM,  "embeddings.LayerNorm", EMBED, 0)

#define BERT_ATTENTION                                                          \
    LINEAR(JC_W_QKV,       "encoder.layer.%u.attention.self.query",   WIDTH, WIDTH, 0), \
    LINEAR(JC_W_QKV,       "encoder.layer.%u.attention.self.key",     WIDTH, WIDTH, 0), \
    LINEAR(JC_W_QKV,       "encoder.layer.%u.attention.self.value",   WIDTH, WIDTH, 0)

#define BERT_REST                                                               \
    LINEAR(JC_W_OUT,       "encoder.layer.%u.attention.output.dense", WIDTH, WIDTH, 0), \
    NORM(JC_W_NORM1,       "encoder.layer.%u.attention.output.LayerNorm", 0),   \
    LINEAR(JC_W_UP,        "encoder.layer.%u.intermediate.dense",     FF, WIDTH, 0), \
    LINEAR(JC_W_DOWN,      "encoder.layer.%u.output.dense",           WIDTH, FF, 0), \
    NORM(JC_W_NORM2,       "encoder.layer.%u.output.LayerNorm", 0)

#define BERT_BODY BERT_EMBEDDINGS, BERT_ATTENTION, BERT_REST

/* A head for masked tokens: its layer, norm and unembedding, and what they are called. */
#define MASKED_HEAD(dense, norm, decoder, bias)                                 \
    LINEAR(JC_W_TRANSFORM, dense, EMBED, WIDTH, JC_WEIGHT_HEAD),                \
    NORM_OF(JC_W_FINAL, norm, EMBED, JC_WEIGHT_HEAD),                           \
    {JC_W_HEAD, decoder, {JC_DIM_VOCAB, JC_DIM_EMBED}, JC_WEIGHT_HEAD | JC_WEIGHT_TIED}, \
    {JC_W_HEAD_BIAS, bias, {JC_DIM_VOCAB}, JC_WEIGHT_HEAD}
/* clang-format on */

#endif
