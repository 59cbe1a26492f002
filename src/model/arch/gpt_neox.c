/* SPDX-License-Identifier: MIT */
/*
 * gpt_neox.c: GPT-NeoX (Black et al. 2022) and Pythia: LayerNorm with biases, rotary
 * positions on a part of each head, both halves of a block from its input, and the queries,
 * keys and values of one head after another in one matrix.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"gpt_neox", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("num_hidden_layers",       JC_KEY_U32,  layers,    NULL),
    KEY("hidden_size",             JC_KEY_U32,  width,     NULL),
    KEY("num_attention_heads",     JC_KEY_U32,  heads,     NULL),
    KEY("intermediate_size",       JC_KEY_U32,  ff_width,  NULL),
    KEY("max_position_embeddings", JC_KEY_U32,  positions, NULL),
    KEY("vocab_size",              JC_KEY_U32,  vocab,     NULL),
    KEY("layer_norm_eps",          JC_KEY_REAL, eps,       "1e-5"),
    KEY("hidden_act",              JC_KEY_ACT,  act,       "gelu"),
    KEY("use_parallel_residual",   JC_KEY_BOOL, parallel,  "true"),
    KEY("attention_bias",          JC_KEY_BOOL, attention_bias, "true"),
    KEY("tie_word_embeddings",     JC_KEY_BOOL, tied,      "true"),
    ROTARY_PART_KEY("rotary_pct|partial_rotary_factor", "0.25"),
    ROTARY_KEYS("rotary_emb_base|rope_theta"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS,  "embed_in.weight", VOCAB),
    NORM(JC_W_NORM1,    "layers.%u.input_layernorm", 0),
    MATRIX(JC_W_QKV,    "layers.%u.attention.query_key_value", QKV, WIDTH, JC_WEIGHT_BY_HEAD),
    BIAS(JC_W_QKV,      "layers.%u.attention.query_key_value", QKV, JC_WEIGHT_BY_HEAD | JC_WEIGHT_IF_ATTENTION_BIAS),
    MATRIX(JC_W_OUT,    "layers.%u.attention.dense", WIDTH, Q, 0),
    BIAS(JC_W_OUT,      "layers.%u.attention.dense", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    NORM(JC_W_NORM2,    "layers.%u.post_attention_layernorm", 0),
    LINEAR(JC_W_UP,     "layers.%u.mlp.dense_h_to_4h", FF, WIDTH, 0),
    LINEAR(JC_W_DOWN,   "layers.%u.mlp.dense_4h_to_h", WIDTH, FF, 0),
    NORM(JC_W_FINAL,    "final_layer_norm", 0),
    {JC_W_HEAD, "embed_out.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED},
};
/* clang-format on */

const jc_arch jc_arch_gpt_neox = {
    .name = "gpt_neox",
    .about = "GPT-NeoX, Pythia (2022): parallel halves, part of a head turned",
    .model_types = model_types,
    .prefix = "gpt_neox.",
    .gguf = "gptneox",
    .causal = true,
    .keys = keys,
    .n_keys = JC_COUNT(keys),
    .weights = weights,
    .n_weights = JC_COUNT(weights),
};
