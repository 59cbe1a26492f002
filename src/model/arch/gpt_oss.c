/* SPDX-License-Identifier: MIT */
/*
 * gpt_oss.c: gpt-oss (OpenAI 2025): a mixture of experts with biases and a clamped gate,
 * a sink for each head, a window in every other block.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"gpt_oss", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("8"),
    KEY(SCALING("truncate"),   JC_KEY_BOOL,   rotary.truncate, "false"),
    KEY("head_dim",            JC_KEY_U32,    head_width, "64"),
    KEY("hidden_act",          JC_KEY_ACT,    act, "silu"),
    KEY("rms_norm_eps",        JC_KEY_REAL,   eps, "1e-5"),
    KEY("attention_bias",      JC_KEY_BOOL,   attention_bias, "true"),
    KEY("sliding_window",      JC_KEY_LIMIT,  window, "128"),
    KEY(NULL,                  JC_KEY_U32,    window_except, "2"),
    KEY("layer_types",         JC_KEY_LAYERS, windowed, NULL),
    KEY("num_local_experts|num_experts", JC_KEY_U32, experts, "128"),
    KEY("num_experts_per_tok|experts_per_token", JC_KEY_U32, experts_used, "4"),
    KEY("swiglu_limit",        JC_KEY_REAL,   gate_limit, "7"),
    KEY(NULL,                  JC_KEY_BOOL,   shares_chosen, "true"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,  "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    {JC_W_SINKS, "layers.%u.self_attn.sinks", {JC_DIM_HEADS}, 0},
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),
    LINEAR(JC_W_ROUTER,      "layers.%u.mlp.router", EXPERTS, WIDTH, 0),
    {JC_W_EXPERT_UP,        "layers.%u.mlp.experts.gate_up_proj", {JC_DIM_EXPERT_GATED, JC_DIM_WIDTH}, JC_WEIGHT_IN_OUT | JC_WEIGHT_PAIRED},
    {JC_W_EXPERT_UP_BIAS,   "layers.%u.mlp.experts.gate_up_proj_bias", {JC_DIM_EXPERT_GATED}, JC_WEIGHT_PAIRED},
    {JC_W_EXPERT_DOWN,      "layers.%u.mlp.experts.down_proj", {JC_DIM_WIDTH, JC_DIM_EXPERT}, JC_WEIGHT_IN_OUT},
    {JC_W_EXPERT_DOWN_BIAS, "layers.%u.mlp.experts.down_proj_bias", {JC_DIM_WIDTH}, 0},
};
/* clang-format on */

const jc_arch jc_arch_gpt_oss = {
    .name = "gpt_oss",
    .about =
        "gpt-oss (2025): experts with a clamped gate, sinks, windows in every other block",
    .prefix = "model.",
    .gguf = "gpt-oss",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
