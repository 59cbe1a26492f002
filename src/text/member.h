/* SPDX-License-Identifier: MIT */
/* member.h: the text in an object of a .jsonl file. */
#ifndef JC_MEMBER_H
#define JC_MEMBER_H

#include "text/text.h"

typedef enum jc_member {
    JC_MEMBER_TEXT,
    JC_MEMBER_NULL,    /* it is null, or a list without any text */
    JC_MEMBER_MISSING, /* there is none of this name */
    JC_MEMBER_OTHER,   /* a number, say */
    JC_MEMBER_NOMEM
} jc_member;

/* Append the text of `path` in `object`: the name of a member, or names with dots between,
 * "a.b.c"; in a list, a number from 0. A list gives the texts in it, one line for each:
 * strings, or the contents of chat messages ({"role": "user", "content": "..."}, also
 * "value"). */
jc_member jc_member_text(const json_t *object, const char *path, jc_bytes *text);

/* The names of its members for a message: "'a', 'b' or 3 more"; "" where it has none. */
#define JC_MEMBER_NAMES 160
const char *jc_member_names(const json_t *object, char out[JC_MEMBER_NAMES]);
/* "an object", "a list", "a number", ... */
const char *jc_json_kind(const json_t *value);

#endif
