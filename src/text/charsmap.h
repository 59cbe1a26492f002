/* SPDX-License-Identifier: MIT */
/* charsmap.h: what sentencepiece calls a precompiled charsmap: a table of strings and what
 * each is replaced by, as a trie of bytes (a double array) and a block of texts. */
#ifndef JC_CHARSMAP_H
#define JC_CHARSMAP_H

#include "text/text.h"

typedef struct jc_charsmap {
    uint32_t *unit; /* [n_units] of the trie */
    size_t n_units;
    jc_bytes texts; /* each ended by a zero */
} jc_charsmap;

/* Take data[0..n) apart, which is copied; of no bytes it is a map of nothing. E_FORMAT,
 * naming `path`, when it does not fit together. */
jc_status jc_charsmap_read(jc_charsmap *map, const void *data, size_t n, const char *path,
                           jc_error *err) JC_NODISCARD;
/* The same in base64, as tokenizer.json has it. */
jc_status jc_charsmap_read_base64(jc_charsmap *map, const char *text, size_t n,
                                  const char *path, jc_error *err) JC_NODISCARD;
void jc_charsmap_free(jc_charsmap *map);

/* What the longest entry (or the shortest) that text[0..n) begins with is replaced by, and
 * its bytes in *used; NULL when there is none. */
const char *jc_charsmap_find(const jc_charsmap *map, const char *text, size_t n,
                             bool longest, size_t *used);

/* Append text[0..n) as the `tokenizers` package maps it: a grapheme of less than 6 bytes,
 * or else each character of it, is replaced whole by what its shortest prefix maps to. */
bool jc_charsmap_graphemes(const jc_charsmap *map, const char *text, size_t n,
                           jc_bytes *out) JC_NODISCARD;

#endif
