/* SPDX-License-Identifier: MIT */
/* scan.h: recurrent blocks: where what they make of a token lies, and their states. */
#ifndef JC_SCAN_H
#define JC_SCAN_H

#include "model/along.h"

/* Numbers of a row, of one head: where each part begins. A Mamba 2 head has no `beta`. */
typedef struct jc_scan_at {
    size_t query, key, value, gate, step, beta;
} jc_scan_at;

/* In what the first layer makes; and in what a sequence keeps of it: the channels of the
 * convolution, then steps. */
jc_scan_at jc_scan_made(const jc_hparams *hp, size_t head);
jc_scan_at jc_scan_kept(const jc_hparams *hp, size_t head);

/* ---- the states of a sequence ---- */

/* Of one block, in host memory. `base` is after base_at tokens; `tip`, if it holds, after
 * the rows of the last pass. Both are made of what the sequence keeps of each token: where
 * a text is cut back before them, states are made again. */
typedef struct jc_scan_state {
    float *base, *tip; /* [heads, keys, value width], owned */
    size_t base_at, tip_at;
    bool holds;
} jc_scan_state;

/* Numbers of one state; 0 where the architecture has none. */
size_t jc_scan_size(const jc_hparams *hp);
/* states [layers], NULL where there are none; must be freed. */
jc_status jc_scan_states_new(jc_scan_state **out, const jc_model *model,
                             jc_error *err) JC_NODISCARD;
void jc_scan_states_free(jc_scan_state *states, uint32_t layers);
void jc_scan_states_copy(jc_scan_state *to, const jc_scan_state *from,
                         const jc_model *model);
/* The base becomes a state from which `past` tokens can be reached: the next is token
 * base_at. */
void jc_scan_settle(jc_scan_state *state, size_t past, size_t size);
/* What is kept of tokens from `length` on becomes other tokens'. */
void jc_scan_forget(jc_scan_state *state, size_t length);

#endif
