/* SPDX-License-Identifier: MIT */
/* shortlist.h: guesses from states that stand for the last block's, among frequent tokens
 * only. */
#ifndef JC_SHORTLIST_H
#define JC_SHORTLIST_H

#include "generate/drafters.h"
#include "model/glimpse.h"

/* jc_drafter.odds of those that guess so, of the draft `context` on texts. */
extern const float jc_shortlist_odds[JC_SIGNS];

/* Zeroed at first. */
typedef struct jc_shortlist {
    uint32_t *ids; /* [n]: the tokens that are read out */
    size_t n;
    uint32_t *by_id; /* [n]: their places in ids, by ascending id */
    jc_glimpse *glimpse;
    float *logits; /* [rows, n] */
    double *below; /* [n]: probability of the tokens of lower id */
} jc_shortlist;

/* For up to `rows` states at once. */
jc_status jc_shortlist_open(jc_shortlist *list, const jc_draft_setup *setup, size_t rows,
                            jc_error *err) JC_NODISCARD;
void jc_shortlist_close(jc_shortlist *list);

/* The best tokens for each of h [rows, width], of which h[r] is of at[place[r]]: guesses
 * [places, JC_GUESSES], n_guesses [places]. None where a state is not finite. */
jc_status jc_shortlist_guess(jc_shortlist *list, const float *h, const jc_place_at *at,
                             const size_t *place, size_t rows, jc_guess *guesses,
                             size_t *n_guesses, jc_error *err) JC_NODISCARD;

#endif
