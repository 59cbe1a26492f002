/* SPDX-License-Identifier: MIT */
/*
 * bootstrap.h: sums over texts, and the same sums over texts drawn again, for intervals.
 *
 * The bootstrap draws T of the T texts with replacement, many times, and looks how a figure
 * varies. How often one text is drawn is binomial, nearly Poisson of mean 1; taking it to
 * be just that, independently for each text (Hanley and MacGibbon 2006; Chamandy et al.
 * 2012), a replicate is a weighted sum that can be kept while texts stream by, without
 * knowing T. So memory is sums times replicates, whatever the number of texts.
 *
 * The weight of a text depends on the seed, its number in the stream and the replicate
 * alone: objects that are fed the same texts draw the same ones again, and nothing depends
 * on how the stream is cut.
 */
#ifndef JC_EVAL_BOOTSTRAP_H
#define JC_EVAL_BOOTSTRAP_H

#include "base/base.h"

typedef struct jc_bootstrap jc_bootstrap;

/* Sums of `n_sums` quantities. With no replicates there are sums but no intervals. */
jc_status jc_bootstrap_new(jc_bootstrap **out, size_t n_sums, uint32_t replicates,
                           uint64_t seed, jc_error *err) JC_NODISCARD;
void jc_bootstrap_free(jc_bootstrap *bootstrap); /* takes NULL */

/* The next text: sums [n_sums] over its rows. Only when every text was added, and
 * jc_bootstrap_end() called, may the rest be asked for. */
jc_status jc_bootstrap_add(jc_bootstrap *bootstrap, const double *sums,
                           jc_error *err) JC_NODISCARD;
jc_status jc_bootstrap_end(jc_bootstrap *bootstrap, jc_error *err) JC_NODISCARD;

/* A sum over the texts of a replicate; replicate 0 is the texts themselves, and those drawn
 * again are 1 .. replicates. */
double jc_bootstrap_sum(const jc_bootstrap *bootstrap, size_t i, size_t replicate);

/* A figure and its 95% interval; what is not known is NAN. */
typedef struct jc_estimate {
    double value, low, high;
} jc_estimate;

/* A figure made of the sums of one replicate. */
typedef double jc_statistic(const jc_bootstrap *bootstrap, size_t replicate,
                            const void *arg);

/* One sum over another: what a mean over rows is. */
typedef struct jc_ratio {
    size_t of, over;
} jc_ratio;
jc_statistic jc_statistic_ratio; /* its arg is a jc_ratio */

/* The figure of the texts themselves, and its interval: the 2.5% and 97.5% percentiles of
 * the replicates in which it is finite (of few texts none may have been drawn). There is
 * none for fewer than two texts, without replicates, or when the figure is not finite. */
jc_estimate jc_bootstrap_estimate(jc_bootstrap *bootstrap, jc_statistic *statistic,
                                  const void *arg);

/* The weights of text `number` in replicates 1 .. n. */
void jc_bootstrap_weights(uint64_t seed, uint64_t number, size_t n, double *weights);

#endif
