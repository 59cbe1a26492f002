/* SPDX-License-Identifier: MIT */
/* model.h: what an opened model holds, for the files of this room. */
#ifndef JC_MODEL_IMPL_H
#define JC_MODEL_IMPL_H

#include <threads.h>

#include "jumpcut/model.h"
#include "model/arch.h"
#include "store/store.h"

typedef struct jc_norm_weights {
    float *weight, *bias; /* [width], owned */
} jc_norm_weights;

typedef struct jc_block {
    jc_norm_weights norm1, norm2;
    jc_linear *qkv, *out, *up, *down;
    float attention_scale;
} jc_block;

/* The read-out, prepared when it is first used: a fit never needs it. */
typedef struct jc_head {
    mtx_t lock;
    bool lock_ready;
    jc_linear *unembed; /* NULL until then */
} jc_head;

struct jc_model {
    jc_model_info info; /* its strings point into the members below */
    char *path;
    char fingerprint[33];
    jc_store *store;
    const jc_arch *arch;
    jc_hparams hp;
    const jc_backend *backend;
    jc_precision precision;
    const jc_tensor *tokens, *positions; /* read where they lie, row by row */
    const jc_tensor *unembed;            /* the head's, or the token embedding */
    jc_block *blocks;                    /* [layers]; NULL when only inspected */
    jc_norm_weights final;
    jc_head *head;
};

jc_status jc_hparams_read(jc_hparams *hp, const jc_arch *arch, const jc_config *config,
                          jc_error *err) JC_NODISCARD;

/* Find every tensor of the architecture, check its shape, and count parameters; fills
 * `tokens`, `positions`, `unembed` and info. */
jc_status jc_weights_check(jc_model *model, jc_error *err) JC_NODISCARD;
/* Prepare the blocks and the final norm. */
jc_status jc_weights_load(jc_model *model, jc_error *err) JC_NODISCARD;
void jc_weights_release(jc_model *model);

/* A linear layer over a tensor. `bias` may be NULL. */
jc_status jc_weights_linear(jc_linear **out, const jc_model *model, const jc_tensor *weight,
                            bool in_out, const float *bias, jc_act act, bool add,
                            jc_error *err) JC_NODISCARD;

#endif
