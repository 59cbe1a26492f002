/* SPDX-License-Identifier: MIT */
/*
 * hunyuan_v1_dense.c: Hunyuan (Tencent 2025), the dense ones: Llama with a norm of each
 * head of queries and keys after these have been turned.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"hunyuan_v1_dense", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("0"),
    KEY("head_dim",       JC_KEY_U32,  head_width, "0"),
    KEY("hidden_act",     JC_KEY_ACT,  act, "silu"),
    KEY("rms_norm_eps",   JC_KEY_REAL, eps, "1e-5"),
    KEY(SCALING("alpha"), JC_KEY_REAL, rotary.alpha, "0"),
    FIXED("use_qk_norm", "true"),
    KEY("attention_bias", JC_KEY_BOOL, attention_bias, "false"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,  "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    RMS(JC_W_Q_NORM, "layers.%u.self_attn.query_layernorm", HEAD, 0),
    RMS(JC_W_K_NORM, "layers.%u.self_attn.key_layernorm", HEAD, 0),
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),
    LLAMA_MLP,
};
/* clang-format on */

const jc_arch jc_arch_hunyuan_v1_dense = {
    .name = "hunyuan_v1_dense",
    .about = "Hunyuan (2025), dense: norms of turned queries and keys",
    .prefix = "model.",
    .gguf = "hunyuan-dense",
    .causal = true,
    .norm = JC_NORM_RMS,
    .norms_turned = true,
    .gated = true,
    TABLES,
};
