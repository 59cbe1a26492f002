/* SPDX-License-Identifier: MIT */
/* score.h: what is kept of a row that was read out. */
#ifndef JC_EVAL_SCORE_H
#define JC_EVAL_SCORE_H

#include <stdint.h>

/* One row's logits beside those of the full model. */
typedef struct jc_score {
    float gap;       /* of the two largest probabilities */
    float surprisal; /* -ln p_full(top-1), nats */
    float kl;        /* of the full model's distribution from this one, nats */
    uint32_t rank;   /* tokens with a larger logit than top-1's in the full model's */
} jc_score;

#endif
