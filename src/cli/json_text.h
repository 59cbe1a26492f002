/* SPDX-License-Identifier: MIT */
/* json_text.h: text that a model or a tokenizer made, as a string of JSON. */
#ifndef JC_CLI_JSON_TEXT_H
#define JC_CLI_JSON_TEXT_H

#include <stdio.h>

/* With its quotes. Bytes that are not UTF-8 become U+FFFD, since JSON cannot hold them. */
void jc_json_string(FILE *f, const char *text, size_t n);

#endif
