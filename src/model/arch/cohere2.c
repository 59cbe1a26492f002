/* SPDX-License-Identifier: MIT */
/*
 * cohere2.c: Command R7B and Command A (Cohere 2024): three blocks of four have a window
 * and rotary positions, the fourth sees everything and has none.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"cohere2", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("0"),
    KEY("layer_norm_eps", JC_KEY_REAL, eps, "1e-5"),
    KEY("hidden_act",     JC_KEY_ACT,  act, "silu"),
    KEY("attention_bias", JC_KEY_BOOL, attention_bias, "false"),
    KEY("logit_scale",    JC_KEY_REAL, logit_scale, "0.0625"),
    KEY(NULL,             JC_KEY_BOOL, parallel, "true"),
    KEY(NULL,             JC_KEY_BOOL, rotary.interleaved, "true"),
    KEY("head_dim",       JC_KEY_U32,  head_width, "0"),
    KEY("sliding_window", JC_KEY_LIMIT, window, "4096"),
    KEY("sliding_window_pattern", JC_KEY_U32, window_except, "4"),
    KEY("layer_types",    JC_KEY_LAYERS, windowed, NULL),
    KEY(NULL,             JC_KEY_BOOL, rotary_windowed, "true"),
    FIXED("use_qk_norm", "false"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS, "embed_tokens.weight", VOCAB),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,  "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    LLAMA_MLP,
    RMS(JC_W_FINAL, "norm", WIDTH, 0),
    {JC_W_HEAD, "lm_head.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED},
};
/* clang-format on */

const jc_arch jc_arch_cohere2 = {
    .name = "cohere2",
    .about = "Command R7B and A (2024): positions only in blocks with a window",
    .prefix = "model.",
    .gguf = "cohere2",
    .causal = true,
    .gated = true,
    TABLES,
};
