/* SPDX-License-Identifier: MIT */
/* losses.h: what exits would do to texts at every threshold of the gate, from one reading
 * of each by the full model. With the fill 'defer' nothing that a token leaves undone
 * changes the states of later ones, so one reading is enough. */
#ifndef JC_LOSSES_H
#define JC_LOSSES_H

#include "generate/exits.h"
#include "jumpcut/samples.h"

enum { JC_LAMBDAS = 128 };

/* Sums over tokens. */
typedef struct jc_exit_sums {
    double blocks, late; /* run by tokens on their way; run later, for tokens behind */
    double flops, bytes; /* of it all, a pass for each token */
} jc_exit_sums;

typedef struct jc_exit_losses {
    double lambda[JC_LAMBDAS]; /* [n], the safest first */
    size_t n;
    double *loss; /* [n_texts, n]: the share of a text's tokens that exits change */
    size_t n_texts, capacity;
    uint64_t tokens;
    jc_exit_sums sums[JC_LAMBDAS], plain;
} jc_exit_losses;

/* Read all samples; N of the levels' decay is length / 2. What it makes must be freed, even
 * after a failure. */
jc_status jc_exit_losses_gather(jc_exit_losses *losses, const jc_exits *exits,
                                jc_samples *samples, double length, const jc_hooks *hooks,
                                jc_error *err) JC_NODISCARD;
void jc_exit_losses_free(jc_exit_losses *losses);

#endif
