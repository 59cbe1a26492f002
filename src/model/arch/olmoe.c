/* SPDX-License-Identifier: MIT */
/*
 * olmoe.c: OLMoE (Muennighoff et al. 2024): a mixture of 64 experts in each block, an
 * RMSNorm of all queries as one and of all keys as one.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"olmoe", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_KEYS("0"),
    KEY("hidden_act",          JC_KEY_ACT,  act, "silu"),
    KEY("rms_norm_eps",        JC_KEY_REAL, eps, "1e-5"),
    KEY("attention_bias",      JC_KEY_BOOL, attention_bias, "false"),
    KEY("num_experts|num_local_experts", JC_KEY_U32,  experts, "64"),
    KEY("num_experts_per_tok", JC_KEY_U32,  experts_used, "8"),
    KEY("norm_topk_prob",      JC_KEY_BOOL, shares_chosen, "false"),
    KEY("clip_qkv",       JC_KEY_CAP,  clip, "0"),
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(0),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, 0),
    LLAMA_ATTENTION,
    BIAS(JC_W_OUT,  "layers.%u.self_attn.o_proj", WIDTH, JC_WEIGHT_IF_ATTENTION_BIAS),
    RMS(JC_W_Q_NORM, "layers.%u.self_attn.q_norm", Q, 0),
    RMS(JC_W_K_NORM, "layers.%u.self_attn.k_norm", KV, 0),
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, 0),
    LLAMA_EXPERTS,
};
/* clang-format on */

const jc_arch jc_arch_olmoe = {
    .name = "olmoe",
    .about = "OLMoE (2024): OLMo with experts",
    .prefix = "model.",
    .gguf = "olmoe",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
