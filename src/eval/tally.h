/* SPDX-License-Identifier: MIT */
/*
 * tally.h: the scores of any number of series, with 95% intervals by resampling texts.
 *
 * A series is whatever is read out once for every row: a method at a layer, a part that is
 * replaced, a schedule of blocks. All series of a tally see the same rows.
 *
 *     jc_tally_new(&tally, n_series, replicates, seed, err);
 *     jc_tally_add(tally, scores, owners, rows, err);        for each batch of whole texts
 *     jc_tally_end(tally, err);
 *     jc_tally_write(tally, series, object);                 for each series
 *
 * Tallies with the same seed that are fed the same texts draw the same ones again, so their
 * figures can be compared replicate by replicate.
 */
#ifndef JC_EVAL_TALLY_H
#define JC_EVAL_TALLY_H

#include <jansson.h>

#include "base/base.h"
#include "eval/score.h"

typedef struct jc_tally jc_tally;

jc_status jc_tally_new(jc_tally **out, size_t n_series, uint32_t replicates, uint64_t seed,
                       jc_error *err) JC_NODISCARD;
void jc_tally_free(jc_tally *tally); /* takes NULL */

/* Scores [n_series, rows] of whole texts, and the text of each row, owners [rows]: rows of
 * one text are neighbours with the same number. Numbers may begin anew in each call. */
jc_status jc_tally_add(jc_tally *tally, const jc_score *scores, const uint32_t *owners,
                       size_t rows, jc_error *err) JC_NODISCARD;

/* After the last text; what follows may be asked for then. */
jc_status jc_tally_end(jc_tally *tally, jc_error *err) JC_NODISCARD;

/* Set the members p1, p5, p10, surprisal and kl of `object`, and p1_ci, p5_ci, p10_ci,
 * surprisal_ci and kl_ci: [low, high], or null where there is no interval. What is not
 * finite is null. False when memory is short, or object is NULL. */
bool jc_tally_write(const jc_tally *tally, size_t series, json_t *object) JC_NODISCARD;

/* A list of objects, one for each layer 0 .. taps - 1: "layer", and jc_tally_write() of
 * series first + layer. NULL when memory is short. */
json_t *jc_tally_layers(const jc_tally *tally, size_t first, uint32_t taps);

/* Set p1 and p1_ci of `object`, the plain mean of precision@1 over `n` series from `first`
 * on. */
bool jc_tally_write_mean(const jc_tally *tally, size_t first, size_t n,
                         json_t *object) JC_NODISCARD;

#endif
