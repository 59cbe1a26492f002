/* SPDX-License-Identifier: MIT */
/* continuation.h: what a model writes after prompts, as text on standard output while it
 * comes or as JSON when all is there. */
#ifndef JC_CLI_CONTINUATION_H
#define JC_CLI_CONTINUATION_H

#include "cli/cli.h"

typedef struct jc_continuation {
    jc_text_stream *stream;
    jc_stopper *stopper;
    uint32_t *ids;    /* [n] */
    double *logprobs; /* [n] */
    uint32_t *layers; /* [n]: after which block each was drawn */
    size_t n, capacity;
    char *text; /* [n_text]: what has not been printed */
    size_t n_text, text_capacity;
    size_t skip;     /* bytes of the prompt that come before what is written */
    const char *end; /* why it ended; NULL: not yet */
} jc_continuation;

/* Of all prompts. Text of several is printed one after the other, each as it comes once
 * those before it have ended. */
typedef struct jc_continuations {
    const jc_model *model;
    const jc_tokenizer *tokenizer;
    const jc_prompt *prompts;          /* [n] */
    jc_continuation *of;               /* [n] */
    size_t n, printing;                /* the one whose turn it is */
    bool json, logprobs, speed;        /* speed: measure that of memory, too */
    size_t tokens;                     /* written in all */
    bool drafts, exits;                /* some were asked for */
    const jc_generate_params *compare; /* how it was written, to be compared; or NULL */
    jc_generate_stats stats;           /* of the call, for jc_continuations_finish() */
    double start, first, last;         /* seconds: of the call, first token, last token */
    jc_ui *ui;
    jc_status status; /* of what failed while a token was taken */
    jc_error *err;
} jc_continuations;

/* The prompts are borrowed. What it makes must be freed, even after a failure. */
jc_status jc_continuations_init(jc_continuations *c, const jc_cli *cli,
                                const jc_prompt *prompts, size_t n,
                                jc_error *err) JC_NODISCARD;
void jc_continuations_free(jc_continuations *c);

/* Note the time: the work begins. */
void jc_continuations_start(jc_continuations *c);

/* A jc_token_fn; arg is a jc_continuations. */
bool jc_continuations_take(void *arg, const jc_token *token);

/* Complete what was printed, or print the JSON, and the speed to standard error where it is
 * wanted; also of what was stopped in the middle. */
jc_status jc_continuations_finish(jc_continuations *c, jc_error *err) JC_NODISCARD;

#endif
