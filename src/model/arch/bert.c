/* SPDX-License-Identifier: MIT */
/*
 * bert.c: BERT (Devlin et al. 2018), the encoder of the shortcut paper.
 *
 * The sum of three embeddings and a LayerNorm of it are h_0; LayerNorm after each half of a
 * block. The head for masked tokens is a linear layer, activation, LayerNorm, and the token
 * embedding with a bias. All of a text is of token type 0.
 */
#include "model/arch/bert.h"

static const char *const model_types[] = {"bert", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    BERT_KEYS("gelu"),
    KEY("hidden_act", JC_KEY_ACT, head_act, "gelu"),
};

static const jc_weight_row weights[] = {
    BERT_BODY,
    MASKED_HEAD("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm",
                "cls.predictions.decoder.weight",
                "cls.predictions.decoder.bias|cls.predictions.bias"),
};
/* clang-format on */

const jc_arch jc_arch_bert = {
    .name = "bert",
    .about = "BERT (2018): the encoder of the shortcut paper",
    .compared = "all-minilm-l6-v2",
    .model_types = model_types,
    .prefix = "bert.",
    .gguf = "bert",
    .keys = keys,
    .n_keys = JC_COUNT(keys),
    .weights = weights,
    .n_weights = JC_COUNT(weights),
};
