/* SPDX-License-Identifier: MIT */
/* along.h: what a sequence keeps of each token for operations along the text that are not
 * attention, in host memory. */
#ifndef JC_ALONG_H
#define JC_ALONG_H

#include "model/ops.h"

enum { JC_CONV_MOST = 64 }; /* most tokens of a convolution */

/* Put u [rows of the pass, width] of a span's rows into its sequence, if it has one. */
jc_status jc_along_keep(const jc_op *op, const jc_pass *pass, const jc_span *span,
                        const float *u, size_t width, jc_error *err) JC_NODISCARD;

/* seen = u of the `before` tokens before a span, then of its rows, as its sequence keeps
 * them: [before + n, width]. */
jc_status jc_along_see(const jc_op *op, const jc_pass *pass, const jc_span *span,
                       size_t before, const float *u, size_t width, float *seen,
                       jc_error *err) JC_NODISCARD;

/* The rows of `seen` that a convolution over n tokens reads at row `at` of it, this one
 * last: -1 before the text. */
void jc_along_line(const jc_span *span, size_t before, size_t at, size_t n, long *line);

#endif
