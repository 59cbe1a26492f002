/* SPDX-License-Identifier: MIT */
/* exaone.c: EXAONE 3 and 3.5 (LG AI Research 2024): Llama under names like GPT-2's. */
#include "model/arch/llama.h"

static const char *const model_types[] = {"exaone", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("num_layers|num_hidden_layers",              JC_KEY_U32,   layers,    NULL),
    KEY("hidden_size",             JC_KEY_U32,   width,     NULL),
    KEY("num_attention_heads",     JC_KEY_U32,   heads,     NULL),
    KEY("num_key_value_heads",     JC_KEY_LIMIT, kv_heads,  "0"),
    KEY("head_dim",                JC_KEY_U32,   head_width, "0"),
    KEY("intermediate_size",       JC_KEY_U32,   ff_width,  NULL),
    KEY("max_position_embeddings", JC_KEY_U32,   positions, NULL),
    KEY("vocab_size",              JC_KEY_U32,   vocab,     NULL),
    KEY("layer_norm_epsilon|rms_norm_eps",      JC_KEY_REAL,  eps,       "1e-5"),
    KEY("activation_function|hidden_act", JC_KEY_ACT, act,  "silu"),
    KEY("attention_bias",          JC_KEY_BOOL,  attention_bias, "false"),
    KEY("mlp_bias",                JC_KEY_BOOL,  mlp_bias,  "false"),
    KEY("tie_word_embeddings",     JC_KEY_BOOL,  tied,      "true"),
    ROTARY_KEYS("rope_theta"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS, "wte.weight", VOCAB),
    RMS(JC_W_NORM1,   "h.%u.ln_1", WIDTH, 0),
    MATRIX(JC_W_QKV,  "h.%u.attn.attention.q_proj", Q, WIDTH, 0),
    BIAS(JC_W_QKV, "h.%u.attn.attention.q_proj", Q, JC_WEIGHT_IF_ATTENTION_BIAS),
    MATRIX(JC_W_QKV,  "h.%u.attn.attention.k_proj", KV, WIDTH, 0),
    BIAS(JC_W_QKV, "h.%u.attn.attention.k_proj", KV, JC_WEIGHT_IF_ATTENTION_BIAS),
    MATRIX(JC_W_QKV,  "h.%u.attn.attention.v_proj", KV, WIDTH, 0),
    BIAS(JC_W_QKV, "h.%u.attn.attention.v_proj", KV, JC_WEIGHT_IF_ATTENTION_BIAS),
    MATRIX(JC_W_OUT,  "h.%u.attn.attention.out_proj", WIDTH, Q, 0),
    BIAS(JC_W_OUT, "h.%u.attn.attention.out_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    RMS(JC_W_NORM2,   "h.%u.ln_2", WIDTH, 0),
    MATRIX(JC_W_UP,   "h.%u.mlp.c_fc_0", FF, WIDTH, 0),
    BIAS(JC_W_UP, "h.%u.mlp.c_fc_0", FF, JC_WEIGHT_IF_MLP_BIAS),
    MATRIX(JC_W_UP,   "h.%u.mlp.c_fc_1", FF, WIDTH, 0),
    BIAS(JC_W_UP, "h.%u.mlp.c_fc_1", FF, JC_WEIGHT_IF_MLP_BIAS),
    MATRIX(JC_W_DOWN, "h.%u.mlp.c_proj", WIDTH, FF, 0),
    BIAS(JC_W_DOWN, "h.%u.mlp.c_proj", WIDTH, JC_WEIGHT_IF_MLP_BIAS),
    RMS(JC_W_FINAL,   "ln_f", WIDTH, 0),
    {JC_W_HEAD, "lm_head.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED},
};
/* clang-format on */

const jc_arch jc_arch_exaone = {
    .name = "exaone",
    .about = "EXAONE 3 (2024): Llama under the names of GPT-2",
    .prefix = "transformer.",
    .gguf = "exaone",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
