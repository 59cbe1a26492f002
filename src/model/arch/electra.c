/* SPDX-License-Identifier: MIT */
/*
 * electra.c: ELECTRA (Clark et al. 2020): BERT's body with embeddings that may be narrower
 * than its states. The generator has a head for masked tokens, the discriminator none.
 */
#include "model/arch/bert.h"

static const char *const model_types[] = {"electra", NULL};

/* clang-format off */
static const jc_key_row keys[] = {
    BERT_KEYS("gelu"),
    KEY("embedding_size", JC_KEY_U32,  embed_width, "128"),
    KEY(NULL,             JC_KEY_ACT,  head_act,    "gelu"),
};

static const jc_weight_row weights[] = {
    BERT_BODY,
    LINEAR(JC_W_EMBED_IN, "embeddings_project", WIDTH, EMBED, JC_WEIGHT_IF_NARROW),
    MASKED_HEAD("generator_predictions.dense", "generator_predictions.LayerNorm",
                "generator_lm_head.weight", "generator_lm_head.bias"),
};
/* clang-format on */

const jc_arch jc_arch_electra = {
    .name = "electra",
    .about = "ELECTRA (2020): BERT's body, narrower embeddings; the generator has a head",
    .prefix = "electra.",
    .embed_in_last = true,
    TABLES,
};
