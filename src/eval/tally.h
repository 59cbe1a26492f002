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
 *     scores = jc_tally_scores(tally, series);               for each series
 *
 * Tallies with the same seed that are fed the same texts draw the same ones again, so their
 * figures can be compared replicate by replicate.
 */
#ifndef JC_EVAL_TALLY_H
#define JC_EVAL_TALLY_H

#include "base/base.h"
#include "eval/bootstrap.h"
#include "eval/score.h"

typedef struct jc_tally jc_tally;

/* Precision@1, 5 and 10, surprisal and KL in nats: means over the rows. */
typedef struct jc_scores {
    jc_estimate p1, p5, p10, surprisal, kl;
} jc_scores;

jc_status jc_tally_new(jc_tally **out, size_t n_series, uint32_t replicates, uint64_t seed,
                       jc_error *err) JC_NODISCARD;
void jc_tally_free(jc_tally *tally); /* takes NULL */

/* Scores [n_series, rows] of whole texts, and the text of each row, owners [rows]: rows of
 * one text are neighbours with the same number. Numbers may begin anew in each call. */
jc_status jc_tally_add(jc_tally *tally, const jc_score *scores, const uint32_t *owners,
                       size_t rows, jc_error *err) JC_NODISCARD;

/* After the last text; what follows may be asked for then. */
jc_status jc_tally_end(jc_tally *tally, jc_error *err) JC_NODISCARD;

jc_scores jc_tally_scores(const jc_tally *tally, size_t series);

/* The plain mean of precision@1 over `n` series from `first` on. */
jc_estimate jc_tally_mean(const jc_tally *tally, size_t first, size_t n);

#endif
