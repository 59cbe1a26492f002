/* SPDX-License-Identifier: MIT */
/*
 * arcee.c: Arcee Foundation Models (2025): Llama with an MLP of a squared ReLU without a
 * gate.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"arcee", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("0"),
    KEY("head_dim",       JC_KEY_U32,  head_width, "0"),
    KEY("hidden_act",     JC_KEY_ACT,  act, "relu2"),
    KEY("rms_norm_eps",   JC_KEY_REAL, eps, "1e-5"),
    KEY("attention_bias", JC_KEY_BOOL, attention_bias, "false"),
    KEY("mlp_bias",       JC_KEY_BOOL, mlp_bias, "false"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,  "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),
    MATRIX(JC_W_UP,   "layers.%u.mlp.up_proj", FF, WIDTH, 0),
    BIAS(JC_W_UP,   "layers.%u.mlp.up_proj", FF, JC_WEIGHT_IF_MLP_BIAS),
    MATRIX(JC_W_DOWN, "layers.%u.mlp.down_proj", WIDTH, FF, 0),
    BIAS(JC_W_DOWN, "layers.%u.mlp.down_proj", WIDTH, JC_WEIGHT_IF_MLP_BIAS),
};
/* clang-format on */

const jc_arch jc_arch_arcee = {
    .name = "arcee",
    .about = "Arcee Foundation (2025): Llama with a squared ReLU",
    .prefix = "model.",
    .gguf = "arcee",
    .gguf_pairs = true,
    .causal = true,
    .norm = JC_NORM_RMS,
    TABLES,
};
