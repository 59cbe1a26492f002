/* SPDX-License-Identifier: MIT */
/* vocab.h: tokens by id and by name. Both ways, read-only once filled. */
#ifndef JC_VOCAB_H
#define JC_VOCAB_H

#include "text/text.h"

/* Ids from here on are taken for damage: the largest published vocabularies have about
 * 260,000 tokens, and a table is as long as its largest id. */
#define JC_VOCAB_LIMIT (1u << 22)
#define JC_NO_TOKEN    UINT32_MAX

typedef struct jc_token {
    size_t at;       /* in `names` */
    uint32_t length; /* JC_NO_TOKEN: no token has this id */
    bool added;      /* stands for itself in texts: not of the model's own vocabulary */
    bool special;    /* no part of a text, but a sign to the model: [SEP], <s> */
} jc_token;

typedef struct jc_vocab {
    jc_bytes names;
    jc_token *token; /* [size] */
    size_t capacity;
    uint32_t size;  /* largest id + 1 */
    uint32_t *slot; /* [n_slots], a power of two: id + 1, 0 when free */
    size_t n_slots, n_tokens;
} jc_vocab;

void jc_vocab_free(jc_vocab *vocab);

/* E_FORMAT, naming `path`, when the id is taken, out of bounds, or the name known. */
jc_status jc_vocab_add(jc_vocab *vocab, const char *name, size_t length, uint64_t id,
                       const char *path, jc_error *err) JC_NODISCARD;

/* The same, but a name that is known leaves its id for this one. */
jc_status jc_vocab_put(jc_vocab *vocab, const char *name, size_t length, uint64_t id,
                       const char *path, jc_error *err) JC_NODISCARD;

/* JC_NO_TOKEN when there is none of this name. */
uint32_t jc_vocab_find(const jc_vocab *vocab, const char *name, size_t length);

/* NULL when there is none of this id. Not zero-ended. */
const char *jc_vocab_name(const jc_vocab *vocab, uint32_t id, size_t *length);

/* All of a JSON object {"token": id, ...}. */
jc_status jc_vocab_add_json(jc_vocab *vocab, json_t *object, const char *path,
                            jc_error *err) JC_NODISCARD;

#endif
