/* SPDX-License-Identifier: MIT */
/* rotary.h: rotary positions: the angle by which each pair of a head's values is turned. */
#ifndef JC_ROTARY_H
#define JC_ROTARY_H

#include "model/arch.h"

typedef struct jc_rotary {
    size_t half; /* pairs; 0 where the model has no rotary positions */
    float
        *frequencies[2]; /* [half], owned: radians a position; the second of longer texts */
    size_t longest_short; /* tokens of the longest text that takes the first */
    float scale;          /* of the turned values */
} jc_rotary;

/* For a model of so many positions. Must be released, even after a failure. */
jc_status jc_rotary_init(jc_rotary *rotary, const jc_rotary_hparams *r, uint32_t positions,
                         jc_error *err) JC_NODISCARD;
/* What YaRN multiplies the scores of latent attention by. */
double jc_rotary_latent_scale(const jc_rotary_hparams *r);
void jc_rotary_release(jc_rotary *rotary);

/* turns [2 half] = cosines and sines of a token at a position in a text of `length`. */
void jc_rotary_turns(const jc_rotary *rotary, size_t position, size_t length, float *turns);

#endif
