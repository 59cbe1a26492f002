/* SPDX-License-Identifier: MIT */
/*
 * stablelm.c: StableLM 3B and 2 (Bellagente et al. 2024): Llama with LayerNorm and
 * rotary positions on a quarter of each head; the largest runs both halves of a block of
 * one norm.
 */
#include "model/arch/llama.h"

static const char *const model_types[] = {"stablelm", "stablelm_epoch", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LLAMA_BODY_KEYS("0"),
    ROTARY_PART_KEY("partial_rotary_factor|rope_pct", "0.25"),
    KEY("layer_norm_eps|norm_eps", JC_KEY_REAL, eps, "1e-5"),
    KEY("hidden_act",             JC_KEY_ACT,  act, "silu"),
    KEY("use_qkv_bias|attention_bias",  JC_KEY_BOOL, attention_bias, "false"),
    KEY("use_parallel_residual",  JC_KEY_BOOL, parallel, "false"),
    KEY("qk_layernorm",           JC_KEY_BOOL, qk_norm, "false"), /* the largest */
};

static const jc_weight_row weights[] = {
    TABLE(JC_W_TOKENS, "embed_tokens.weight", VOCAB),
    NORM(JC_W_NORM1, "layers.%u.input_layernorm", 0),
    LLAMA_ATTENTION,
    RMS(JC_W_Q_NORM, "layers.%u.self_attn.q_layernorm.norms.%u", HEAD, JC_WEIGHT_IF_QK_NORM | JC_WEIGHT_EACH_HEAD),
    RMS(JC_W_K_NORM, "layers.%u.self_attn.k_layernorm.norms.%u", HEAD, JC_WEIGHT_IF_QK_NORM | JC_WEIGHT_EACH_HEAD),
    NORM(JC_W_NORM2, "layers.%u.post_attention_layernorm", JC_WEIGHT_IF_SERIAL),
    LLAMA_MLP,
    NORM(JC_W_FINAL, "norm", 0),
    {JC_W_HEAD, "lm_head.weight", {JC_DIM_VOCAB, JC_DIM_WIDTH}, JC_WEIGHT_TIED},
};
/* clang-format on */

const jc_arch jc_arch_stablelm = {
    .name = "stablelm",
    .about = "StableLM 2 (2024): Llama with LayerNorm and partly rotary heads",
    .prefix = "model.",
    .gguf = "stablelm",
    .causal = true,
    .gated = true,
    TABLES,
};
