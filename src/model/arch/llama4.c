/* SPDX-License-Identifier: MIT */
/*
 * llama4.c: Llama 4 (2025), the text model: experts in every block or every other one, a
 * token takes one of them and an MLP for all tokens; its share multiplies what the expert
 * reads. In three blocks of four attention stays within pieces of a text and queries and
 * keys are normed behind their rotary positions; in the fourth there are no positions, and
 * queries grow with the length of the text.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"llama4_text", "llama4", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    KEY("num_hidden_layers",       JC_KEY_U32,    layers,    NULL),
    KEY("hidden_size",             JC_KEY_U32,    width,     NULL),
    KEY("num_attention_heads",     JC_KEY_U32,    heads,     "40"),
    KEY("num_key_value_heads",     JC_KEY_LIMIT,  kv_heads,  "8"),
    KEY("head_dim",                JC_KEY_LIMIT,  head_width, "128"),
    KEY("max_position_embeddings", JC_KEY_U32,    positions, "131072"),
    KEY("vocab_size",              JC_KEY_U32,    vocab,     "202048"),
    KEY("tie_word_embeddings",     JC_KEY_BOOL,   tied,      "false"),
    ROTARY_KEYS("rope_theta"),
    KEY(SCALING("rope_theta") "|rope_theta", JC_KEY_REAL, rotary.theta, "500000"),
    KEY("rope_dimension_part",     JC_KEY_REAL,   rotary.part, "1"),
    KEY(NULL,                      JC_KEY_BOOL,   rotary.interleaved, "true"),
    KEY("hidden_act",              JC_KEY_ACT,    act, "silu"),
    KEY("rms_norm_eps",            JC_KEY_REAL,   eps, "1e-5"),
    KEY("attention_bias",          JC_KEY_BOOL,   attention_bias, "false"),
    KEY("use_qk_norm",             JC_KEY_BOOL,   qk_norm, "true"),
    KEY("no_rope_layer_interval",  JC_KEY_U32,    rotary_except, "4"),
    KEY("no_rope_layers",          JC_KEY_FLAGS,  rotated, NULL),
    KEY("attention_chunk_size",    JC_KEY_LIMIT,  window, "8192"),
    KEY("layer_types",             JC_KEY_CHUNKS, windowed, NULL),
    KEY(NULL,                      JC_KEY_BOOL,   window_chunked, "true"),
    KEY(NULL,                      JC_KEY_BOOL,   window_rotated, "true"),
    KEY("attn_temperature_tuning", JC_KEY_BOOL,   query_log, "true"),
    KEY(NULL,                      JC_KEY_BOOL,   query_log_unrotated, "true"),
    KEY("attn_scale",              JC_KEY_REAL,   query_log_scale, "0.1"),
    KEY("floor_scale",             JC_KEY_REAL,   query_log_every, "8192"),
    KEY(NULL,                      JC_KEY_U32,    query_log_from, "1"),
    /* of GGUF, the MLP's width is the second */
    KEY("intermediate_size_mlp|intermediate_size", JC_KEY_U32, ff_width, "16384"),
    KEY("moe_intermediate_size|intermediate_size", JC_KEY_U32, expert_width, "8192"),
    KEY("moe_intermediate_size|intermediate_size", JC_KEY_U32, shared_width, "8192"),
    KEY("num_local_experts|num_experts", JC_KEY_LIMIT, experts, "16"),
    KEY("num_experts_per_tok",     JC_KEY_U32,    experts_used, "1"),
    KEY("interleave_moe_layer_step", JC_KEY_U32,  experts_every, "1"),
    KEY("moe_layers",              JC_KEY_BLOCKS, sparse, NULL),
    KEY(NULL,                      JC_KEY_BOOL,   router_sigmoid, "true"),
    KEY(NULL,                      JC_KEY_BOOL,   shares_before, "true"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,  "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    ONES_IF(JC_W_Q_NORM, HEAD, JC_WEIGHT_IF_QK_NORM | JC_WEIGHT_IF_ROTATED),
    ONES_IF(JC_W_K_NORM, HEAD, JC_WEIGHT_IF_QK_NORM | JC_WEIGHT_IF_ROTATED),
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),
    MATRIX(JC_W_UP,          "layers.%u.feed_forward.gate_proj", FF, WIDTH, 0),
    MATRIX(JC_W_UP,          "layers.%u.feed_forward.up_proj",   FF, WIDTH, 0),
    MATRIX(JC_W_DOWN,        "layers.%u.feed_forward.down_proj", WIDTH, FF, 0),
    MATRIX(JC_W_ROUTER,      "layers.%u.feed_forward.router", EXPERTS, WIDTH, 0),
    {JC_W_EXPERT_UP,         "layers.%u.feed_forward.experts.gate_up_proj", {JC_DIM_EXPERT_GATED, JC_DIM_WIDTH}, JC_WEIGHT_IN_OUT},
    {JC_W_EXPERT_DOWN,       "layers.%u.feed_forward.experts.down_proj", {JC_DIM_WIDTH, JC_DIM_EXPERT}, JC_WEIGHT_IN_OUT},
    MATRIX(JC_W_SHARED_UP,   "layers.%u.feed_forward.shared_expert.gate_proj", SHARED, WIDTH, 0),
    MATRIX(JC_W_SHARED_UP,   "layers.%u.feed_forward.shared_expert.up_proj",   SHARED, WIDTH, 0),
    MATRIX(JC_W_SHARED_DOWN, "layers.%u.feed_forward.shared_expert.down_proj", WIDTH, SHARED, 0),
};
/* clang-format on */

const jc_arch jc_arch_llama4 = {
    .name = "llama4",
    .about = "Llama 4 (2025): experts, attention within pieces of a text",
    .prefix = "model.",
    .gguf = "llama4",
    .causal = true,
    .norm = JC_NORM_RMS,
    .norms_turned = true,
    .gated = true,
    TABLES,
};
