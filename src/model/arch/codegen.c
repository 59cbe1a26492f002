/* SPDX-License-Identifier: MIT */
/*
 * codegen.c: CodeGen (Nijkamp et al. 2022): GPT-J whose queries, values and keys are stored
 * by fourths, as the four machines had them that it was trained on.
 */
#include "model/arch/rows.h"

static const char *const model_types[] = {"codegen", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("n_layer",             JC_KEY_U32,    layers,    NULL),
    KEY("n_embd",              JC_KEY_U32,    width,     NULL),
    KEY("n_head",              JC_KEY_U32,    heads,     NULL),
    KEY("n_inner",             JC_KEY_LIMIT,  ff_width,  "0"), /* 0: 4 x width */
    KEY("n_positions|n_ctx",   JC_KEY_U32,    positions, NULL),
    KEY("vocab_size",          JC_KEY_U32,    vocab,     NULL),
    KEY("rotary_dim",          JC_KEY_LIMIT,  rotary.turned, "64"),
    KEY("layer_norm_epsilon",  JC_KEY_REAL,   eps,       "1e-5"),
    KEY("activation_function", JC_KEY_ACT,    act,       "gelu_new"),
    FIXED("tie_word_embeddings", "false"),
    KEY(NULL,                  JC_KEY_BOOL,   tied,      "false"),
    KEY(NULL,                  JC_KEY_BOOL,   parallel,  "true"),
    KEY(NULL,                  JC_KEY_ROTARY, rotary.type, "default"),
    KEY(NULL,                  JC_KEY_REAL,   rotary.theta, "10000"),
    KEY(NULL,                  JC_KEY_BOOL,   rotary.interleaved, "true"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS,  "wte.weight", VOCAB),
    NORM(JC_W_NORM1,    "h.%u.ln_1", 0),
    MATRIX(JC_W_QKV,    "h.%u.attn.qkv_proj", QKV, WIDTH, JC_WEIGHT_FOURTHS),
    MATRIX(JC_W_OUT,    "h.%u.attn.out_proj", WIDTH, WIDTH, 0),
    LINEAR(JC_W_UP,     "h.%u.mlp.fc_in", FF, WIDTH, 0),
    LINEAR(JC_W_DOWN,   "h.%u.mlp.fc_out", WIDTH, FF, 0),
    NORM(JC_W_FINAL,    "ln_f", 0),
    LINEAR(JC_W_HEAD,   "lm_head", VOCAB, WIDTH, 0),
};
/* clang-format on */

const jc_arch jc_arch_codegen = {
    .name = "codegen",
    .about = "CodeGen (2022): GPT-J with another order of queries, keys and values",
    .prefix = "transformer.",
    .causal = true,
    TABLES,
};
