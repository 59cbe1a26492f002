/* SPDX-License-Identifier: MIT */
/* steps.h: the parts of tokenizer.json, each of which is null, an object with a "type", or
 * of type "Sequence" with a list of these. */
#ifndef JC_STEPS_H
#define JC_STEPS_H

#include "text/pattern.h"
#include "text/text.h"

typedef struct jc_step_row {
    const char *type;
    /* Add what the object says to `list`. */
    jc_status (*read)(void *list, const json_t *object, const char *path, jc_error *err);
} jc_step_row;

/* `part` is its key ("normalizer"), `members` that of the list of a sequence. A type that
 * is in no row is refused by name. */
jc_status jc_steps_read(const json_t *object, const char *part, const char *members,
                        const jc_step_row *rows, size_t n_rows, void *list,
                        const char *path, jc_error *err) JC_NODISCARD;

/* object.type is `type`. */
bool jc_json_is_type(const json_t *object, const char *type);

/* E_UNSUPPORTED: "cannot read 'path': <what> is not supported". */
jc_status jc_tokenizer_refuse(const char *path, const char *what, jc_error *err);

/* object[key] into *flag, where it is there and not null. */
jc_status jc_json_flag(const json_t *object, const char *key, const char *path, bool *flag,
                       jc_error *err) JC_NODISCARD;
/* object[key], which must be a string, as *out, owned. */
jc_status jc_json_text(const json_t *object, const char *key, const char *path, char **out,
                       size_t *n, jc_error *err) JC_NODISCARD;
/* object.pattern: {"String": ...} or {"Regex": ...}. */
jc_status jc_json_pattern(const json_t *object, const char *path, jc_pattern **out,
                          jc_error *err) JC_NODISCARD;

#endif
