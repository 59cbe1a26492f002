/* SPDX-License-Identifier: MIT */
#include "eval/json.h"

#include <math.h>

static bool put(jc_json *json, json_t *in, const char *name, json_t *value)
{
    bool done = (name ? json_object_set_new(in, name, value)
                      : json_array_append_new(in, value)) == 0;

    json->failed |= !done;
    return done;
}

void jc_put_value(jc_json *json, json_t *in, const char *name, json_t *value)
{
    put(json, in, name, value);
}

json_t *jc_put_object(jc_json *json, json_t *in, const char *name)
{
    json_t *object = json_object();

    return put(json, in, name, object) ? object : NULL;
}

json_t *jc_put_list(jc_json *json, json_t *in, const char *name)
{
    json_t *list = json_array();

    return put(json, in, name, list) ? list : NULL;
}

void jc_put_text(jc_json *json, json_t *in, const char *name, const char *text)
{
    jc_put_value(json, in, name, json_string(text));
}

void jc_put_count(jc_json *json, json_t *in, const char *name, uint64_t n)
{
    jc_put_value(json, in, name, json_integer((json_int_t)n));
}

void jc_put_flag(jc_json *json, json_t *in, const char *name, bool flag)
{
    jc_put_value(json, in, name, json_boolean(flag));
}

void jc_put_null(jc_json *json, json_t *in, const char *name)
{
    jc_put_value(json, in, name, json_null());
}

void jc_put_number(jc_json *json, json_t *in, const char *name, double x)
{
    jc_put_value(json, in, name, isfinite(x) ? json_real(x) : json_null());
}

void jc_put_interval(jc_json *json, json_t *in, const char *name, jc_estimate x)
{
    if (!isfinite(x.low) || !isfinite(x.high)) {
        jc_put_null(json, in, name);
        return;
    }
    json_t *ends = jc_put_list(json, in, name);
    jc_put_number(json, ends, NULL, x.low);
    jc_put_number(json, ends, NULL, x.high);
}

void jc_put_estimate(jc_json *json, json_t *in, const char *name, const char *interval,
                     jc_estimate x)
{
    jc_put_number(json, in, name, x.value);
    jc_put_interval(json, in, interval, x);
}

bool jc_json_no_memory(const json_error_t *why)
{
    return !why->text[0] || json_error_code(why) == json_error_out_of_memory;
}
