/* SPDX-License-Identifier: MIT */
/*
 * reading.h: states made ready to be read out some tokens of the vocabulary at a time, for
 * who keeps a few numbers of each read-out: with 262,144 tokens the logits of 64 states
 * take 67 MB. Logits are those of jc_model_readout(), bit for bit.
 */
#ifndef JC_READING_H
#define JC_READING_H

#include "base/base.h"
#include "jumpcut/model.h"

typedef struct jc_reading jc_reading; /* one thread at a time */

/* Of h [n, width], which stand for the last block's output; copied. */
jc_status jc_reading_new(jc_reading **out, const jc_model *model, const float *h, size_t n,
                         jc_error *err) JC_NODISCARD;
void jc_reading_free(jc_reading *reading); /* takes NULL */

/* Tokens at a time. */
size_t jc_reading_step(const jc_reading *reading);
/* Of states row .. row + rows, the tokens from `first` on, a multiple of the step, up to
 * the next one or the end: logits [rows, that many]. */
jc_status jc_reading_logits(jc_reading *reading, size_t row, size_t rows, size_t first,
                            float *logits, jc_error *err) JC_NODISCARD;

#endif
