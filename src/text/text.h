/* SPDX-License-Identifier: MIT */
/* text.h: small things that all of this room uses: bytes that grow, JSON, and foreign
 * strings in messages. */
#ifndef JC_TEXT_H
#define JC_TEXT_H

#include <jansson.h>

#include "base/utf8.h"
#include "jumpcut/tokenizer.h"

typedef struct jc_bytes {
    char *data; /* [n] */
    size_t n, capacity;
} jc_bytes;

/* data is not NULL afterwards, also when n is 0. */
bool jc_bytes_add(jc_bytes *bytes, const void *data, size_t n) JC_NODISCARD;

bool jc_ids_add(jc_ids *ids, uint32_t id) JC_NODISCARD;
bool jc_ids_append(jc_ids *ids, const jc_ids *more) JC_NODISCARD;

/* A foreign string for a message: control characters and bytes that are not UTF-8 as \xNN,
 * cut with "..." when long. Returns out. */
#define JC_QUOTED 64
const char *jc_quoted(char out[JC_QUOTED], const char *text, size_t n);

/* Parse a whole file's JSON (line 0), or line `line` of a JSON Lines file. `path` is for
 * messages. *out is released with json_decref(). */
jc_status jc_text_json(json_t **out, const char *data, size_t n, const char *path,
                       uint64_t line, jc_error *err) JC_NODISCARD;

#endif
