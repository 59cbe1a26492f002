/* SPDX-License-Identifier: MIT */
/*
 * gram.h: streaming second moments of the states at all nodes of sums.
 *
 * Rows are collected into blocks of a fixed size, whatever the batches they come in, mostly
 * by the pass that makes them, which writes them where they wait;
 * a block is centred on the mean of the first one and multiplied in float32, and the
 * products are added up as whole numbers (exact.h). So the rounding error depends on the
 * block and on the spread of the states, neither on the length of the stream nor on a
 * common offset, at the speed of float32. Cost: 2 d^2 flops a row and pair, half of it for
 * (i, i).
 */
#ifndef JC_GRAM_H
#define JC_GRAM_H

#include "kernels/kernels.h"
#include "stats/exact.h"

typedef struct jc_gram jc_gram;

/* `stats` takes the sums: it continues those that it has while they are not finished.
 * Borrowed until finish. */
jc_status jc_gram_new(jc_gram **out, jc_stats *stats, const jc_backend *backend,
                      jc_error *err) JC_NODISCARD;
/* One of n that are filled together and share the room for rows that wait. */
jc_status jc_gram_new_of(jc_gram **out, jc_stats *stats, const jc_backend *backend,
                         size_t n, jc_error *err) JC_NODISCARD;
void jc_gram_free(jc_gram *gram);

/* Add rows in two steps: where `rows` more of them are to be written, to[node] [rows, d],
 * borrowed until the next call; and that the first n of those that are written and not yet
 * taken are complete. Nothing is copied, and taking may change what was written. */
jc_status jc_gram_room(jc_gram *gram, size_t rows, float *const **to,
                       jc_error *err) JC_NODISCARD;
jc_status jc_gram_take(jc_gram *gram, size_t n, jc_error *err) JC_NODISCARD;

/* Add rows: states[node] is [rows, d]. */
jc_status jc_gram_rows(jc_gram *gram, const float *const *states, size_t rows,
                       jc_error *err) JC_NODISCARD;

/* Whether rows from here on, after a cut, only serve to find the frame. */
void jc_gram_only_frame(jc_gram *gram, bool only);
/* End the block here: the sums of rows on both sides are as if gathered apart. */
jc_status jc_gram_cut(jc_gram *gram, jc_error *err) JC_NODISCARD;

/* What finishing now would give, while the gram goes on: bit for bit the sums of a gram
 * that was given the rows so far and no more, as blocks are cut by count. `texts` is not
 * set. */
jc_status jc_gram_copy(const jc_gram *gram, jc_stats **out, jc_error *err) JC_NODISCARD;

/* Turn the sums into stats' means and centred moments. The gram is spent. */
jc_status jc_gram_finish(jc_gram *gram, jc_error *err) JC_NODISCARD;

#endif
