/* SPDX-License-Identifier: MIT */
/* json.h: reading JSON that other programs wrote, in the one way that all readers share. */
#ifndef JC_JSON_H
#define JC_JSON_H

#include <jansson.h>

#include "base/base.h"

/* What Python's json module reads (base/relax.h says what that adds); of a name that an
 * object has twice, the last counts. `flags` are jansson's. A NaN is null, but in settings
 * (JSON_DECODE_INT_AS_REAL), where null means a default, it is the text "NaN". NULL: *why
 * says why. */
json_t *jc_json_load(const char *text, size_t n, size_t flags, json_error_t *why);

/* The same of one JSON object, a part of a file. `what` is its subject in the message:
 * "its header". */
jc_status jc_json_parse(json_t **out, const char *text, size_t n, size_t flags,
                        const char *path, const char *what, jc_error *err) JC_NODISCARD;

/* The same of a whole file. Where it is not JSON, the message says what it is instead. */
jc_status jc_json_file(json_t **out, const char *text, size_t n, size_t flags,
                       const char *path, jc_error *err) JC_NODISCARD;

/* The text of `json`, zero-ended; jc_free(). Without memory Jansson's own json_dumps() may
 * leave out a key. NULL: memory is short, or json is NULL. */
char *jc_json_dump(const json_t *json, size_t flags) JC_NODISCARD;

#endif
