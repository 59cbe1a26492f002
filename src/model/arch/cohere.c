/* SPDX-License-Identifier: MIT */
/*
 * cohere.c: Command R and Aya (Cohere 2024): both halves of a block of one LayerNorm
 * without a bias, rotary positions that turn neighbours, logits that are scaled.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"cohere", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("0"),
    KEY("layer_norm_eps", JC_KEY_REAL, eps, "1e-5"),
    KEY("hidden_act",     JC_KEY_ACT,  act, "silu"),
    KEY("attention_bias", JC_KEY_BOOL, attention_bias, "false"),
    KEY("logit_scale",    JC_KEY_REAL, logit_scale, "0.0625"),
    KEY(NULL,             JC_KEY_BOOL, parallel, "true"),
    KEY(NULL,             JC_KEY_BOOL, rotary.interleaved, "true"),
    KEY("use_qk_norm",    JC_KEY_BOOL, qk_norm, "false"), /* Command R+ */
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS, "embed_tokens.weight", VOCAB),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    RMS(JC_W_Q_NORM, "layers.%u.self_attn.q_norm", HEAD, JC_WEIGHT_IF_QK_NORM | JC_WEIGHT_EACH_HEAD),
    RMS(JC_W_K_NORM, "layers.%u.self_attn.k_norm", HEAD, JC_WEIGHT_IF_QK_NORM | JC_WEIGHT_EACH_HEAD),
    BIAS(JC_W_OUT,  "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    LLAMA_MLP,
    RMS(JC_W_FINAL, "norm", WIDTH, 0),
    {JC_W_HEAD, "lm_head.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED},
};
/* clang-format on */

const jc_arch jc_arch_cohere = {
    .name = "cohere",
    .about = "Command R (2024): parallel halves, LayerNorm without bias",
    .prefix = "model.",
    .gguf = "command-r",
    .causal = true,
    .gated = true,
    TABLES,
};
