/* SPDX-License-Identifier: MIT */
/*
 * gptj.c: GPT-J (Wang and Komatsuzaki 2021): rotary positions that turn neighbours in a
 * part of each head, both halves of a block of one norm of its input, and an unembedding
 * with a bias.
 */
#include "model/arch/rows.h"

static const char *const model_types[] = {"gptj", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("n_layer",             JC_KEY_U32,    layers,    NULL),
    KEY("n_embd",              JC_KEY_U32,    width,     NULL),
    KEY("n_head",              JC_KEY_U32,    heads,     NULL),
    KEY("n_inner",             JC_KEY_U32,    ff_width,  "0"), /* 0: 4 x width */
    KEY("n_positions",         JC_KEY_U32,    positions, NULL),
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
    MATRIX(JC_W_QKV,    "h.%u.attn.q_proj", WIDTH, WIDTH, 0),
    MATRIX(JC_W_QKV,    "h.%u.attn.k_proj", WIDTH, WIDTH, 0),
    MATRIX(JC_W_QKV,    "h.%u.attn.v_proj", WIDTH, WIDTH, 0),
    MATRIX(JC_W_OUT,    "h.%u.attn.out_proj", WIDTH, WIDTH, 0),
    LINEAR(JC_W_UP,     "h.%u.mlp.fc_in", FF, WIDTH, 0),
    LINEAR(JC_W_DOWN,   "h.%u.mlp.fc_out", WIDTH, FF, 0),
    NORM(JC_W_FINAL,    "ln_f", 0),
    LINEAR(JC_W_HEAD,   "lm_head", VOCAB, WIDTH, 0),
};
/* clang-format on */

const jc_arch jc_arch_gptj = {
    .name = "gptj",
    .about = "GPT-J (2021): parallel halves with one norm",
    .model_types = model_types,
    .prefix = "transformer.",
    .causal = true,
    .keys = keys,
    .n_keys = JC_COUNT(keys),
    .weights = weights,
    .n_weights = JC_COUNT(weights),
};
