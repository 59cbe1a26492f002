/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_SEQUENCE_H
#define JUMPCUT_SEQUENCE_H

/**
 * @file jumpcut/sequence.h
 * Sequences: texts being run a few tokens at a time, with their keys and values.
 *
 * A sequence belongs to one thread at a time. Rows are run by a session:
 * jc_session_extend().
 */

#include "jumpcut/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A text being run, with keys and values of its tokens for every block. */
typedef struct jc_seq jc_seq;

typedef struct jc_seq_params {
    size_t size;
    uint32_t room;  /* tokens, with those of drafts; 0: the model's context */
    const char *kv; /* type of keys and values: "f32", "f16"; NULL: "f32" */
} jc_seq_params;

#define jc_seq_params_init(p) jc_option_defaults((p), sizeof *(p), NULL, 0)

/** Bytes that a sequence with these params takes. 0: the params or the model are wrong. */
JC_API uint64_t jc_seq_bytes(const jc_model *model, const jc_seq_params *params);

/** An empty sequence of a decoder. params NULL means all defaults. E_UNSUPPORTED for an
 *  encoder, in which a new token changes the states before it. The model is borrowed. */
JC_API jc_status jc_seq_new(jc_seq **out, const jc_model *model,
                            const jc_seq_params *params, jc_error *err) JC_NODISCARD;
JC_API void jc_seq_free(jc_seq *seq);

/** Tokens that are in, and the most that fit. */
JC_API size_t jc_seq_length(const jc_seq *seq);
JC_API size_t jc_seq_room(const jc_seq *seq);

/** Drop all tokens from `length` on; longer than the sequence: nothing changes. */
JC_API void jc_seq_truncate(jc_seq *seq, size_t length);

/** A copy, which from then on changes on its own. */
JC_API jc_status jc_seq_fork(jc_seq **out, const jc_seq *seq, jc_error *err) JC_NODISCARD;

/** Keep rows path[0 .. n), ascending, of the last pass, whose rows for this sequence were a
 *  tree, and drop its other rows. E_ARG for a path that is not one. */
JC_API jc_status jc_seq_commit(jc_seq *seq, const uint32_t *path, size_t n,
                               jc_error *err) JC_NODISCARD;

/** Tokens to be run behind a sequence. */
typedef struct jc_feed {
    jc_seq *seq;
    const uint32_t *ids; /* [n] */
    size_t n;
    /** NULL: one token after another, which become part of the sequence. Otherwise a tree:
     *  the index in 0..n-1, before its own, of the token before each, or -1 for the
     *  sequence's last; none becomes part until jc_seq_commit(). [n] */
    const int32_t *parents;
} jc_feed;

/** How a pass does its arithmetic. */
typedef enum jc_pass_kind {
    /** For many rows: prompts. Quantised weights round x to 16 bits, as in a step. */
    JC_PASS_PREFILL,
    /** Each weight is read once for all rows, for 1 to about 32 of them. A row's bits
     * depend on the tokens of its sequence up to it and on nothing else: one pass over k
     * rows gives the bits of k passes over one. */
    JC_PASS_STEP
} jc_pass_kind;

/** Run the rows of all feeds in one pass. *h [rows, width], in the order of feeds, are the
 *  states after the last block, valid until the session's next call. After a failure no
 *  sequence has changed, but a tree that waits to be committed may be lost. E_ARG where a
 *  sequence is full, twice among the feeds, or of another model; E_NUMERIC where a state is
 *  not finite. */
JC_API jc_status jc_session_extend(jc_session *session, const jc_feed *feeds,
                                   size_t n_feeds, jc_pass_kind kind, const float **h,
                                   jc_error *err) JC_NODISCARD;

/** Logits of the last pass's rows [first, first + n), by the same arithmetic as the pass:
 *  logits [n, vocab]. */
JC_API jc_status jc_session_logits(jc_session *session, size_t first, size_t n,
                                   float *logits, jc_error *err) JC_NODISCARD;

#ifdef __cplusplus
}
#endif
#endif
