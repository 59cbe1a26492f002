/* SPDX-License-Identifier: MIT */
/* chars.h: kinds of characters. Those of BERT are what its tokenizer takes them for. */
#ifndef JC_CHARS_H
#define JC_CHARS_H

#include <stdbool.h>
#include <stdint.h>

bool jc_char_is_space(uint32_t c); /* Unicode's White_Space */
int jc_char_width(uint32_t c);     /* columns of a terminal: 0, 1 or 2 */

bool jc_char_is_mark(uint32_t c); /* of any kind, to the reference */
/* Not known yet to the reference's normalization forms, which leave it as it is. */
bool jc_char_is_young(uint32_t c);

bool jc_bert_is_control(uint32_t c); /* control, format and private-use characters */
bool jc_bert_is_punct(uint32_t c);   /* punctuation, and all symbols of ASCII */
bool jc_bert_is_mark(uint32_t c);    /* accents: non-spacing marks */
bool jc_bert_is_cjk(uint32_t c);     /* ideographs, each of which is a word */

#endif
