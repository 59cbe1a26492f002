/* SPDX-License-Identifier: MIT */
/*
 * gpt_neo.c: GPT-Neo (Black et al. 2021): GPT-2 with a window in some blocks, as a rule
 * every other, scores that are not scaled, and queries, keys and values without biases.
 */
#include "model/arch/rows.h"

static const char *const model_types[] = {"gpt_neo", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("num_layers",              JC_KEY_U32,    layers,    NULL),
    KEY("hidden_size",             JC_KEY_U32,    width,     NULL),
    KEY("num_heads",               JC_KEY_U32,    heads,     NULL),
    KEY("intermediate_size",       JC_KEY_U32,    ff_width,  "0"), /* 0: 4 x width */
    KEY("max_position_embeddings", JC_KEY_U32,    positions, NULL),
    KEY("vocab_size",              JC_KEY_U32,    vocab,     NULL),
    KEY("layer_norm_epsilon",      JC_KEY_REAL,   eps,       "1e-5"),
    KEY("activation_function",     JC_KEY_ACT,    act,       "gelu_new"),
    KEY("tie_word_embeddings",     JC_KEY_BOOL,   tied,      "true"),
    KEY("window_size",             JC_KEY_U32,    window,    "256"),
    KEY("attention_types",         JC_KEY_REPEAT, windowed,  NULL),
    KEY(NULL,                      JC_KEY_U32,    window_from,  "1"), /* without that list */
    KEY(NULL,                      JC_KEY_U32,    window_every, "2"),
    KEY(NULL,                      JC_KEY_BOOL,   scale_attention, "false"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS,    "wte.weight", VOCAB),
    TABLE(JC_W_POSITIONS, "wpe.weight", POSITIONS),
    NORM(JC_W_NORM1,      "h.%u.ln_1", 0),
    MATRIX(JC_W_QKV,      "h.%u.attn.attention.q_proj", WIDTH, WIDTH, 0),
    MATRIX(JC_W_QKV,      "h.%u.attn.attention.k_proj", WIDTH, WIDTH, 0),
    MATRIX(JC_W_QKV,      "h.%u.attn.attention.v_proj", WIDTH, WIDTH, 0),
    LINEAR(JC_W_OUT,      "h.%u.attn.attention.out_proj", WIDTH, WIDTH, 0),
    NORM(JC_W_NORM2,      "h.%u.ln_2", 0),
    LINEAR(JC_W_UP,       "h.%u.mlp.c_fc", FF, WIDTH, 0),
    LINEAR(JC_W_DOWN,     "h.%u.mlp.c_proj", WIDTH, FF, 0),
    NORM(JC_W_FINAL,      "ln_f", 0),
    {JC_W_HEAD, "lm_head.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED},
};
/* clang-format on */

const jc_arch jc_arch_gpt_neo = {
    .name = "gpt_neo",
    .about = "GPT-Neo (2021): GPT-2 with windows in every other block",
    .model_types = model_types,
    .prefix = "transformer.",
    .causal = true,
    .keys = keys,
    .n_keys = JC_COUNT(keys),
    .weights = weights,
    .n_weights = JC_COUNT(weights),
};
