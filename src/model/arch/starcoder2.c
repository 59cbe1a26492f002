/* SPDX-License-Identifier: MIT */
/*
 * starcoder2.c: StarCoder 2 (Lozhkov et al. 2024): rotary positions, shared keys and
 * values, LayerNorm, an MLP without a gate, biases everywhere, a window in all blocks.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"starcoder2", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("2"),
    KEY("hidden_act",     JC_KEY_ACT,   act, "gelu_pytorch_tanh"),
    KEY("norm_epsilon|layer_norm_epsilon", JC_KEY_REAL, eps, "1e-5"),
    KEY("use_bias|attention_bias", JC_KEY_BOOL, attention_bias, "true"),
    KEY("use_bias|mlp_bias", JC_KEY_BOOL, mlp_bias, "true"),
    KEY("sliding_window", JC_KEY_LIMIT, window, "0"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS, "embed_tokens.weight", VOCAB),
    NORM(JC_W_NORM1,  "layers.%u.input_layernorm", 0),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,  "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    NORM(JC_W_NORM2,  "layers.%u.post_attention_layernorm", 0),
    MATRIX(JC_W_UP,   "layers.%u.mlp.c_fc", FF, WIDTH, 0),
    BIAS(JC_W_UP,     "layers.%u.mlp.c_fc", FF, JC_WEIGHT_IF_MLP_BIAS),
    MATRIX(JC_W_DOWN, "layers.%u.mlp.c_proj", WIDTH, FF, 0),
    BIAS(JC_W_DOWN,   "layers.%u.mlp.c_proj", WIDTH, JC_WEIGHT_IF_MLP_BIAS),
    NORM(JC_W_FINAL,  "norm", 0),
    {JC_W_HEAD, "lm_head.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED},
};
/* clang-format on */

const jc_arch jc_arch_starcoder2 = {
    .name = "starcoder2",
    .about = "StarCoder 2 (2024): LayerNorm, biases, windows",
    .prefix = "model.",
    .gguf = "starcoder2",
    .causal = true,
    TABLES,
};
