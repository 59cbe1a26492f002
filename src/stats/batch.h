/* SPDX-License-Identifier: MIT */
/* batch.h: samples taken from a stream and run together. Used by everything that goes
 * through a corpus. */
#ifndef JC_BATCH_H
#define JC_BATCH_H

#include "base/base.h"
#include "jumpcut/model.h"
#include "jumpcut/samples.h"
#include "jumpcut/stats.h"
#include "stats/share.h"

typedef struct jc_batch jc_batch;

/* `tokens` run together, 0 to choose from the model's sizes; a single longer text is run
 * all the same. Samples and model are borrowed. `stage` is for progress. */
jc_status jc_batch_new(jc_batch **out, const jc_model *model, jc_samples *samples,
                       uint32_t tokens, const char *stage, const jc_hooks *hooks,
                       jc_error *err) JC_NODISCARD;
void jc_batch_free(jc_batch *batch);

/* Hooks are asked within a batch too, and in what is done with it until the next one: see
 * jc_watch(). */
void jc_batch_watch(jc_batch *batch);

/* Tokens that are run together where nobody chooses, with `more` states kept of each beyond
 * those of the layer taps. */
size_t jc_batch_budget(const jc_model *model, size_t more);

/* jc_session_keep() for all that follow; before the first jc_batch_next(). */
void jc_batch_keep(jc_batch *batch);

/* jc_session_want() for all that follow; before the first jc_batch_next(). */
jc_status jc_batch_want(jc_batch *batch, const jc_tap *taps, size_t n,
                        jc_error *err) JC_NODISCARD;

/* From now on states are also kept at so many tokens before and after each row, where its
 * text has them; before the first jc_batch_next(). */
jc_status jc_batch_reach(jc_batch *batch, int32_t before, int32_t after,
                         jc_error *err) JC_NODISCARD;

/* Asked before each batch of `rows` rows is run: to what memory its states go, as
 * jc_session_into() has it. Not together with jc_batch_reach(). */
typedef jc_status jc_batch_place(void *arg, size_t rows, float *const **to, jc_error *err);
void jc_batch_into(jc_batch *batch, jc_batch_place *place, void *arg);

/* Take only texts of chunks that are the share's, and, until jc_batch_framed(), all; then
 * no batch goes over the end of a chunk. The share is borrowed. */
void jc_batch_share(jc_batch *batch, const jc_share *share);
void jc_batch_framed(jc_batch *batch);
/* The ranks of a team run batches in turns; of those that others run there are texts, and
 * no states. After all that is wanted was said, before the first jc_batch_next(). */
jc_status jc_batch_turns(jc_batch *batch, const jc_team *team, jc_error *err) JC_NODISCARD;

/* The chunk of a text of this batch, and where the stream is. */
uint64_t jc_batch_chunk(const jc_batch *batch, size_t text);
const jc_cutter *jc_batch_cutter(const jc_batch *batch);

/* Take the next samples, run them, report progress. `*rows` is 0 at the end of the stream.
 * The states are in jc_batch_session() until the next call. */
jc_status jc_batch_next(jc_batch *batch, size_t *rows, jc_error *err) JC_NODISCARD;

jc_session *jc_batch_session(const jc_batch *batch);
/* The states of the rows at layer tap 0..L, or at the i-th wanted tap, [rows, width]. */
const float *jc_batch_states(const jc_batch *batch, uint32_t tap);
const float *jc_batch_wanted(const jc_batch *batch, size_t i);
/* The row of the session, which has neighbours too, of the token `offset` further on than
 * row `row`; SIZE_MAX where its text has none. */
size_t jc_batch_near(const jc_batch *batch, size_t row, int32_t offset);
/* x [session's rows, width] of this batch's session -> out [rows, width]. */
void jc_batch_pick(const jc_batch *batch, const float *x, float *out);
bool jc_batch_picks(const jc_batch *batch); /* the session has other rows too */
/* Of each row: its position in its text, and its text's number in this batch. */
const uint32_t *jc_batch_positions(const jc_batch *batch);
const uint32_t *jc_batch_owners(const jc_batch *batch);
size_t jc_batch_texts(const jc_batch *batch);
const jc_text *jc_batch_text(const jc_batch *batch, size_t i);

#endif
