/* SPDX-License-Identifier: MIT */
/*
 * nomic_bert.c: Nomic Embed 1 and 1.5 (Nussbaum et al. 2024): BERT with rotary positions
 * and a gated MLP, without biases but for those of norms and head.
 */
#include "model/arch/bert.h"

static const char *const model_types[] = {"nomic_bert", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("num_hidden_layers|n_layer",   JC_KEY_U32,  layers,    NULL),
    KEY("hidden_size|n_embd",          JC_KEY_U32,  width,     NULL),
    KEY("num_attention_heads|n_head",  JC_KEY_U32,  heads,     NULL),
    KEY("intermediate_size|n_inner",   JC_KEY_LIMIT, ff_width, "0"),
    KEY("max_position_embeddings|n_positions", JC_KEY_U32, positions, NULL),
    KEY("type_vocab_size",             JC_KEY_U32,  types,     "2"),
    KEY("vocab_size",                  JC_KEY_U32,  vocab,     NULL),
    KEY("layer_norm_eps|layer_norm_epsilon", JC_KEY_REAL, eps, "1e-12"),
    KEY("hidden_act|activation_function", JC_KEY_ACT, act,     "silu"),
    KEY("hidden_act|activation_function", JC_KEY_ACT, head_act, "silu"),
    KEY(NULL,                          JC_KEY_BOOL, norm_before, "false"),
    KEY("rope_parameters.rope_type",   JC_KEY_ROTARY, rotary.type, "default"),
    KEY("rope_parameters.factor",      JC_KEY_REAL, rotary.factor, "0"),
    KEY("rope_parameters.rope_theta|rope_theta|rotary_emb_base", JC_KEY_REAL, rotary.theta, "1000"),
    KEY("rotary_emb_fraction",         JC_KEY_REAL, rotary.part, "1"),
    KEY("rotary_emb_interleaved",      JC_KEY_BOOL, rotary.interleaved, "false"),
    FIXED("rotary_scaling_factor", "null"),
    FIXED("moe_every_n_layers",    "null"),
    FIXED("prenorm",               "false"),
    FIXED("parallel_block",        "false"),
    FIXED("use_rms_norm",          "false"),
    FIXED("qkv_proj_bias",         "false"),
    FIXED("mlp_fc1_bias",          "false"),
    FIXED("mlp_fc2_bias",          "false"),
    FIXED("causal",                "false"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS,    "embeddings.word_embeddings.weight", VOCAB),
    TABLE(JC_W_TYPES,     "embeddings.token_type_embeddings.weight", TYPES),
    NORM(JC_W_EMBED_NORM, "emb_ln", 0),
    MATRIX(JC_W_QKV,      "encoder.layers.%u.attn.Wqkv",     QKV, WIDTH, 0),
    MATRIX(JC_W_OUT,      "encoder.layers.%u.attn.out_proj", WIDTH, WIDTH, 0),
    NORM(JC_W_NORM1,      "encoder.layers.%u.norm1", 0),
    MATRIX(JC_W_UP,       "encoder.layers.%u.mlp.fc12",      FF, WIDTH, 0),
    MATRIX(JC_W_UP,       "encoder.layers.%u.mlp.fc11",      FF, WIDTH, 0),
    MATRIX(JC_W_DOWN,     "encoder.layers.%u.mlp.fc2",       WIDTH, FF, 0),
    NORM(JC_W_NORM2,      "encoder.layers.%u.norm2", 0),
    MASKED_HEAD("cls.predictions.transform.dense", "cls.predictions.transform.layer_norm",
                "cls.predictions.decoder.weight",
                "cls.predictions.decoder.bias|cls.predictions.bias"),
};
/* clang-format on */

const jc_arch jc_arch_nomic_bert = {
    .name = "nomic_bert",
    .about = "Nomic Embed (2024): BERT with rotary positions and a gated MLP",
    .prefix = "bert.",
    .gguf = "nomic-bert",
    .gated = true,
    TABLES,
};
