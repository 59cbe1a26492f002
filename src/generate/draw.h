/* SPDX-License-Identifier: MIT */
/* draw.h: which token comes next: a function of a row of logits, of the tokens before, and
 * of a number in [0, 1) that seed, sequence and position name. */
#ifndef JC_DRAW_H
#define JC_DRAW_H

#include "base/base.h"

/* How tokens are chosen, in the order in which it is applied; docs/methods.md defines it.
 * Zero leaves out top_k, min_p; one leaves out repeat_penalty, top_p. */
typedef struct jc_sampling {
    double repeat_penalty; /* > 0 */
    double temperature;    /* 0: the largest logit is taken */
    uint32_t top_k;
    double top_p; /* > 0 */
    double min_p;
} jc_sampling;

/* Memory that draws use again; one thread at a time. Start from {0}. */
typedef struct jc_draw_room {
    float *z, *masses;   /* [vocab] */
    uint32_t *ids, *far; /* [vocab] */
    double *sums;        /* of parts, or of bins of logits */
    size_t vocab;
    float *seen; /* [n_history] */
    size_t seen_capacity;
} jc_draw_room;

void jc_draw_room_free(jc_draw_room *room);

/* The number that decides a draw. */
double jc_draw_uniform(uint64_t seed, uint64_t sequence, uint64_t position);

/* The token at `position` of a sequence, from logits [vocab] of the token before it.
 * history[0..n_history) are the tokens that the repetition penalty knows. The result
 * depends on the arguments alone. E_NUMERIC where a logit is not finite. */
jc_status jc_draw(uint32_t *id, const jc_sampling *sampling, const float *logits,
                  size_t vocab, const uint32_t *history, size_t n_history, uint64_t seed,
                  uint64_t sequence, uint64_t position, jc_draw_room *room,
                  jc_error *err) JC_NODISCARD;

/* ln of the probability of a token as the model has it, without any filter. */
double jc_draw_logprob(const float *logits, size_t vocab, uint32_t id);

#endif
