/* SPDX-License-Identifier: MIT */
/* bert_normal.h: how BERT's tokenizer writes a text anew before it looks for words. */
#ifndef JC_BERT_NORMAL_H
#define JC_BERT_NORMAL_H

#include "text/text.h"

typedef struct jc_bert_normal {
    bool clean; /* drop control characters, make all white space a space */
    bool cjk;   /* spaces around ideographs */
    bool strip; /* accents off: canonical decomposition without its marks */
    bool lower; /* small letters */
} jc_bert_normal;

/* Append the normal form of text[0..n), which is UTF-8 whatever the text is: a byte that is
 * not counts as U+FFFD. False when memory is short. */
bool jc_bert_normalize(const jc_bert_normal *how, const char *text, size_t n,
                       jc_bytes *out) JC_NODISCARD;

#endif
