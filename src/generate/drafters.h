/* SPDX-License-Identifier: MIT */
/*
 * drafters.h: drafters guess which tokens may follow a text. A guess never changes what is
 * written, only how many tokens a pass gives.
 *
 * A drafter says how sure it is by the class of a guess. What a class is worth is learnt
 * while text is written: from every place that the text has reached, the guesses that were
 * made there are counted, right and wrong.
 */
#ifndef JC_DRAFTERS_H
#define JC_DRAFTERS_H

#include "generate/draw.h"
#include "jumpcut/generate.h"

enum {
    JC_GUESSES = 8,                     /* most that a drafter makes at a place */
    JC_GUESS_CLASSES = 32,              /* of a drafter */
    JC_SIGNS = 2 * JC_GUESS_CLASSES + 1 /* what a drafter may say of a candidate: worth.h */
};

typedef struct jc_guess {
    uint32_t id;
    uint32_t class;
} jc_guess;

/* The drafts of a tree so far as rows of a pass behind their sequence. */
typedef struct jc_tree_rows {
    struct jc_seq *seq; /* all of the text but its last token, which is row 0 */
    size_t n;
    uint32_t node[32], ids[32]; /* their numbers in the tree, ascending; tokens */
    int32_t parents[32];        /* rows; -1 of row 0 */
} jc_tree_rows;

/* A place in a tree of drafts. */
typedef struct jc_place_at {
    const uint32_t *ids; /* [n], n >= 1: the end of the text so far, and drafts */
    size_t n;
    size_t position;     /* of ids[n - 1] in its sequence */
    double temperature;  /* of the draw after it; 0: the likeliest token is taken */
    double u;            /* the number that decides the draw; below 0: it is not used */
    const float *before; /* [width]: last state of the token before ids[n - 1], or NULL */
    float *state; /* [width]: that of ids[n - 1], as the drafter guesses it; or NULL */
    const jc_tree_rows *rows; /* of the tree; NULL: no drafter wants them */
    size_t row;               /* this place */
} jc_place_at;

/* What a pass has told of a token: its best next ones. */
typedef struct jc_seen {
    uint32_t id;
    uint32_t next[JC_GUESSES]; /* [n], best first */
    float p[JC_GUESSES];
    size_t n; /* 0: the logits were not finite */
} jc_seen;

typedef struct jc_draft_setup {
    const jc_model *model;
    const jc_shortcut *shortcut; /* or NULL */
    const uint32_t *frequent;    /* [n_frequent]: the most frequent tokens first; or none */
    size_t n_frequent;
    uint32_t layer;       /* E of "exit:E" */
    const uint32_t *text; /* [n_text]: for n-grams of another text; or none */
    size_t n_text;
} jc_draft_setup;

typedef struct jc_drafter {
    const char *name;
    const char *about;
    const float *odds; /* [JC_SIGNS]: what is known of guesses before the first: worth.h */
    /* NULL: it needs no memory of its own */
    jc_status (*open)(void **state, const jc_draft_setup *setup, jc_error *err);
    void (*close)(void *state); /* takes NULL */
    /* Whether open() can succeed; NULL: always. */
    bool (*ready)(const jc_draft_setup *setup);
    /* Guess after each of n places: guesses [n, JC_GUESSES], n_guesses [n]. */
    jc_status (*guess)(void *state, const jc_place_at *at, size_t n, jc_guess *guesses,
                       size_t *n_guesses, jc_error *err);
    void (*learn)(void *state, const jc_seen *seen); /* NULL: it does not */
    bool states; /* jc_place_at.before and .state are wanted */
    bool layer;  /* its name ends with ":E", a block; "auto" does not take it */
    /* Of a drafter that runs blocks: *blocks that the rows have been through, whose keys
     * and values are in the sequence, with their states h [n, width]; 0: none. NULL: 0. */
    jc_status (*begun)(void *state, const jc_tree_rows *rows, float *h, uint32_t *blocks,
                       jc_error *err);
} jc_drafter;

enum { JC_MIX = 6 };

typedef struct jc_drafter_named {
    const jc_drafter *of;
    uint32_t layer; /* 0: its name has none */
} jc_drafter_named;

/* Drafters of "a+b:3", or of "auto": all that are ready. */
jc_status jc_drafters_find(jc_drafter_named found[JC_MIX], size_t *n, const char *names,
                           const jc_draft_setup *setup, jc_error *err) JC_NODISCARD;

/* A class for the r-th best guess of a drafter that thinks its probability is p. */
uint32_t jc_class_of(float p, size_t r);

#endif
