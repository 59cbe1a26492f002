/* SPDX-License-Identifier: MIT */
/*
 * kl.h: KL(p_full || softmax(read(W h + b))) of the states of all layers, and its gradient
 * by W and b: what tuned maps are trained by (Belrose et al. 2023).
 */
#ifndef JC_FIT_KL_H
#define JC_FIT_KL_H

#include "base/base.h"
#include "jumpcut/model.h"

typedef struct jc_kl jc_kl;

/* E_UNSUPPORTED where the model's head cannot be gone through backwards. */
jc_status jc_kl_new(jc_kl **out, const jc_model *model, jc_error *err) JC_NODISCARD;
void jc_kl_free(jc_kl *kl); /* takes NULL */

/* A map of a layer to the last, and what is summed over rows: added to, not set. */
typedef struct jc_kl_layer {
    const float *weight, *bias;  /* [d, d], [d] */
    double loss;                 /* nats */
    double *by_weight, *by_bias; /* [d, d], [d]; NULL: the loss is enough */
} jc_kl_layer;

/* states [L + 1] of [rows, d], layers [L]. `tick` is called on the calling thread about
 * every tenth of a second of work (see below), and may end it. Nothing depends on the
 * number of threads. E_NUMERIC where the model's own logits are not finite; a loss that is
 * not finite is no failure. Cost: 2 d V flops a row for the model's logits, and for each
 * layer as many for the loss, or twice as many for the gradient. */
jc_status jc_kl_add(jc_kl *kl, const float *const *states, size_t rows, jc_kl_layer *layers,
                    jc_status (*tick)(void *arg, jc_error *err), void *arg,
                    jc_error *err) JC_NODISCARD;

#endif
