/* SPDX-License-Identifier: MIT */
/* byte_chars.h: bytes as GPT-2 writes them in its files, each as one printable character:
 * itself where it is printable in Latin-1, else a character from U+0100 on. */
#ifndef JC_BYTE_CHARS_H
#define JC_BYTE_CHARS_H

#include "text/text.h"

uint32_t jc_byte_char(unsigned byte);
/* The byte that a character stands for, -1 for none. */
int jc_char_byte(uint32_t code);

/* Append what text[0..n) is written as. */
bool jc_byte_chars_put(const char *text, size_t n, jc_bytes *out) JC_NODISCARD;
/* The bytes that a name stands for: out[0..*n), at most `length`. False when a character of
 * it stands for none. */
bool jc_byte_chars_undo(const char *name, size_t length, char *out, size_t *n);

#endif
