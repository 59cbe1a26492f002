/* SPDX-License-Identifier: MIT */
/*
 * validation.h: the states of some validation vectors, run once and held, so that many
 * fits can be scored on them. Memory: (L + 1) d floats a vector.
 */
#ifndef JC_STUDY_VALIDATION_H
#define JC_STUDY_VALIDATION_H

#include "base/base.h"
#include "eval/bootstrap.h"
#include "jumpcut/model.h"
#include "jumpcut/samples.h"
#include "jumpcut/shortcut.h"

typedef struct jc_validation {
    const jc_model *model; /* borrowed */
    uint32_t taps;         /* L + 1 */
    size_t width, rows;
    size_t texts;
    float **states;  /* [taps] of [rows, width] */
    size_t *room;    /* [taps]: rows that states[t] has memory for */
    uint32_t *top;   /* [rows]: the model's own first token */
    uint32_t *owner; /* [rows]: the number of its text, ascending */
    size_t top_room, owner_room;
    uint32_t bootstrap; /* replicates of intervals; set by the caller, as is their seed */
    uint64_t seed;
    /* [1 + groups, width]: of the last tap, sum of squares about the mean, of all rows and
     * of those without one group of texts each (jackknife.h) */
    double *variance;
    size_t groups;
} jc_validation;

/* Run the first `texts` of the samples. */
jc_status jc_validation_new(jc_validation **out, const jc_model *model, jc_samples *samples,
                            size_t texts, uint32_t batch, const jc_hooks *hooks,
                            jc_error *err) JC_NODISCARD;
void jc_validation_free(jc_validation *v); /* takes NULL */

/* Means over the layers 0 .. L - 1, of maps to the last one. */
typedef struct jc_fit_score {
    jc_estimate r2;
    jc_estimate p1; /* precision@1; NAN without a head */
} jc_fit_score;

/* Rows whose read-outs are made together, a part of the vocabulary at a time. */
enum { JC_VALIDATION_ROWS = 256 };

/* The first token that h [n, width] read out as, of each. */
jc_status jc_validation_tops(const jc_model *model, const float *h, size_t n, uint32_t *top,
                             jc_error *err) JC_NODISCARD;

/* The group of a row's text. */
size_t jc_validation_group(const jc_validation *v, size_t row);

jc_status jc_validation_score(const jc_validation *v, const jc_shortcut *maps,
                              jc_fit_score *score, jc_error *err) JC_NODISCARD;

#endif
