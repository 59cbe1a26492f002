/* SPDX-License-Identifier: MIT */
/*
 * mistral.c: Mistral 7B (Jiang et al. 2023): Llama without biases, with a sliding window in
 * every block; later releases set the window to null, for none.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"mistral", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("8"),
    KEY("head_dim",       JC_KEY_U32,   head_width, "0"),
    KEY("hidden_act",     JC_KEY_ACT,   act, "silu"),
    KEY("rms_norm_eps",   JC_KEY_REAL,  eps, "1e-6"),
    KEY("sliding_window", JC_KEY_LIMIT, window, "4096"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),
    LLAMA_MLP,
};
/* clang-format on */

const jc_arch jc_arch_mistral = {
    .name = "mistral",
    .about = "Mistral 7B and its kin (2023): Llama with a window",
    .model_types = model_types,
    .prefix = "model.",
    .gguf = "mistral",
    .gguf_pairs = true,
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    .keys = keys,
    .n_keys = JC_COUNT(keys),
    .weights = weights,
    .n_weights = JC_COUNT(weights),
};
