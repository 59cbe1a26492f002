/* SPDX-License-Identifier: MIT */
/* session.h: running texts, for the rooms above that need more than the public calls. */
#ifndef JC_SESSION_H
#define JC_SESSION_H

#include "base/base.h"
#include "jumpcut/model.h"
#include "model/parts.h"

/* How many threads work with the model; see JC_USE_THREADS(). */
uint32_t jc_model_threads(const jc_model *model); /* 1 of NULL */

/* E_ARG when it is NULL, or was only inspected. */
jc_status jc_model_ready(const jc_model *model, jc_error *err) JC_NODISCARD;

/* Where the states of the next run go as its slices reach a tap: to[i] is [rows, width], of
 * the layer taps 0..L, then of the wanted ones; NULL: nobody wants them. Borrowed until the
 * states are no longer asked for. With `to` NULL, as at first, the session keeps them. */
void jc_session_into(jc_session *session, float *const *to);

/* Experts that a token takes in block 1..L; 0: it is no mixture. */
size_t jc_model_experts(const jc_model *model, uint32_t block);
/* From the next run on, keep what the routers of these blocks choose, which are mixtures.
 */
jc_status jc_session_want_experts(jc_session *session, const uint32_t *blocks, size_t n,
                                  jc_error *err) JC_NODISCARD;
/* Of row `row` of the last run, in the i-th of them: the experts that it takes, the one
 * with the largest share first, equal ones by their number. Both are [jc_model_experts()].
 */
void jc_session_experts(const jc_session *session, size_t i, size_t row, uint32_t *experts,
                        float *shares);

/* ---- routes: other ways through the model ---- */

/* A block, some of its parts perhaps maps, or a map over several blocks. */
typedef struct jc_route_step {
    uint32_t block;            /* 1..L: this one is run; 0: none, and the map is applied */
    const jc_part_maps *parts; /* of the block; NULL: all as they are */
    const jc_linear *map;      /* [width, width]; NULL: the identity */
} jc_route_step;

/* What rows pass through after layer `from`: steps in the place of blocks from + 1..L. */
typedef struct jc_route {
    uint32_t from; /* 0..L-1 */
    const jc_route_step *steps;
    size_t n_steps;
} jc_route;

/* From the next run on, keep the states of all rows, from which routes begin. */
void jc_session_keep(jc_session *session, bool keep);

/* Run the texts of the last run again, by `route` from its layer on. *ends [rows, width]
 * are the states at their positions then, to be read out as the last layer's; valid until
 * the session's next call. Once the steps that are left do not mix positions, only the rows
 * at positions are run. */
jc_status jc_session_route(jc_session *session, const jc_route *route, const float **ends,
                           jc_error *err) JC_NODISCARD;

/* The same by all blocks after `layer`, from other states of all rows [all tokens of the
 * texts, width], in the order of the texts. */
jc_status jc_session_from(jc_session *session, uint32_t layer, const float *states,
                          const float **ends, jc_error *err) JC_NODISCARD;

#endif
