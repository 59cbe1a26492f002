/* SPDX-License-Identifier: MIT */
/*
 * olmo.c: OLMo (Groeneveld et al. 2024): Llama with a LayerNorm that has neither weight
 * nor bias.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"olmo", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("0"),
    KEY("hidden_act",     JC_KEY_ACT,  act, "silu"),
    KEY("attention_bias", JC_KEY_BOOL, attention_bias, "false"),
    KEY(NULL,             JC_KEY_REAL, eps, "1e-5"),
    KEY("clip_qkv",       JC_KEY_CAP,  clip, "0"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS, "embed_tokens.weight", VOCAB),
    ONES(JC_W_NORM1, WIDTH),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,  "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    ONES(JC_W_NORM2, WIDTH),
    LLAMA_MLP,
    ONES(JC_W_FINAL, WIDTH),
    {JC_W_HEAD, "lm_head.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED},
};
/* clang-format on */

const jc_arch jc_arch_olmo = {
    .name = "olmo",
    .about = "OLMo (2024): Llama with norms that have no weights",
    .prefix = "model.",
    .gguf = "olmo",
    .gguf_pairs = true,
    .causal = true,
    .gated = true,
    TABLES,
};
