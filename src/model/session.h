/* SPDX-License-Identifier: MIT */
/* session.h: running texts, for the rooms above that need more than the public calls. */
#ifndef JC_SESSION_H
#define JC_SESSION_H

#include "base/base.h"
#include "jumpcut/model.h"

/* Keys and values of texts that are being written, a token at a time. */
typedef struct jc_cache jc_cache;

/* For n texts side by side, each empty, with room for `length` tokens. The model must be a
 * decoder: in an encoder a new token changes the states before it. */
jc_status jc_cache_new(jc_cache **out, const jc_model *model, size_t n, size_t length,
                       jc_error *err) JC_NODISCARD;
void jc_cache_free(jc_cache *cache);

/* Append ids[i] to text i, for all i < n, and give the states of the new tokens after the
 * last block: *h is [n, width], valid until the session's next call. E_ARG when the
 * cache is full. */
jc_status jc_session_step(jc_session *session, jc_cache *cache, const uint32_t *ids,
                          const float **h, jc_error *err) JC_NODISCARD;

#endif
