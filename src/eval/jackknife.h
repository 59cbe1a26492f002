/* SPDX-License-Identifier: MIT */
/*
 * jackknife.h: the interval of a figure whose sums are too large to be kept many times: the
 * texts fall into few groups, and the figure is made again without each (the delete-a-group
 * jackknife; Shao and Tu 1995, section 2.3).
 */
#ifndef JC_EVAL_JACKKNIFE_H
#define JC_EVAL_JACKKNIFE_H

#include <stddef.h>
#include <stdint.h>

/* Text k of the stream is of group k modulo this. */
enum { JC_JACKKNIFE_GROUPS = 20 };

/* Half the width of the 95% interval about the figure, from its values without one group
 * each, [n], n <= JC_JACKKNIFE_GROUPS: Student's quantile times the standard error. Not a
 * number for fewer than two. */
double jc_jackknife_half(const double *without, size_t n);

#endif
