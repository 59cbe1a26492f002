/* SPDX-License-Identifier: MIT */
/*
 * roberta.c: RoBERTa (Liu et al. 2019), XLM-RoBERTa, CamemBERT: BERT's body with one token
 * type, and positions that count from the padding token's id + 1, so that a text is shorter
 * than the table by that. The activation of its head is always the exact GELU.
 */
#include "model/arch/bert.h"

static const char *const model_types[] = {"roberta", "xlm-roberta", "camembert", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    BERT_KEYS("gelu"),
    KEY("pad_token_id", JC_KEY_U32, padding,  "1"),
    KEY(NULL,           JC_KEY_ACT, head_act, "gelu"),
};

static const jc_weight_row weights[] = {
    BERT_BODY,
    MASKED_HEAD("lm_head.dense", "lm_head.layer_norm", "lm_head.decoder.weight",
                "lm_head.decoder.bias|lm_head.bias"),
};
/* clang-format on */

const jc_arch jc_arch_roberta = {
    .name = "roberta",
    .about = "RoBERTa, XLM-RoBERTa, CamemBERT (2019): BERT with one token type",
    .model_types = model_types,
    .prefix = "roberta.",
    .positions_after_padding = true,
    .keys = keys,
    .n_keys = JC_COUNT(keys),
    .weights = weights,
    .n_weights = JC_COUNT(weights),
};
