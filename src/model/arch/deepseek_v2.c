/* SPDX-License-Identifier: MIT */
/*
 * deepseek_v2.c: DeepSeek-V2 and its Lite and Coder kin (2024): latent attention, experts
 * chosen by softmax, in the larger ones from the best groups.
 */
#include "model/arch/deepseek.h"

static const char *const model_types[] = {"deepseek_v2", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    DEEPSEEK_KEYS,
    KEY("n_routed_experts",     JC_KEY_LIMIT, experts, "64"),
    KEY("n_shared_experts",     JC_KEY_LIMIT, shared_experts, "2"),
    KEY("first_k_dense_replace", JC_KEY_U32,  experts_from, "0"),
    KEY("norm_topk_prob",       JC_KEY_BOOL,  shares_chosen, "false"),
    KEY(NULL,                   JC_KEY_BOOL,  rotary.interleaved, "true"),
    FIXED("scoring_func", "softmax"),
};

static const jc_weight_row weights[] = {
    DEEPSEEK_WEIGHTS,
};
/* clang-format on */

const jc_arch jc_arch_deepseek_v2 = {
    .name = "deepseek_v2",
    .about = "DeepSeek-V2 (2024): latent attention, experts by softmax",
    .prefix = "model.",
    .gguf = "deepseek2",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
