/* SPDX-License-Identifier: MIT */
/*
 * gpt_bigcode.c: GPT-BigCode (SantaCoder, StarCoder, 2023): GPT-2 with one head of keys and
 * values for all of queries, and matrices stored as all others store them.
 */
#include "model/arch/rows.h"

static const char *const model_types[] = {"gpt_bigcode", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("n_layer",             JC_KEY_U32,   layers,    NULL),
    KEY("n_embd",              JC_KEY_U32,   width,     NULL),
    KEY("n_head",              JC_KEY_U32,   heads,     NULL),
    KEY("n_inner",             JC_KEY_LIMIT, ff_width,  "0"), /* 0: 4 x width */
    KEY("n_positions|n_ctx",   JC_KEY_U32,   positions, NULL),
    KEY("vocab_size",          JC_KEY_U32,   vocab,     NULL),
    KEY("layer_norm_epsilon",  JC_KEY_REAL,  eps,       "1e-5"),
    KEY("activation_function", JC_KEY_ACT,   act,       "gelu_pytorch_tanh"),
    KEY("scale_attn_weights",  JC_KEY_BOOL,  scale_attention, "true"),
    KEY("multi_query",         JC_KEY_BOOL,  multi_query, "true"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS,    "wte.weight", VOCAB),
    TABLE(JC_W_POSITIONS, "wpe.weight", POSITIONS),
    NORM(JC_W_NORM1,      "h.%u.ln_1", 0),
    LINEAR(JC_W_QKV,      "h.%u.attn.c_attn", QKV, WIDTH, JC_WEIGHT_BY_HEAD),
    LINEAR(JC_W_OUT,      "h.%u.attn.c_proj", WIDTH, WIDTH, 0),
    NORM(JC_W_NORM2,      "h.%u.ln_2", 0),
    LINEAR(JC_W_UP,       "h.%u.mlp.c_fc", FF, WIDTH, 0),
    LINEAR(JC_W_DOWN,     "h.%u.mlp.c_proj", WIDTH, FF, 0),
    NORM(JC_W_FINAL,      "ln_f", 0),
    {JC_W_HEAD, "lm_head.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED},
};
/* clang-format on */

const jc_arch jc_arch_gpt_bigcode = {
    .name = "gpt_bigcode",
    .about = "StarCoder 1, SantaCoder (2023): GPT-2 with one head of keys and values",
    .prefix = "transformer.",
    .gguf = "starcoder",
    .causal = true,
    TABLES,
};
