/* SPDX-License-Identifier: MIT */
/* added.h: tokens that are found as they stand, before the text is split into words. */
#ifndef JC_ADDED_H
#define JC_ADDED_H

#include "text/vocab.h"

typedef struct jc_added_token {
    uint32_t id;
    uint32_t length;     /* of what is looked for, */
    size_t at;           /* in `patterns` */
    bool single_word;    /* only where no letter or digit touches it */
    bool lstrip, rstrip; /* takes the white space before or after it along */
    bool normalized;     /* looked for in a second pass, after normalisation */
} jc_added_token;

/* One pass: sorted by first byte, then longest first. */
typedef struct jc_added_pass {
    jc_added_token *token; /* [n] */
    size_t n, capacity;
    uint32_t first[257]; /* those of first byte b: token[first[b]..first[b + 1]) */
} jc_added_pass;

typedef struct jc_added {
    jc_bytes patterns;
    jc_added_pass pass[2]; /* [0] as written, [1] normalised */
} jc_added;

typedef struct jc_added_match {
    size_t start, stop; /* in the text */
    uint32_t id;
} jc_added_match;

void jc_added_free(jc_added *added);

/* Add one, to be found where pattern[0..n) stands. A token that is known already is kept as
 * it is; one of an empty pattern is never found. */
jc_status jc_added_add(jc_added *added, jc_vocab *vocab, const jc_added_token *token,
                       const char *pattern, size_t n, jc_error *err) JC_NODISCARD;

void jc_added_sort(jc_added *added);

/* The next one of a pass in text[*at..n), leftmost, then longest. *at moves behind it.
 * `floor`: where the match before ended. False when there is none left. */
bool jc_added_next(const jc_added *added, size_t pass, const char *text, size_t n,
                   size_t *at, size_t floor, jc_added_match *match);

/* Bytes of the longest one of a pass that text[0..n) begins with, 0 for none. */
size_t jc_added_at(const jc_added *added, size_t pass, const char *text, size_t n);

#endif
