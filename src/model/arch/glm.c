/* SPDX-License-Identifier: MIT */
/*
 * glm.c: GLM-4 (GLM team 2024): Llama with rotary positions that turn neighbours in half
 * of each head, biases of queries, keys and values, and the gate and what it lets
 * through in one matrix.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"glm", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_BODY_KEYS("0"),
    KEY("head_dim",     JC_KEY_U32,  head_width, "0"),
    ROTARY_PART_KEY("partial_rotary_factor", "0.5"),
    KEY("hidden_act",   JC_KEY_ACT,  act, "silu"),
    KEY("rms_norm_eps", JC_KEY_REAL, eps, "1.5625e-7"),
    KEY("attention_bias", JC_KEY_BOOL, attention_bias, "true"),
    KEY(NULL,           JC_KEY_BOOL, rotary.interleaved, "true"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),
    MATRIX(JC_W_UP,   "layers.%u.mlp.gate_up_proj", GATED, WIDTH, 0),
    MATRIX(JC_W_DOWN, "layers.%u.mlp.down_proj", WIDTH, FF, 0),
};
/* clang-format on */

const jc_arch jc_arch_glm = {
    .name = "glm",
    .about = "GLM-4 9B (2024): Llama with half of each head rotary",
    .prefix = "model.",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
