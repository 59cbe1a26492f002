/* SPDX-License-Identifier: MIT */
/*
 * deepseek_v3.c: DeepSeek-V3 and R1 (2024), Kimi K2 (2025): latent attention; experts are
 * chosen by sigmoids with a bias that has no part in their shares, from the best groups.
 */
#include "model/arch/deepseek.h"

static const char *const model_types[] = {"deepseek_v3", "kimi_k2", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    DEEPSEEK_KEYS,
    KEY("n_routed_experts",     JC_KEY_LIMIT, experts, "256"),
    KEY("n_shared_experts",     JC_KEY_LIMIT, shared_experts, "1"),
    KEY("first_k_dense_replace", JC_KEY_U32,  experts_from, "3"),
    KEY("norm_topk_prob",       JC_KEY_BOOL,  shares_chosen, "true"),
    KEY(NULL,                   JC_KEY_BOOL,  router_sigmoid, "true"),
    KEY(NULL,                   JC_KEY_U32,   expert_group_best, "2"),
    KEY("rope_interleave",      JC_KEY_BOOL,  rotary.interleaved, "true"),
    FIXED("scoring_func", "sigmoid"),
    FIXED("topk_method",  "noaux_tc"),
};

static const jc_weight_row weights[] = {
    DEEPSEEK_WEIGHTS,
    {JC_W_CHOICE_BIAS, "layers.%u.mlp.gate.e_score_correction_bias", {JC_DIM_EXPERTS}, 0},
};
/* clang-format on */

const jc_arch jc_arch_deepseek_v3 = {
    .name = "deepseek_v3",
    .about =
        "DeepSeek-V3, R1, Kimi K2 (2024): latent attention, groups of experts by sigmoids",
    .prefix = "model.",
    .gguf = "deepseek3",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
