/* SPDX-License-Identifier: MIT */
/*
 * nemotron.c: Nemotron and Minitron (NVIDIA 2024): LayerNorm whose weight is stored less
 * one, rotary positions on half of each head, an MLP of a squared ReLU without a gate.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"nemotron", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_BODY_KEYS("0"),
    KEY("head_dim",       JC_KEY_U32,  head_width, "0"),
    ROTARY_PART_KEY("partial_rotary_factor|rope_percent|rope_percentage", "0.5"),
    KEY("hidden_act",     JC_KEY_ACT,  act, "relu2"),
    KEY("norm_eps|layer_norm_eps", JC_KEY_REAL, eps, "1e-5"),
    KEY("attention_bias", JC_KEY_BOOL, attention_bias, "false"),
    KEY("mlp_bias",       JC_KEY_BOOL, mlp_bias, "false"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS, "embed_tokens.weight", VOCAB),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, JC_WEIGHT_PLUS_ONE),
    BIAS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,  "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, JC_WEIGHT_PLUS_ONE),
    BIAS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),
    MATRIX(JC_W_UP,   "layers.%u.mlp.up_proj", FF, WIDTH, 0),
    BIAS(JC_W_UP,     "layers.%u.mlp.up_proj", FF, JC_WEIGHT_IF_MLP_BIAS),
    MATRIX(JC_W_DOWN, "layers.%u.mlp.down_proj", WIDTH, FF, 0),
    BIAS(JC_W_DOWN,   "layers.%u.mlp.down_proj", WIDTH, JC_WEIGHT_IF_MLP_BIAS),
    RMS(JC_W_FINAL, "norm", WIDTH, JC_WEIGHT_PLUS_ONE),
    BIAS(JC_W_FINAL, "norm", WIDTH, 0),
    {JC_W_HEAD, "lm_head.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED},
};
/* clang-format on */

const jc_arch jc_arch_nemotron = {
    .name = "nemotron",
    .about = "Nemotron 3 and Minitron (2024): squared ReLU",
    .prefix = "model.",
    .gguf = "nemotron",
    .causal = true,
    TABLES,
};
