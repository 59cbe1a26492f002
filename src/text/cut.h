/* SPDX-License-Identifier: MIT */
/* cut.h: how a normal text is cut into the pieces that are encoded one by one: steps, each
 * of which cuts the pieces of the one before. */
#ifndef JC_CUT_H
#define JC_CUT_H

#include "text/pattern.h"

/* What becomes of what a pattern matches, and of what lies between. */
typedef enum jc_behaviour {
    JC_CUT_ISOLATED,
    JC_CUT_REMOVED,
    JC_CUT_WITH_PREVIOUS,
    JC_CUT_WITH_NEXT,
    JC_CUT_CONTIGUOUS /* neighbours of a kind are one piece */
} jc_behaviour;

typedef enum jc_cut_kind {
    JC_CUT_SPLIT,  /* at a pattern */
    JC_CUT_PREFIX, /* nothing is cut: a space before a piece that begins with none */
    JC_CUT_SPACES, /* nor here: spaces are written as `sign`, and one is put before */
    JC_CUT_BERT,   /* at white space, which is dropped, and around punctuation */
    JC_CUT_CHARS   /* nothing is cut: the steps after it see a character for each byte */
} jc_cut_kind;

typedef enum jc_prepend {
    JC_PREPEND_ALWAYS,
    JC_PREPEND_FIRST,
    JC_PREPEND_NEVER
} jc_prepend;

typedef struct jc_cut_step {
    jc_cut_kind kind;
    jc_pattern *pattern; /* owned */
    jc_behaviour behaviour;
    bool invert;        /* what the pattern does not match counts as matched */
    char sign[8];       /* zero-ended */
    jc_prepend prepend; /* `sign`, where it is not there: FIRST: where the text begins */
} jc_cut_step;

typedef struct jc_cut {
    jc_cut_step *step; /* [n] */
    size_t n, capacity;
    bool bytes; /* pieces are bytes, each of which is a token: GPT-2's ByteLevel */
    bool chars; /* there is a step JC_CUT_CHARS */
} jc_cut;

/* The step joins the list, which owns what it holds; on failure it is released. */
jc_status jc_cut_add(jc_cut *cut, jc_cut_step *step, jc_error *err) JC_NODISCARD;
/* JC_CUT_SPLIT at a regular expression of tokenizer.json (jc_pattern_regex). */
jc_status jc_cut_add_regex(jc_cut *cut, const char *regex, jc_behaviour behaviour,
                           const char *path, jc_error *err) JC_NODISCARD;
/* What GPT-2 does: its own pattern. Sets `bytes`. */
jc_status jc_cut_add_gpt2(jc_cut *cut, jc_error *err) JC_NODISCARD;
/* The step JC_CUT_PREFIX is the first one, or there is none. */
jc_status jc_cut_set_prefix(jc_cut *cut, bool on, jc_error *err) JC_NODISCARD;
void jc_cut_free(jc_cut *cut);

typedef jc_status jc_cut_fn(void *arg, const char *piece, size_t n, jc_error *err);

/* Give the pieces of text[0..n), none of them empty. `first`: the text is where the whole
 * text begins. */
jc_status jc_cut_run(const jc_cut *cut, const char *text, size_t n, bool first,
                     jc_cut_fn *give, void *arg, jc_error *err) JC_NODISCARD;

/* "pre_tokenizer" of tokenizer.json, or null. */
jc_status jc_cut_read(jc_cut *cut, const json_t *object, const char *path,
                      jc_error *err) JC_NODISCARD;
/* "prepend_scheme" of Metaspace. */
jc_status jc_prepend_read(const json_t *object, const char *path, jc_prepend *prepend,
                          jc_error *err) JC_NODISCARD;

#endif
