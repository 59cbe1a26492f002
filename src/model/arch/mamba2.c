/* SPDX-License-Identifier: MIT */
/*
 * mamba2.c: Mamba 2 (Dao and Gu 2024): a state space with one decay per head; blocks
 * without an MLP.
 */
#include "model/arch/mamba2.h"

static const char *const model_types[] = {"mamba2", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("num_hidden_layers",  JC_KEY_U32,  layers, NULL),
    KEY("hidden_size",        JC_KEY_U32,  width, NULL),
    KEY("num_heads",          JC_KEY_U32,  heads, NULL),
    KEY("num_heads",          JC_KEY_U32,  scan_heads, NULL),
    KEY(NULL,                 JC_KEY_U32,  kv_heads, "1"),
    KEY("head_dim|ssm_head_dim", JC_KEY_U32, scan_width, "0"),
    KEY("expand",             JC_KEY_U32,  scan_times, "2"),
    KEY("state_size",         JC_KEY_U32,  scan_keys, "128"),
    KEY("n_groups",           JC_KEY_U32,  scan_groups, "8"),
    KEY("max_position_embeddings", JC_KEY_U32, positions, "1048576"),
    KEY("vocab_size",         JC_KEY_U32,  vocab, NULL),
    KEY("tie_word_embeddings", JC_KEY_BOOL, tied, "true"),
    KEY("layer_norm_epsilon|layer_norm_eps|rms_norm_eps", JC_KEY_REAL, eps, "1e-5"),
    KEY("conv_kernel",        JC_KEY_U32,  conv_tokens, "4"),
    KEY("use_conv_bias",      JC_KEY_BOOL, conv_bias, "true"),
    KEY("use_bias",           JC_KEY_BOOL, mlp_bias, "false"),
    KEY("time_step_limit.0",  JC_KEY_REAL, step_least, "0"),
    KEY("time_step_limit.1",  JC_KEY_LIMIT_REAL, step_most, "1e300"),
    KEY(NULL,                 JC_KEY_BOOL, conv_all, "true"),
    KEY(NULL,                 JC_KEY_BOOL, no_mlp, "true"),
    KEY(NULL,                 JC_KEY_ACT,  act, "silu"),
    FIXED("hidden_act", "silu"),
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS, "embeddings.weight|embedding.weight", VOCAB),
    RMS(JC_W_FINAL, "norm_f", WIDTH, 0),
    {JC_W_HEAD, "lm_head.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED},
    RMS(JC_W_NORM1, "layers.%u.norm", WIDTH, 0),
    MAMBA2_WEIGHTS("layers.%u.mixer"),
};
/* clang-format on */

const jc_arch jc_arch_mamba2 = {
    .name = "mamba2",
    .about = "Mamba 2 (2024): a recurrence in the place of attention, no MLP",
    .prefix = "backbone.",
    .gguf = "mamba2",
    .causal = true,
    .norm = JC_NORM_RMS,
    .scan = JC_SCAN_SPACE,
    TABLES,
};
