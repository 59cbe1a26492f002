/* SPDX-License-Identifier: MIT */
/* worth.c: a logistic model, learnt by Newton's step in each weight. */
#include "generate/worth.h"

#include <math.h>
#include <string.h>

#define BASE (-3.0) /* log-odds of a candidate of which nothing is known */
#define EACH 0.15   /* p (1 - p) of a guess, about */
#define MOST 25.0F  /* p (1 - p) that a weight remembers */
#define WIDE 8.0F   /* no weight is further from 0 */

static double logistic(double x)
{
    return 1 / (1 + exp(-x));
}

void jc_worth_begin(jc_worth *worth, size_t k, const float *odds, double guesses)
{
    memcpy(worth->odds[k], odds, sizeof worth->odds[k]);
    for (size_t s = 0; s < JC_SIGNS; s++)
        worth->seen[k][s] = (float)(EACH * guesses);
}

double jc_worth_of(const jc_worth *worth, const uint8_t *signs, size_t n)
{
    double sum = BASE;

    for (size_t k = 0; k < n; k++)
        if (signs[k] != JC_UNASKED)
            sum += (double)worth->odds[k][signs[k]];
    return logistic(sum);
}

double jc_worth_alone(const jc_worth *worth, size_t k, uint32_t class)
{
    return logistic(BASE + (double)worth->odds[k][class]);
}

void jc_worth_learn(jc_worth *worth, const uint8_t *signs, size_t n, bool right)
{
    double p = jc_worth_of(worth, signs, n);
    size_t said = 0;

    for (size_t k = 0; k < n; k++)
        said += signs[k] != JC_UNASKED;
    for (size_t k = 0; k < n; k++) {
        if (signs[k] == JC_UNASKED)
            continue;
        float *odds = &worth->odds[k][signs[k]], *seen = &worth->seen[k][signs[k]];
        *seen = fminf(*seen + (float)(p * (1 - p)), MOST);
        *odds += (float)((right - p) / ((double)*seen * (double)said));
        *odds = fminf(fmaxf(*odds, -WIDE), WIDE);
    }
}
