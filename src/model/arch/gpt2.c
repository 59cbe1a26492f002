/* SPDX-License-Identifier: MIT */
/*
 * gpt2.c: GPT-2 (Radford et al. 2019), the decoder of the shortcut paper.
 *
 * Learned positions, LayerNorm with bias before each half of the block and after the last
 * block, plain MLP, head tied to the token embedding. Linear layers are stored as Conv1D,
 * that is [in, out].
 */
#include "model/arch/rows.h"

static const char *const model_types[] = {"gpt2", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("n_layer",             JC_KEY_U32,  layers,    NULL),
    KEY("n_embd",              JC_KEY_U32,  width,     NULL),
    KEY("n_head",              JC_KEY_U32,  heads,     NULL),
    KEY("n_inner",             JC_KEY_U32,  ff_width,  "0"), /* 0: 4 x width */
    KEY("n_positions|n_ctx",   JC_KEY_U32,  positions, NULL),
    KEY("vocab_size",          JC_KEY_U32,  vocab,     NULL),
    KEY("layer_norm_epsilon",  JC_KEY_REAL, eps,       "1e-5"),
    KEY("activation_function", JC_KEY_ACT,  act,       "gelu_new"),
    KEY("scale_attn_weights",  JC_KEY_BOOL, scale_attention, "true"),
    KEY("scale_attn_by_inverse_layer_idx", JC_KEY_BOOL, scale_attention_by_layer, "false"),
};

static const jc_weight_row weights[] = {
    {JC_W_TOKENS,     "wte.weight",              {JC_DIM_VOCAB,     JC_DIM_WIDTH}, 0},
    {JC_W_POSITIONS,  "wpe.weight",              {JC_DIM_POSITIONS, JC_DIM_WIDTH}, 0},
    {JC_W_NORM1,      "h.%u.ln_1.weight",        {JC_DIM_WIDTH},                   0},
    {JC_W_NORM1_BIAS, "h.%u.ln_1.bias",          {JC_DIM_WIDTH},                   0},
    {JC_W_QKV,        "h.%u.attn.c_attn.weight", {JC_DIM_QKV,       JC_DIM_WIDTH}, JC_WEIGHT_IN_OUT},
    {JC_W_QKV_BIAS,   "h.%u.attn.c_attn.bias",   {JC_DIM_QKV},                     0},
    {JC_W_OUT,        "h.%u.attn.c_proj.weight", {JC_DIM_WIDTH,     JC_DIM_WIDTH}, JC_WEIGHT_IN_OUT},
    {JC_W_OUT_BIAS,   "h.%u.attn.c_proj.bias",   {JC_DIM_WIDTH},                   0},
    {JC_W_NORM2,      "h.%u.ln_2.weight",        {JC_DIM_WIDTH},                   0},
    {JC_W_NORM2_BIAS, "h.%u.ln_2.bias",          {JC_DIM_WIDTH},                   0},
    {JC_W_UP,         "h.%u.mlp.c_fc.weight",    {JC_DIM_FF,        JC_DIM_WIDTH}, JC_WEIGHT_IN_OUT},
    {JC_W_UP_BIAS,    "h.%u.mlp.c_fc.bias",      {JC_DIM_FF},                      0},
    {JC_W_DOWN,       "h.%u.mlp.c_proj.weight",  {JC_DIM_WIDTH,     JC_DIM_FF},    JC_WEIGHT_IN_OUT},
    {JC_W_DOWN_BIAS,  "h.%u.mlp.c_proj.bias",    {JC_DIM_WIDTH},                   0},
    {JC_W_FINAL,      "ln_f.weight",             {JC_DIM_WIDTH},                   0},
    {JC_W_FINAL_BIAS, "ln_f.bias",               {JC_DIM_WIDTH},                   0},
    {JC_W_HEAD,       "lm_head.weight",          {JC_DIM_VOCAB,     JC_DIM_WIDTH}, JC_WEIGHT_TIED},
};
/* clang-format on */

const jc_arch jc_arch_gpt2 = {
    .name = "gpt2",
    .about = "GPT-2 (2019): the decoder of the shortcut paper",
    .model_types = model_types,
    .prefix = "transformer.",
    .gguf = "gpt2",
    .causal = true,
    .keys = keys,
    .n_keys = JC_COUNT(keys),
    .weights = weights,
    .n_weights = JC_COUNT(weights),
};
