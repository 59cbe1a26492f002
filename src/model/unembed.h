/* SPDX-License-Identifier: MIT */
/* unembed.h: the numbers of a decoder's read-out, for who weighs errors by it or trains
 * through it. */
#ifndef JC_UNEMBED_H
#define JC_UNEMBED_H

#include "base/base.h"
#include "jumpcut/model.h"

/* Rows first .. first + n of the unembedding [vocab, width], as they are used.
 * E_UNSUPPORTED where the head is more than a norm and the unembedding. */
jc_status jc_unembed_rows(const jc_model *model, size_t first, size_t n, float *out,
                          jc_error *err) JC_NODISCARD;

/* The final norm's weight [width]; NULL: there is none. */
const float *jc_unembed_scale(const jc_model *model);

/* What stands between the last block and the head: the norm's weight and bias [width], NULL
 * where it has none. False: the model has no final norm. */
bool jc_final_norm(const jc_model *model, const float **weight, const float **bias);

/* out [n, width] = the final norm of states h [n, width]. */
jc_status jc_final_norm_run(const jc_model *model, const float *h, size_t n, float *out,
                            jc_error *err) JC_NODISCARD;

#endif
