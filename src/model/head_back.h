/* SPDX-License-Identifier: MIT */
/* head_back.h: the read-out of a decoder the other way: what a change of the logits asks of
 * the state. For who trains through it. */
#ifndef JC_HEAD_BACK_H
#define JC_HEAD_BACK_H

#include "base/base.h"
#include "jumpcut/model.h"

typedef struct jc_head_back jc_head_back; /* read-only once made; shared by threads */

/* E_UNSUPPORTED where the head is more than a norm and an unembedding. It holds a float32
 * copy of the unembedding. */
jc_status jc_head_back_new(jc_head_back **out, const jc_model *model,
                           jc_error *err) JC_NODISCARD;
void jc_head_back_free(jc_head_back *back); /* takes NULL */

/* States h [n, width] have the logits z [n, vocab], and a loss has the derivative dz [n,
 * vocab] by these, which is spoilt: dh [n, width] gets that by the states. Cost: 2 d V
 * flops a row. A row's bits do not depend on the others. */
jc_status jc_head_back_run(const jc_head_back *back, const float *h, const float *z,
                           float *dz, size_t n, float *dh, jc_error *err) JC_NODISCARD;

#endif
