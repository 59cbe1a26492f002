/* SPDX-License-Identifier: MIT */
/* likely.h: which of the names that there are a word was probably meant to be. */
#ifndef JC_LIKELY_H
#define JC_LIKELY_H

#include <stddef.h>

typedef struct jc_likely {
    const char *word; /* [n], borrowed, as are the names */
    size_t n;
    const char *name; /* [length]: the nearest so far; NULL: none is near */
    size_t length, distance;
} jc_likely;

void jc_likely_begin(jc_likely *likely, const char *word, size_t n);
/* A name; and each of several with | between. */
void jc_likely_offer(jc_likely *likely, const char *name, size_t n);
void jc_likely_offer_list(jc_likely *likely, const char *names);

enum { JC_LIKELY_TEXT = 96 };
/* "; did you mean 'ridge'?", or an empty text where no name is near. Returns text. */
const char *jc_likely_text(const jc_likely *likely, char text[JC_LIKELY_TEXT]);

#endif
