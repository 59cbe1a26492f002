/* SPDX-License-Identifier: MIT */
/*
 * mpnet.c: MPNet (Song et al. 2020): BERT without token types, whose scores have a bias for
 * each head and class of distances, the same in all blocks, as T5 has them.
 */
#include "model/arch/bert.h"

static const char *const model_types[] = {"mpnet", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    BERT_KEYS("gelu"),
    FIXED("relative_attention_num_buckets", "32"), /* the package's classes, whatever it is */
    KEY(NULL,                             JC_KEY_U32, relative_buckets, "32"),
    KEY(NULL,                             JC_KEY_U32, padding,  "1"),
    KEY(NULL,                             JC_KEY_U32, types,    "1"),
    KEY(NULL,                             JC_KEY_ACT, head_act, "gelu"),
};

static const jc_weight_row weights[] = {
    EMBEDDING(JC_W_TOKENS,    "embeddings.word_embeddings.weight",     VOCAB),
    EMBEDDING(JC_W_POSITIONS, "embeddings.position_embeddings.weight", POSITIONS),
    NORM(JC_W_EMBED_NORM,     "embeddings.LayerNorm", 0),
    {JC_W_RELATIVE, "encoder.relative_attention_bias.weight", {JC_DIM_CLASSES, JC_DIM_HEADS}, 0},
    LINEAR(JC_W_QKV,  "encoder.layer.%u.attention.attn.q", WIDTH, WIDTH, 0),
    LINEAR(JC_W_QKV,  "encoder.layer.%u.attention.attn.k", WIDTH, WIDTH, 0),
    LINEAR(JC_W_QKV,  "encoder.layer.%u.attention.attn.v", WIDTH, WIDTH, 0),
    LINEAR(JC_W_OUT,  "encoder.layer.%u.attention.attn.o", WIDTH, WIDTH, 0),
    NORM(JC_W_NORM1,  "encoder.layer.%u.attention.LayerNorm", 0),
    LINEAR(JC_W_UP,   "encoder.layer.%u.intermediate.dense", FF, WIDTH, 0),
    LINEAR(JC_W_DOWN, "encoder.layer.%u.output.dense",       WIDTH, FF, 0),
    NORM(JC_W_NORM2,  "encoder.layer.%u.output.LayerNorm", 0),
    MASKED_HEAD("lm_head.dense", "lm_head.layer_norm", "lm_head.decoder.weight",
                "lm_head.decoder.bias|lm_head.bias"),
};
/* clang-format on */

const jc_arch jc_arch_mpnet = {
    .name = "mpnet",
    .about = "MPNet (2020): BERT with a bias of scores by distance",
    .prefix = "mpnet.",
    .positions_after_padding = true,
    .relative = JC_RELATIVE_T5,
    TABLES,
};
