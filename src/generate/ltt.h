/* SPDX-License-Identifier: MIT */
/* ltt.h: Learn then Test (Angelopoulos et al. 2021): which thresholds keep a risk below a
 * bound, with a confidence that holds for any model and any texts. */
#ifndef JC_LTT_H
#define JC_LTT_H

#include "base/base.h"

/* The Hoeffding-Bentkus p-value of "the risk is above alpha" when n losses in [0, 1] have
 * this mean: min(exp(-n h(min(mean, alpha), alpha)), e P(Binomial(n, alpha) <= ceil(n
 * mean))) with h(a, b) = a ln(a / b) + (1 - a) ln((1 - a) / (1 - b)); 1 at most. */
double jc_ltt_p_value(double mean, size_t n, double alpha);

/* P(Binomial(n, p) <= k), 0 < p < 1. */
double jc_binomial_below(size_t n, double p, size_t k);

/* How many of the thresholds, the safest first, are shown to have a risk below alpha, each
 * tested at level delta until one is not: loss [n, n_thresholds]. Where any is, *p and
 * *mean are those of the last one. */
size_t jc_ltt_choose(const double *loss, size_t n, size_t n_thresholds, double alpha,
                     double delta, double *mean, double *p);

/* The fewest losses, all of them zero, with which a threshold could be shown. */
size_t jc_ltt_least(double alpha, double delta);

#endif
