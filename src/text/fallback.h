/* SPDX-License-Identifier: MIT */
/* fallback.h: characters without a token as the tokens of their bytes, "<0xE2>", or as the
 * unknown token. */
#ifndef JC_FALLBACK_H
#define JC_FALLBACK_H

#include "text/vocab.h"

typedef struct jc_fallback {
    uint32_t byte[256]; /* JC_NO_TOKEN: this byte has none */
} jc_fallback;

/* The byte that a name of 6 bytes, "<0x0A>", stands for; -1 for none. */
int jc_fallback_byte(const char *name);

/* `on`: false leaves all bytes without one. */
void jc_fallback_find(jc_fallback *fallback, const jc_vocab *vocab, bool on);
/* Each byte of text[0..n) has a token. */
bool jc_fallback_has(const jc_fallback *fallback, const char *text, size_t n);
bool jc_fallback_all(const jc_fallback *fallback); /* all 256 have */

/* E_FORMAT: "the vocabulary has no token for 'x', and none for the unknown". */
jc_status jc_fallback_fail(const char *text, size_t n, jc_error *err);

#endif
