/* SPDX-License-Identifier: MIT */
/*
 * exaone4.c: EXAONE 4 (LG AI Research 2025): a norm of what each half of a block adds
 * and none before it, norms of each head of queries and keys; the large one has a window
 * in three blocks of four, and rotary positions in these only.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"exaone4", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("0"),
    KEY("head_dim",       JC_KEY_U32,    head_width, "0"),
    KEY("hidden_act",     JC_KEY_ACT,    act, "silu"),
    KEY("rms_norm_eps",   JC_KEY_REAL,   eps, "1e-5"),
    KEY("sliding_window", JC_KEY_LIMIT,  window, "4096"),
    KEY(NULL,             JC_KEY_U32,    window_except, "4"),
    KEY("layer_types",    JC_KEY_LAYERS, windowed, NULL),
    KEY(NULL,             JC_KEY_BOOL,   rotary_windowed, "true"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    LLAMA_ATTENTION,
    RMS(JC_W_Q_NORM,      "layers.%u.self_attn.q_norm", HEAD, 0),
    RMS(JC_W_K_NORM,      "layers.%u.self_attn.k_norm", HEAD, 0),
    RMS(JC_W_NORM1_AFTER, "layers.%u.post_attention_layernorm", WIDTH, 0),
    LLAMA_MLP,
    RMS(JC_W_NORM2_AFTER, "layers.%u.post_feedforward_layernorm", WIDTH, 0),
};
/* clang-format on */

const jc_arch jc_arch_exaone4 = {
    .name = "exaone4",
    .about = "EXAONE 4 (2025): norms after the halves, windows in three of four",
    .prefix = "model.",
    .gguf = "exaone4",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
