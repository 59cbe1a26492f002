/* SPDX-License-Identifier: MIT */
/*
 * qwen3_5.c: Qwen 3.5 (2026), its text part: Qwen 3 Next's blocks with a plain MLP, and the
 * recurrence's first layer in four matrices.
 */
#include "model/arch/qwen3_next.h"

static const char *const model_types[] = {"qwen3_5_text", "qwen3_5", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    DELTA_KEYS,
};

static const jc_weight_row weights[] = {
    LLAMA_ENDS(JC_WEIGHT_PLUS_ONE),
    RMS(JC_W_NORM1, "layers.%u.input_layernorm", WIDTH, JC_WEIGHT_PLUS_ONE),
    DELTA_ATTENTION,
    DELTA_IN_FOUR,
    DELTA_WEIGHTS,
    RMS(JC_W_NORM2, "layers.%u.post_attention_layernorm", WIDTH, JC_WEIGHT_PLUS_ONE),
    LLAMA_MLP,
};
/* clang-format on */

const jc_arch jc_arch_qwen3_5 = {
    .name = "qwen3_5",
    .about = "Qwen 3.5 (2026): the gated delta net in three blocks of four",
    .prefix = "model.",
    .gguf = "qwen35",
    .gguf_tiled = true,
    .causal = true,
    .norm = JC_NORM_RMS,
    .gated = true,
    .scan = JC_SCAN_DELTA,
    TABLES,
};
