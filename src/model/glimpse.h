/* SPDX-License-Identifier: MIT */
/* glimpse.h: what guesses need of a model without running a block: embeddings of single
 * tokens, and logits of some tokens only. */
#ifndef JC_GLIMPSE_H
#define JC_GLIMPSE_H

#include "base/base.h"
#include "jumpcut/model.h"

typedef struct jc_glimpse jc_glimpse; /* one thread at a time */

/* Whether the head is a norm and the unembedding alone. */
bool jc_glimpse_can(const jc_model *model);

/* With logits of the tokens ids[0..n), whose rows are kept as bfloat16. E_UNSUPPORTED where
 * jc_glimpse_can() says no. The model is borrowed. */
jc_status jc_glimpse_new(jc_glimpse **out, const jc_model *model, const uint32_t *ids,
                         size_t n, jc_error *err) JC_NODISCARD;
void jc_glimpse_free(jc_glimpse *glimpse); /* takes NULL */

/* The state at tap 0 of each token at its position in a text: x [n, width]. */
jc_status jc_glimpse_embed(jc_glimpse *glimpse, const uint32_t *ids,
                           const uint32_t *positions, size_t n, float *x,
                           jc_error *err) JC_NODISCARD;

/* Of states that stand for the last block's output, h [n, width]: logits [n, those ids],
 * without a soft cap or a bias of the head. */
jc_status jc_glimpse_logits(jc_glimpse *glimpse, const float *h, size_t n, float *logits,
                            jc_error *err) JC_NODISCARD;

#endif
