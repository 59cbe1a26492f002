/* SPDX-License-Identifier: MIT */
/* speculate.h: steps of a writer with drafts: a pass runs a tree behind each text, and the
 * walk through it draws as many tokens as the drafts have foreseen, and one more. */
#ifndef JC_SPECULATE_H
#define JC_SPECULATE_H

#include "generate/tree.h"
#include "generate/writer.h"

/* What was drawn behind a text: n >= 1 tokens, of which the text may take the first ones.
 */
typedef struct jc_walk {
    size_t n;
    uint32_t id[JC_DRAFT_NODES + 1];
    double logprob[JC_DRAFT_NODES + 1];
    uint32_t row[JC_DRAFT_NODES + 1]; /* of the pass, that each was drawn from */
} jc_walk;

typedef struct jc_speculation jc_speculation;

typedef struct jc_speculation_spec {
    const char *drafters; /* "ngram+recycle" */
    size_t nodes;         /* of a tree; 0: by what a row costs and is worth */
    jc_draft_setup setup;
    const jc_draft_tuning *tuning; /* borrowed; NULL: nothing was found before */
    jc_draft_record *record; /* borrowed, or NULL; with it drafts never rest as a whole */
    bool measure;            /* jc_generate_params.measure */
    jc_generate_stats *stats;
} jc_speculation_spec;

/* For the texts of a writer, which is borrowed. */
jc_status jc_speculation_new(jc_speculation **out, jc_writer *writer,
                             const jc_speculation_spec *spec, jc_error *err) JC_NODISCARD;
void jc_speculation_free(jc_speculation *s);

/* As jc_writer_step(). */
jc_status jc_speculation_step(jc_speculation *s, size_t *left, jc_error *err) JC_NODISCARD;

/* Of text i, by the last step. */
const jc_walk *jc_speculation_walk(const jc_speculation *s, size_t i);

/* Text i, whose sequence goes on, has taken the whole walk. */
jc_status jc_speculation_keep(jc_speculation *s, size_t i, jc_error *err) JC_NODISCARD;

#endif
