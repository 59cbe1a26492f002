/* SPDX-License-Identifier: MIT */
/*
 * lfm2.c: LFM2 (Liquid AI 2025): short convolutions in the place of attention in most
 * blocks; norms of queries and keys in the others.
 */
#include "model/arch/lfm2.h"

static const char *const model_types[] = {"lfm2", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    LFM2_KEYS,
    KEY("block_ff_dim|intermediate_size", JC_KEY_U32, ff_width, NULL),
    KEY("block_auto_adjust_ff_dim", JC_KEY_BOOL,  ff_thirds, "true"),
    KEY("block_ffn_dim_multiplier", JC_KEY_CAP,   ff_times, "1"),
    KEY("block_multiple_of",        JC_KEY_U32,   ff_multiple, "256"),
};

static const jc_weight_row weights[] = {
    LFM2_WEIGHTS,
};
/* clang-format on */

const jc_arch jc_arch_lfm2 = {
    .name = "lfm2",
    .about = "LFM2 (2025): short convolutions in most blocks, attention in the others",
    .prefix = "model.",
    .gguf = "lfm2",
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    TABLES,
};
