/* SPDX-License-Identifier: MIT */
/*
 * moments.h: what jc_stats holds: counts, means and centred second moments, in float64.
 *
 * Centred moments are the form in which nothing is lost: a large common offset (some
 * coordinates of GPT-2 have one hundreds of times their spread) does not eat the digits of
 * the spread, and two parts merge by Chan, Golub and LeVeque's formula. Raw moments, where
 * a fit without intercept needs them, are cross + rows * mean_i mean_j'.
 */
#ifndef JC_MOMENTS_H
#define JC_MOMENTS_H

#include "base/base.h"
#include "jumpcut/stats.h"

struct jc_stats {
    uint32_t taps;  /* L + 1 */
    uint32_t width; /* d */
    bool all_pairs;
    uint64_t rows, texts;
    char fingerprint[33]; /* of the model */
    char *model;          /* its path, for messages; owned */
    double *mean;         /* [taps, d] */
    double *square;       /* [taps, d]: sum over rows of (x - mean)^2 */
    /* [taps, taps]: cross[i * taps + j] is [d, d], the sum of (h_i - mean_i)(h_j -
     * mean_j)', row from i, column from j; NULL when not kept. Kept: every (i, i) for i <
     * L, every (i, L), and with all_pairs every i < j. */
    double **cross;
};

/* Zeroed moments with their arrays. */
jc_status jc_stats_new(jc_stats **out, uint32_t taps, uint32_t width, bool all_pairs,
                       const char *fingerprint, const char *model,
                       jc_error *err) JC_NODISCARD;

/* Whether cross(i, j) is among the moments of so many taps. */
bool jc_stats_keeps(uint32_t taps, bool all_pairs, uint32_t i, uint32_t j);

/* cross of (i, j), i <= j, or NULL when not kept. */
double *jc_stats_cross(const jc_stats *stats, uint32_t i, uint32_t j);

#endif
