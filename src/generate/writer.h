/* SPDX-License-Identifier: MIT */
/* writer.h: sequences that are written side by side: every pass runs the last token of each
 * and draws the next one. */
#ifndef JC_WRITER_H
#define JC_WRITER_H

#include "generate/draw.h"
#include "jumpcut/sequence.h"
#include "jumpcut/tokenizer.h"

typedef struct jc_written {
    uint64_t number; /* names its draws */
    jc_seq *seq;     /* all of ids but the last; NULL once the sequence has ended */
    uint32_t room;   /* of it */
    jc_ids ids;      /* the prompt, at least one token, and what was drawn since */
    bool again;      /* the prompt is that of the text before */
    uint32_t next;   /* drawn by the last step; the caller takes it in */
    double logprob;  /* of `next`, with jc_writer.logprobs */
    uint32_t layer;  /* that `next` was drawn after; 0: the last */
} jc_written;

typedef struct jc_writer {
    const jc_model *model;
    jc_session *session;
    jc_pass_kind kind; /* arithmetic of the steps */
    jc_sampling sampling;
    uint64_t seed;
    bool logprobs;
    jc_written *text; /* [n] */
    size_t n;
    jc_feed *feeds;      /* [n] */
    size_t *running;     /* [n]: index of the text of each feed */
    float *logits;       /* [JC_LOGIT_ROWS or n, vocab] */
    jc_draw_room *rooms; /* [n_rooms]: of so many draws at once */
    size_t n_rooms;
    size_t first, n_drawn; /* of the running texts, whose logits are there */
} jc_writer;

enum {
    JC_LOGIT_ROWS = 64,   /* rows read out together */
    JC_PREFILL_ROWS = 512 /* rows of a prompt run together */
};

/* n sequences without tokens; n_rooms threads draw. What it makes must be freed, even after
 * a failure. */
jc_status jc_writer_init(jc_writer *writer, const jc_model *model, size_t n, size_t n_rooms,
                         jc_error *err) JC_NODISCARD;
void jc_writer_free(jc_writer *writer);

/* Give text i its prompt and an empty sequence with room for `room` tokens. Where it has
 * prompt and room of the text before, it gets a copy of that sequence by the prefill. */
jc_status jc_writer_begin(jc_writer *writer, size_t i, const uint32_t *ids, size_t n,
                          uint32_t room, const char *kv, jc_error *err) JC_NODISCARD;
void jc_writer_end(jc_writer *writer, size_t i);

/* Run the prompts, all tokens but the last of each. A prompt is cut at multiples of
 * JC_PREFILL_ROWS, so its bits do not depend on the others. */
jc_status jc_writer_prefill(jc_writer *writer, const jc_hooks *hooks,
                            jc_error *err) JC_NODISCARD;

/* Run the last token of every text that has not ended, and draw the next one of each.
 * *left is the number of those texts. */
jc_status jc_writer_step(jc_writer *writer, size_t *left, jc_error *err) JC_NODISCARD;

/* Draw the next token of text i from logits [vocab] of its last one. */
jc_status jc_writer_draw(const jc_writer *writer, size_t i, const float *logits,
                         jc_draw_room *room, jc_error *err) JC_NODISCARD;

/* Take in what was drawn for text i. */
jc_status jc_writer_take(jc_writer *writer, size_t i, jc_error *err) JC_NODISCARD;

#endif
