/* SPDX-License-Identifier: MIT */
/* undo.h: how the names of tokens become a text again: steps over the list of them. */
#ifndef JC_UNDO_H
#define JC_UNDO_H

#include "text/pattern.h"

typedef enum jc_undo_kind {
    JC_UNDO_BYTE_LEVEL,   /* characters to the bytes they stand for */
    JC_UNDO_REPLACE,      /* a pattern by a text, in each token */
    JC_UNDO_FALLBACK,     /* runs of "<0x0A>" to what their bytes are */
    JC_UNDO_FUSE,         /* all tokens to one */
    JC_UNDO_STRIP,        /* characters off the ends of each token */
    JC_UNDO_SPACES,       /* signs to spaces, but for the first */
    JC_UNDO_WORDPIECE,    /* words with spaces between */
    JC_UNDO_SENTENCEPIECE /* all that the sentencepiece package does */
} jc_undo_kind;

typedef struct jc_undo_step {
    jc_undo_kind kind;
    jc_pattern *pattern; /* owned: of REPLACE */
    char *text;          /* [n_text], owned: what it puts; the sign of SPACES; what STRIP
                            takes off; the prefix of tokens inside words */
    size_t n_text;
    size_t start, stop; /* of STRIP: so many at most */
    bool first;         /* of SPACES: the sign that the text begins with is dropped. Of
                           SENTENCEPIECE: the first space of the text is */
    bool extra;         /* and all others before the first word */
    char *unknown;      /* owned: what the unknown token is written as */
} jc_undo_step;

typedef struct jc_undo {
    jc_undo_step *step; /* [n]; of none, tokens have spaces between */
    size_t n, capacity;
} jc_undo;

struct jc_tokenizer;

jc_status jc_undo_add(jc_undo *undo, jc_undo_step *step, jc_error *err) JC_NODISCARD;
void jc_undo_free(jc_undo *undo);

/* Where the ids stand. */
typedef enum jc_undo_place {
    JC_UNDO_WHOLE, /* they are the whole text, or its beginning */
    JC_UNDO_AFTER, /* other tokens, whose text is not empty, come before them */
    JC_UNDO_ALONE  /* a token for display: nothing is dropped before it or put there */
} jc_undo_place;

/* Append the text of ids that all have a token. */
jc_status jc_undo_run(const struct jc_tokenizer *t, const uint32_t *ids, size_t n,
                      jc_undo_place place, jc_bytes *text, jc_error *err) JC_NODISCARD;

/* Whether a text can be decoded in parts, of which each is the text of its own tokens. With
 * `*runs`, tokens that name bytes ("<0x0A>") belong to one part with their neighbours. */
bool jc_undo_in_parts(const jc_undo *undo, bool *runs);

/* "decoder" of tokenizer.json, or null. */
jc_status jc_undo_read(jc_undo *undo, const json_t *object, const char *path,
                       jc_error *err) JC_NODISCARD;

#endif
