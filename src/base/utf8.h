/* SPDX-License-Identifier: MIT */
/* utf8.h: what is UTF-8 and what is not. */
#ifndef JC_UTF8_H
#define JC_UTF8_H

#include "base/base.h"

/* Bytes of the UTF-8 sequence that text[0..n) starts with, and its code point; 0 when it is
 * ill-formed (overlong, surrogate, cut short) or n is 0. */
size_t jc_utf8_next(const char *text, size_t n, uint32_t *code);

/* Bytes of the longest well-formed prefix of text[0..n). */
size_t jc_utf8_span(const char *text, size_t n);

/* Bytes at the end of text[0..n) that begin a character and do not complete it. */
size_t jc_utf8_half(const char *text, size_t n);

/* The name of a file as text: bytes that are not UTF-8 are written as \xe9. Names may hold
 * any bytes, JSON only UTF-8. NULL when memory is short; jc_free(). */
char *jc_utf8_name(const char *name) JC_NODISCARD;

#endif
