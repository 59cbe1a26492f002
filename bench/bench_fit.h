/* SPDX-License-Identifier: MIT */
/* bench_fit.h: the fit from sums against one LAPACK gelsd a pair. */
#ifndef JC_BENCH_FIT_H
#define JC_BENCH_FIT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct bench_fit_result {
    size_t layers, width, vectors, pairs;
    double fit_seconds;   /* all pairs, from sums */
    double gelsd_seconds; /* one pair, from vectors, times the number of pairs */
    double speedup;       /* gelsd_seconds / fit_seconds */
    double apart;         /* rms difference of the two maps' outputs, over their rms */
} bench_fit_result;

/* All maps of `layers` blocks of `width`, from the sums of `vectors` made-up states, and
 * gelsd on the pair (0, 1) of the same. False when memory is short or a call fails. */
bool bench_fit(size_t layers, size_t width, size_t vectors, bench_fit_result *result);

#endif
