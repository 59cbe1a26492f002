/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_GENERATE_H
#define JUMPCUT_GENERATE_H

/**
 * @file jumpcut/generate.h
 * Tokens that a model writes: after a prompt, or whole texts as a corpus where there is
 * none.
 *
 * The token at a position of a sequence depends on the tokens before it and on a random
 * number that seed, sequence and position name. So neither the other sequences nor the
 * number of threads changes what is written.
 */

#include "jumpcut/model.h"
#include "jumpcut/samples.h"
#include "jumpcut/sequence.h"
#include "jumpcut/shortcut.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How a model is run with its shortcuts; see jumpcut/policy.h. */
typedef struct jc_policy jc_policy;

/* ---- after prompts ---- */

enum { JC_DRAFT_DEPTHS = 16, JC_EXIT_POINTS = 64 };

/** Work of one kind: how often, for one token each time; and what it takes. */
typedef struct jc_exit_work {
    uint64_t n;
    double flops; /* a multiplication and an addition are two */
    double bytes; /* of weights: once per pass; of keys and values: per token */
} jc_exit_work;

/** What a call of jc_generate() has done; with drafts, how well they served. Begin with
 *  jc_generate_stats_init(). */
typedef struct jc_generate_stats {
    size_t size;
    uint64_t tokens; /* written */
    uint64_t passes;
    uint64_t turns;    /* passes of each sequence, added up: tokens / turns is the gain */
    uint64_t drafted;  /* tokens that were run as drafts */
    uint64_t accepted; /* of these, written */
    /** Turns in which the first k drafts were right, and those of them in which the next
     *  one was right, too. */
    uint64_t reached[JC_DRAFT_DEPTHS], foreseen[JC_DRAFT_DEPTHS];
    /** Without the reading of prompts. The last one is of draws, and of what drafters learn
     *  from read-outs. */
    double draft_seconds, pass_seconds, readout_seconds, draw_seconds;
    /** With exits: after which blocks, and how many tokens left there; left[exit_points]
     *  are those that ran all blocks. */
    uint32_t exit_points, exit_at[JC_EXIT_POINTS];
    uint64_t left[JC_EXIT_POINTS + 1];
    /** What was done; keys and values of skipped blocks are `fills`. `plain` is what the
     *  full model would have done for these tokens. */
    jc_exit_work blocks, maps, readouts, fills, plain;
    /** With drafts: steps with them, and steps without among these, which are there to tell
     *  what drafts gain: tokens a second of the first by those of the second. Without the
     *  first step, which prepares weights. */
    double with_seconds, without_seconds;
    uint64_t with_tokens, without_tokens;
} jc_generate_stats;

#define jc_generate_stats_init(p) jc_option_defaults((p), sizeof *(p), NULL, 0)

typedef struct jc_generate_params {
    size_t size;
    uint32_t tokens;       /* most that a sequence gets; 0: until the context is full */
    double temperature;    /* 0: always the token with the largest logit */
    uint32_t top_k;        /* draw among the so many most likely tokens; 0: among all */
    double top_p;          /* among the fewest that have this probability; 1: among all */
    double min_p;          /* among those at least this times as likely as the first */
    double repeat_penalty; /* of tokens that are there already; 1: none */
    uint64_t seed;
    const char *kv;       /* type of keys and values: "f32", "f16" */
    const uint32_t *ends; /* [n_ends]: tokens that end a sequence; borrowed for the call */
    size_t n_ends;
    bool logprobs;         /* tell the log-probability of each token */
    const jc_hooks *hooks; /* progress is reported between passes */
    /** Drafters, by name: "none", "auto", or one or several joined by '+', as
     *  "ngram+recycle". They guess tokens, a pass runs them all, and those that the model
     *  would have written anyway are written at once. The text is the same, bit for bit. */
    const char *draft;
    uint32_t draft_nodes;        /* drafts of a sequence in a pass; 0: by their cost */
    const jc_shortcut *shortcut; /* with the map that "context" needs; borrowed */
    /** Tokens that "context" chooses among, the most frequent first; none: the first of the
     *  vocabulary. [n_frequent], borrowed */
    const uint32_t *frequent;
    size_t n_frequent;
    jc_generate_stats *stats; /* NULL: not wanted; filled, even after a failure */
    /** A gate, by name: "none", "gap", ... At exit points it looks at the state that a map
     *  of `shortcut` makes of the token's own; where it opens, the token is drawn from that
     *  state and the later blocks are not run. The text is no longer the full model's. */
    const char *exit;
    const char *exit_at;   /* blocks, ascending: "3,6,9"; NULL: chosen by cost */
    double exit_threshold; /* lambda of the gate; 0: the gate's own */
    const char *kv_fill;   /* keys and values of skipped blocks: "defer", "mat", "copy" */
    /** What a policy says of exits or drafts takes the place of the members above; it must
     *  be of this model and of `shortcut`. NULL: none; borrowed */
    const jc_policy *policy;
    bool measure; /* with drafts: a fifth of the steps without them, for the stats */
    /** A text whose n-grams "corpus" looks up. [n_draft_text], borrowed */
    const uint32_t *draft_text;
    size_t n_draft_text;
} jc_generate_params;

#define jc_generate_params_init(p)                                                         \
    do {                                                                                   \
        size_t jc_n_;                                                                      \
        const jc_option *jc_rows_ = jc_generate_options(&jc_n_);                           \
        jc_option_defaults((p), sizeof *(p), jc_rows_, jc_n_);                             \
    } while (0)
JC_API const jc_option *jc_generate_options(size_t *n_rows);

/** The tokens that end what the model writes, for `ends`: `eos_token_id` of a folder's
 *  generation_config.json, otherwise of config.json; of a GGUF file the ends of text, turn
 *  and message, and tokens named as chat templates name these; and, unless it is NULL, the
 *  tokenizer's "eos". Previous contents of `ends` are lost. E_FORMAT where one of these
 * files is damaged. */
JC_API jc_status jc_model_ends(const jc_model *model, const jc_tokenizer *tokenizer,
                               jc_ids *ends, jc_error *err) JC_NODISCARD;

/** The i-th drafter's name, and what it guesses; NULL past the last. Static. */
JC_API const char *jc_drafter_name(size_t i);
JC_API const char *jc_drafter_about(size_t i);

/** The same of gates, and of ways to fill in keys and values. */
JC_API const char *jc_gate_name(size_t i);
JC_API const char *jc_gate_about(size_t i);
JC_API const char *jc_fill_name(size_t i);
JC_API const char *jc_fill_about(size_t i);

/** Why a sequence ends with a token. */
typedef enum jc_end {
    JC_END_NOT,    /* it is not at its end */
    JC_END_TOKEN,  /* the token is one that ends a sequence */
    JC_END_TOKENS, /* as many as were asked for */
    JC_END_CONTEXT /* the context of the model is full; a note says so, too */
} jc_end;

typedef struct jc_token {
    size_t sequence; /* index of its prompt */
    size_t position; /* in the sequence, that of the prompt's first token being 0 */
    uint32_t id;
    double logprob; /* ln of its probability in the model's own distribution, without any
                       filter; 0 unless it was asked for */
    jc_end end;
    uint32_t layer; /* the block after which it left the model; L: it ran all of them */
} jc_token;

/** Called for each token as it comes, in the thread of the caller. False ends the sequence
 *  with this token. */
typedef bool jc_token_fn(void *arg, const jc_token *token);

typedef struct jc_prompt {
    const uint32_t *ids; /* [n] */
    size_t n;            /* 1..context - 1 */
} jc_prompt;

/** Bytes that the keys and values of these prompts will take. 0: the arguments are wrong.
 */
JC_API uint64_t jc_generate_bytes(const jc_model *model, const jc_prompt *prompts,
                                  size_t n_prompts, const jc_generate_params *params);

/** Continue n_prompts prompts of a decoder side by side, each as sequence 0, 1, ... of the
 *  seed. params NULL means all defaults. E_ARG for a prompt that is empty, fills the
 *  context, or has an id outside the vocabulary; E_NOMEM, before anything is taken, where
 *  keys and values need more memory than is free; E_CANCELLED when the hooks say stop. */
JC_API jc_status jc_generate(const jc_model *model, const jc_prompt *prompts,
                             size_t n_prompts, const jc_generate_params *params,
                             jc_token_fn *token, void *arg, jc_error *err) JC_NODISCARD;

/** A prompt and what was written after it. */
typedef struct jc_compared {
    const uint32_t *ids; /* [n] */
    size_t n_prompt, n;
} jc_compared;

/** Texts that were written with exits, beside the full model. Begin with
 *  jc_comparison_init(). Of `tokens`: */
typedef struct jc_comparison {
    size_t size;
    uint64_t tokens;     /* behind the prompts */
    uint64_t same_next;  /* the full model would have written them after the same text */
    uint64_t same_place; /* its own text after the prompt has them at the same place */
    uint64_t same_from_start; /* the same, and all before them */
    uint64_t plain_tokens;    /* in its own text, which took this time from first to last */
    double plain_seconds;
} jc_comparison;

#define jc_comparison_init(p) jc_option_defaults((p), sizeof *(p), NULL, 0)

/** Compare texts, the k-th of which jc_generate() wrote as sequence k with these params,
 *  with the full model's: one text by it of the same length, and one reading of each. */
JC_API jc_status jc_generate_compare(jc_comparison *out, const jc_model *model,
                                     const jc_compared *texts, size_t n,
                                     const jc_generate_params *params,
                                     jc_error *err) JC_NODISCARD;

/** Bytes a second that all threads together read from memory, measured in about 0.2 s: the
 *  bound of a step, which reads every weight once. 0 where memory is short. */
JC_API double jc_memory_rate(void);

/* ---- where a text stops ---- */

/** Watches the text of a sequence, piece by piece, for strings that stop it. */
typedef struct jc_stopper jc_stopper;

/** E_ARG where a string is empty. They are copied. */
JC_API jc_status jc_stopper_new(jc_stopper **out, const char *const *strings,
                                size_t n_strings, jc_error *err) JC_NODISCARD;
JC_API void jc_stopper_free(jc_stopper *stopper);

/** Take the next piece of the text. (*out)[0..*n_out) may be shown now, valid until the
 * next call: what could be the beginning of a stop string is held back. *stopped is set
 * where a string was found; the text ends before it, and later pieces are not shown. */
JC_API jc_status jc_stopper_push(jc_stopper *stopper, const char *text, size_t n,
                                 const char **out, size_t *n_out, bool *stopped,
                                 jc_error *err) JC_NODISCARD;

/** What is still held back, where the text has ended without a stop string. */
JC_API void jc_stopper_end(jc_stopper *stopper, const char **out, size_t *n_out);

/* ---- texts without a prompt ---- */

/** Texts that a model writes itself, many at a time. Text i depends on the seed and i
 *  alone. */
typedef struct jc_self_text jc_self_text;

typedef struct jc_self_text_params {
    size_t size;
    uint64_t self_text;   /* number of texts */
    uint32_t self_tokens; /* longest text; the model's context is a bound too */
    double temperature;   /* of the draw; 1 is the model's own distribution */
    uint64_t seed;        /* set by the program from its --seed */
} jc_self_text_params;

#define jc_self_text_params_init(p)                                                        \
    do {                                                                                   \
        size_t jc_n_;                                                                      \
        const jc_option *jc_rows_ = jc_self_text_options(&jc_n_);                          \
        jc_option_defaults((p), sizeof *(p), jc_rows_, jc_n_);                             \
    } while (0)
JC_API const jc_option *jc_self_text_options(size_t *n_rows);

/** `start` is the token a text begins after (the tokenizer's "bos"), which is not part of
 *  it; -1 draws the first token uniformly. `end` is the token that ends a text, or -1. The
 *  model is borrowed until free. */
JC_API jc_status jc_self_text_new(jc_self_text **out, const jc_model *model, int64_t start,
                                  int64_t end, const jc_self_text_params *params,
                                  jc_error *err) JC_NODISCARD;
JC_API void jc_self_text_free(jc_self_text *self);

/** The next text, for jc_samples_from_source(); `self` is a jc_self_text. */
JC_API jc_status jc_self_text_next(void *self, jc_ids *ids, jc_error *err) JC_NODISCARD;

#ifdef __cplusplus
}
#endif
#endif
