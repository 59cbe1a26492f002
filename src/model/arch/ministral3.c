/* SPDX-License-Identifier: MIT */
/*
 * ministral3.c: Ministral 3 (2025): Mistral with YaRN. Queries grow with their positions
 * from its trained length on.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"ministral3", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("8"),
    KEY("head_dim",       JC_KEY_U32,   head_width, "128"),
    KEY("hidden_act",     JC_KEY_ACT,   act, "silu"),
    KEY("rms_norm_eps",   JC_KEY_REAL,  eps, "1e-5"),
    KEY("sliding_window", JC_KEY_LIMIT, window, "0"),
    KEY(SCALING("llama_4_scaling_beta"), JC_KEY_CAP, query_log_scale, "0"),
    KEY(SCALING("original_max_position_embeddings"), JC_KEY_REAL, query_log_every, "0"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),
    LLAMA_MLP,
};
/* clang-format on */

const jc_arch jc_arch_ministral3 = {
    .name = "ministral3",
    .about = "Ministral 3 (2025): Mistral with YaRN",
    .prefix = "model.",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
