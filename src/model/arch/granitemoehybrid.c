/* SPDX-License-Identifier: MIT */
/*
 * granitemoehybrid.c: Granite 4 (2025): Mamba 2 in most blocks and attention in the others,
 * without positions; a mixture of experts beside an MLP that all tokens take, or that
 * alone.
 */
#include "model/arch/mamba2.h"

static const char *const model_types[] = {"granitemoehybrid", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("num_hidden_layers",       JC_KEY_U32,  layers,    NULL),
    KEY("hidden_size",             JC_KEY_U32,  width,     NULL),
    KEY("num_attention_heads",     JC_KEY_U32,  heads,     NULL),
    KEY("num_key_value_heads",     JC_KEY_LIMIT, kv_heads, "0"),
    KEY("head_dim",                JC_KEY_U32,  head_width, "0"),
    KEY("max_position_embeddings", JC_KEY_U32,  positions, NULL),
    KEY("vocab_size",              JC_KEY_U32,  vocab,     NULL),
    KEY("tie_word_embeddings",     JC_KEY_BOOL, tied,      "true"),
    ROTARY_KEYS("rope_theta"),
    KEY("position_embedding_type", JC_KEY_ROTARY, rotary.type, "nope"),
    GRANITE_KEYS,
    KEY("shared_intermediate_size", JC_KEY_U32, ff_width,  "1024"),
    KEY("shared_intermediate_size", JC_KEY_U32, shared_width, "1024"),
    KEY("intermediate_size",       JC_KEY_U32,  expert_width, "0"),
    KEY("num_local_experts|num_experts", JC_KEY_LIMIT, experts, "8"),
    KEY("num_experts_per_tok",     JC_KEY_U32,  experts_used, "2"),
    KEY(NULL,                      JC_KEY_BOOL, shares_chosen, "true"),
    KEY("layer_types|layers_block_type", JC_KEY_CONVS, conv, NULL),
    KEY("mamba_n_heads",           JC_KEY_U32,  scan_heads, "128"),
    KEY("mamba_d_head",            JC_KEY_U32,  scan_width, "0"),
    KEY("mamba_expand",            JC_KEY_U32,  scan_times, "2"),
    KEY("mamba_d_state",           JC_KEY_U32,  scan_keys, "256"),
    KEY("mamba_n_groups",          JC_KEY_U32,  scan_groups, "1"),
    KEY("mamba_d_conv",            JC_KEY_U32,  conv_tokens, "4"),
    KEY("mamba_conv_bias",         JC_KEY_BOOL, conv_bias, "true"),
    KEY("mamba_proj_bias",         JC_KEY_BOOL, mlp_bias, "false"),
    KEY("time_step_limit.0",       JC_KEY_REAL, step_least, "0"),
    KEY("time_step_limit.1",       JC_KEY_LIMIT_REAL, step_most, "1e300"),
    FIXED("hidden_act", "silu"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,  "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    MAMBA2_WEIGHTS("layers.%u.mamba"),
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),
    MATRIX(JC_W_UP,          "layers.%u.shared_mlp.input_linear", GATED, WIDTH, 0),
    MATRIX(JC_W_DOWN,        "layers.%u.shared_mlp.output_linear", WIDTH, FF, 0),
    MATRIX(JC_W_ROUTER,      "layers.%u.block_sparse_moe.router.layer", EXPERTS, WIDTH, 0),
    MATRIX(JC_W_SHARED_UP,   "layers.%u.shared_mlp.input_linear", SHARED_GATED, WIDTH, 0),
    MATRIX(JC_W_SHARED_DOWN, "layers.%u.shared_mlp.output_linear", WIDTH, SHARED, 0),
    MATRIX(JC_W_EXPERT_UP,   "layers.%u.block_sparse_moe.input_linear", EXPERT_GATED, WIDTH, 0),
    MATRIX(JC_W_EXPERT_DOWN, "layers.%u.block_sparse_moe.output_linear", WIDTH, EXPERT, 0),
};
/* clang-format on */

const jc_arch jc_arch_granitemoehybrid = {
    .name = "granitemoehybrid",
    .about = "Granite 4 (2025): Mamba 2 in most blocks, attention in the others",
    .prefix = "model.",
    .gguf = "granitehybrid",
    .gguf_pairs = true,
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    .scan = JC_SCAN_SPACE,
    TABLES,
};
