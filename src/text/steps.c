/* SPDX-License-Identifier: MIT */
#include "text/steps.h"

#include <stdio.h>
#include <string.h>

bool jc_json_is_type(const json_t *object, const char *type)
{
    const char *is = json_string_value(json_object_get(object, "type"));

    return is && strcmp(is, type) == 0;
}

jc_status jc_tokenizer_refuse(const char *path, const char *what, jc_error *err)
{
    return jc_fail(err, JC_E_UNSUPPORTED, "cannot read '%s': %s is not supported", path,
                   what);
}

jc_status jc_steps_read(const json_t *object, const char *part, const char *members,
                        const jc_step_row *rows, size_t n_rows, void *list,
                        const char *path, jc_error *err)
{
    const char *type = json_string_value(json_object_get(object, "type"));
    char quoted[JC_QUOTED], what[160];

    if (!object || json_is_null(object))
        return JC_OK;
    if (!type)
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': a '%s' has no 'type'", path,
                       part);
    if (strcmp(type, "Sequence") == 0) {
        const json_t *steps = json_object_get(object, members);
        jc_status st = JC_OK;
        if (!json_is_array(steps))
            st = jc_fail(err, JC_E_FORMAT, "cannot read '%s': '%s.%s' is not a list", path,
                         part, members);
        for (size_t i = 0; i < json_array_size(steps) && st == JC_OK; i++)
            st = jc_steps_read(json_array_get(steps, i), part, members, rows, n_rows, list,
                               path, err);
        return st;
    }
    for (size_t i = 0; i < n_rows; i++)
        if (strcmp(rows[i].type, type) == 0)
            return rows[i].read(list, object, path, err);
    snprintf(what, sizeof what, "a '%s' of type '%s'", part,
             jc_quoted(quoted, type, strlen(type)));
    return jc_tokenizer_refuse(path, what, err);
}

jc_status jc_json_flag(const json_t *object, const char *key, const char *path, bool *flag,
                       jc_error *err)
{
    const json_t *value = json_object_get(object, key);

    if (!value || json_is_null(value))
        return JC_OK;
    if (!json_is_boolean(value))
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': '%s' is neither true nor false",
                       path, key);
    *flag = json_is_true(value);
    return JC_OK;
}

jc_status jc_json_text(const json_t *object, const char *key, const char *path, char **out,
                       size_t *n, jc_error *err)
{
    const json_t *value = json_object_get(object, key);
    jc_bytes copy = {0};

    *out = NULL;
    if (!json_is_string(value))
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': '%s' is not text", path, key);
    *n = json_string_length(value);
    if (!jc_bytes_add(&copy, json_string_value(value), *n + 1)) /* with its zero */
        return jc_fail_nomem(err, "a tokenizer");
    *out = copy.data;
    return JC_OK;
}

jc_status jc_json_pattern(const json_t *object, const char *path, jc_pattern **out,
                          jc_error *err)
{
    const json_t *pattern = json_object_get(object, "pattern");
    const json_t *text = json_object_get(pattern, "String");
    const json_t *regex = json_object_get(pattern, "Regex");

    *out = NULL;
    if (json_is_string(text) && json_string_length(text) > 0)
        return jc_pattern_text(out, json_string_value(text), json_string_length(text), err);
    if (json_is_string(regex))
        return jc_pattern_regex(out, json_string_value(regex), json_string_length(regex),
                                path, err);
    return jc_fail(err, JC_E_FORMAT,
                   "cannot read '%s': a 'pattern' is neither text nor an expression", path);
}
