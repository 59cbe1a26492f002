/* SPDX-License-Identifier: MIT */
/*
 * json.h: a JSON document as it is built. A step that fails is remembered and gives NULL,
 * which every later step takes, so one look at `failed` in the end is enough.
 *
 * Each call adds a value to `in`: to an object as the member `name`, to a list, with a name
 * of NULL, as its last item.
 */
#ifndef JC_EVAL_JSON_H
#define JC_EVAL_JSON_H

#include <jansson.h>

#include "eval/bootstrap.h"

typedef struct jc_json {
    bool failed; /* memory was short */
} jc_json;

/* A new object or list; it belongs to `in`. */
json_t *jc_put_object(jc_json *json, json_t *in, const char *name);
json_t *jc_put_list(jc_json *json, json_t *in, const char *name);

void jc_put_text(jc_json *json, json_t *in, const char *name, const char *text);
void jc_put_count(jc_json *json, json_t *in, const char *name, uint64_t n);
void jc_put_flag(jc_json *json, json_t *in, const char *name, bool flag);
void jc_put_null(jc_json *json, json_t *in, const char *name);
/* A number, or null when it is not finite. */
void jc_put_number(jc_json *json, json_t *in, const char *name, double x);
/* [low, high], or null when there is none. */
void jc_put_interval(jc_json *json, json_t *in, const char *name, jc_estimate x);
/* Two members: the value, and its interval. */
void jc_put_estimate(jc_json *json, json_t *in, const char *name, const char *interval,
                     jc_estimate x);
/* Any value, which is taken over. */
void jc_put_value(jc_json *json, json_t *in, const char *name, json_t *value);

/* Whether text could not be read because memory was short. *why was zeroed before. */
bool jc_json_no_memory(const json_error_t *why);

#endif
