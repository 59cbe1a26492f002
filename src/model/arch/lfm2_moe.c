/* SPDX-License-Identifier: MIT */
/*
 * lfm2_moe.c: LFM2 with a mixture of experts (Liquid AI 2025) in all but its first blocks;
 * the router's scores are sigmoids, which a bias helps to choose from.
 */
#include "model/arch/lfm2.h"

static const char *const model_types[] = {"lfm2_moe", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LFM2_KEYS,
    KEY("intermediate_size",     JC_KEY_U32,   ff_width, "7168"),
    KEY("moe_intermediate_size", JC_KEY_U32,   expert_width, "1792"),
    KEY("num_experts",           JC_KEY_U32,   experts, "32"),
    KEY("num_experts_per_tok",   JC_KEY_U32,   experts_used, "4"),
    KEY("num_dense_layers",      JC_KEY_U32,   experts_from, "2"),
    KEY("norm_topk_prob",        JC_KEY_BOOL,  shares_chosen, "true"),
    KEY("routed_scaling_factor", JC_KEY_REAL,  routed_scale, "1"),
    KEY(NULL,                    JC_KEY_BOOL,  router_sigmoid, "true"),
    FIXED("use_expert_bias", "true"),
    FIXED("expert_gating_func", "2"), /* of GGUF: sigmoids */
};

static const jc_weight_row weights[] = {
    LFM2_WEIGHTS,
    MATRIX(JC_W_ROUTER,      "layers.%u.feed_forward.gate", EXPERTS, WIDTH, 0),
    {JC_W_CHOICE_BIAS,       "layers.%u.feed_forward.expert_bias", {JC_DIM_EXPERTS}, 0},
    MATRIX(JC_W_EXPERT_UP,   "layers.%u.feed_forward.experts.%u.w1", EXPERT, WIDTH, 0),
    MATRIX(JC_W_EXPERT_UP,   "layers.%u.feed_forward.experts.%u.w3", EXPERT, WIDTH, 0),
    MATRIX(JC_W_EXPERT_DOWN, "layers.%u.feed_forward.experts.%u.w2", WIDTH, EXPERT, 0),
};
/* clang-format on */

const jc_arch jc_arch_lfm2_moe = {
    .name = "lfm2_moe",
    .about = "LFM2 8B-A1B (2025): LFM2 with experts in all but the first blocks",
    .prefix = "model.",
    .gguf = "lfm2moe",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
