/* SPDX-License-Identifier: MIT */
#include "report/members.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const wanted[] = {
    [TEXT] = "a text",
    [TEXTS] = "a list of texts",
    [COUNT] = "a count",
    [NUMBER] = "a number",
    [MAYBE] = "a number or null",
    [PERHAPS] = "a number or null",
    [SHARE] = "a number from 0 to 1",
    [MAYBE_SHARE] = "a number from 0 to 1 or null",
    [RANGE] = "a pair of numbers or null",
    [INTERVAL] = "a pair of numbers or null",
    [RANGES] = "a list of pairs of numbers",
    [FLAG] = "true or false",
};

bool jc_report_is(const json_t *value, jc_report_kind wants)
{
    switch (wants) {
    case TEXT:
        return json_is_string(value);
    case TEXTS:
        return jc_report_all(value, TEXT);
    case COUNT:
        return json_is_integer(value) && json_integer_value(value) >= 0;
    case NUMBER:
        return json_is_number(value);
    case MAYBE:
    case PERHAPS:
        return json_is_number(value) || json_is_null(value);
    case SHARE:
        return json_is_number(value) && json_number_value(value) >= 0 &&
               json_number_value(value) <= 1;
    case MAYBE_SHARE:
        return json_is_null(value) || jc_report_is(value, SHARE);
    case RANGES:
        for (size_t i = 0; i < json_array_size(value); i++)
            if (json_is_null(json_array_get(value, i)) ||
                !jc_report_is(json_array_get(value, i), RANGE))
                return false;
        return json_is_array(value);
    case INTERVAL:
    case RANGE: /* null where one text gives no interval */
        return json_is_null(value) ||
               (jc_report_all(value, NUMBER) && json_array_size(value) == 2);
    case FLAG:
        return json_is_boolean(value);
    }
    return false;
}

bool jc_report_all(const json_t *list, jc_report_kind of)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!jc_report_is(json_array_get(list, i), of))
            return false;
    return json_is_array(list);
}

jc_status jc_report_wrong(const jc_report_at *at, const char *fmt, ...)
{
    char what[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    return jc_fail(at->err, JC_E_FORMAT, "cannot read results '%s': %s", at->file, what);
}

jc_status jc_report_object(const jc_report_at *at, const char *path, const json_t *object,
                           const jc_report_member *rows, size_t n_rows)
{
    if (!object)
        return jc_report_wrong(at, "it has no '%s'", path);
    if (!json_is_object(object))
        return jc_report_wrong(at, "'%s' is not an object", path);
    for (size_t i = 0; i < n_rows; i++) {
        const json_t *value = json_object_get(object, rows[i].name);
        if (!value && (rows[i].kind == INTERVAL || rows[i].kind == PERHAPS))
            continue;
        if (!value)
            return jc_report_wrong(at, "it has no '%s.%s'", path, rows[i].name);
        if (!jc_report_is(value, rows[i].kind))
            return jc_report_wrong(at, "'%s.%s' is not %s", path, rows[i].name,
                                   wanted[rows[i].kind]);
    }
    return JC_OK;
}
