/* SPDX-License-Identifier: MIT */
/*
 * worth.h: what guesses are worth: the probability that a candidate is right, by what each
 * drafter says of it.
 *
 * A drafter names a candidate with a class, or names others, its surest one of a class, or
 * says nothing. Each of these signs has a weight, and the log-odds of a candidate are the
 * sum of the weights of its signs: drafters that agree do not count twice, and one that is
 * sure of another token counts against. The weights are learnt while text is written.
 */
#ifndef JC_WORTH_H
#define JC_WORTH_H

#include "generate/drafters.h"

enum {
    JC_OTHERS = JC_GUESS_CLASSES,     /* + the class of the surest of the others */
    JC_SILENT = 2 * JC_GUESS_CLASSES, /* it guesses nothing here */
    JC_UNASKED = UINT8_MAX
};

typedef struct jc_worth {
    float odds[JC_MIX][JC_SIGNS]; /* natural logarithms */
    float seen[JC_MIX][JC_SIGNS]; /* p (1 - p) of what they were learnt from */
} jc_worth;

/* Of drafter k of a mixture: `odds` [JC_SIGNS] to begin with, which count for so many
 * guesses. */
void jc_worth_begin(jc_worth *worth, size_t k, const float *odds, double guesses);

/* That a candidate is right; signs [n], of the drafters of a mixture. */
double jc_worth_of(const jc_worth *worth, const uint8_t *signs, size_t n);

/* That a guess of drafter k alone is. */
double jc_worth_alone(const jc_worth *worth, size_t k, uint32_t class);

/* A candidate with these signs was right, or was not. */
void jc_worth_learn(jc_worth *worth, const uint8_t *signs, size_t n, bool right);

#endif
