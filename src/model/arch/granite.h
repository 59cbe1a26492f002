/* SPDX-License-Identifier: MIT */
/* granite.h: the keys that Granite's models share. */
#ifndef JC_ARCH_GRANITE_H
#define JC_ARCH_GRANITE_H

#include "model/arch/llama.h"

/* clang-format off */
#define GRANITE_KEYS                                                            \
    KEY("hidden_act",           JC_KEY_ACT,  act, "silu"),                      \
    KEY("rms_norm_eps",         JC_KEY_REAL, eps, "1e-6"),                      \
    KEY("attention_bias",       JC_KEY_BOOL, attention_bias, "false"),          \
    KEY("embedding_multiplier", JC_KEY_REAL, embed_scale,    "1"),              \
    KEY("attention_multiplier", JC_KEY_REAL, attention_multiplier, "1"),        \
    KEY("residual_multiplier",  JC_KEY_REAL, residual_scale, "1"),              \
    KEY("logits_scaling",       JC_KEY_REAL, logit_divisor,  "1")
/* clang-format on */

#endif
