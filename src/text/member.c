/* SPDX-License-Identifier: MIT */
#include "text/member.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *jc_json_kind(const json_t *value)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        break;
    }
    return "null";
}

/* The child that name[0..n) names. */
static const json_t *child(const json_t *value, const char *name, size_t n)
{
    char *end;

    if (!json_is_array(value))
        return json_object_getn(value, name, n);
    if (n == 0 || name[0] < '0' || name[0] > '9')
        return NULL;
    unsigned long long i = strtoull(name, &end, 10);
    return end == name + n ? json_array_get(value, (size_t)i) : NULL;
}

/* Names may have dots of their own: the longest one that is there counts. */
static const json_t *find(const json_t *value, const char *path)
{
    for (size_t n = strlen(path); value && n > 0; n--) {
        if (path[n] && path[n] != '.')
            continue;
        const json_t *next = child(value, path, n);
        if (next)
            return path[n] ? find(next, path + n + 1) : next;
    }
    return NULL;
}

/* ---- chat messages ---- */

static jc_member add_value(const json_t *value, int depth, jc_bytes *text);

static jc_member add_list(const json_t *list, int depth, jc_bytes *text)
{
    size_t before = text->n;
    bool some = false;

    for (size_t i = 0; i < json_array_size(list); i++) {
        size_t at = text->n;
        if (some && !jc_bytes_add(text, "\n", 1))
            return JC_MEMBER_NOMEM;
        jc_member is = add_value(json_array_get(list, i), depth, text);
        if (is == JC_MEMBER_NULL)
            text->n = at;
        else if (is != JC_MEMBER_TEXT)
            return text->n = before, is;
        some |= is == JC_MEMBER_TEXT;
    }
    return some ? JC_MEMBER_TEXT : JC_MEMBER_NULL;
}

/* {"role": ..., "content": ...}, {"from": ..., "value": ...}, {"type": "text", "text": ...}
 */
static jc_member add_message(const json_t *message, int depth, jc_bytes *text)
{
    static const char *const names[] = {"content", "value", "text"};

    for (size_t i = 0; i < JC_COUNT(names); i++) {
        const json_t *content = json_object_get(message, names[i]);
        if (content)
            return add_value(content, depth, text);
    }
    /* an image beside a text, a call of a tool */
    return json_object_get(message, "type") || json_object_get(message, "role")
               ? JC_MEMBER_NULL
               : JC_MEMBER_OTHER;
}

static jc_member add_value(const json_t *value, int depth, jc_bytes *text)
{
    enum { DEEPEST = 4 };

    if (json_is_null(value))
        return JC_MEMBER_NULL;
    if (json_is_string(value))
        return jc_bytes_add(text, json_string_value(value), json_string_length(value))
                   ? JC_MEMBER_TEXT
                   : JC_MEMBER_NOMEM;
    if (depth == DEEPEST)
        return JC_MEMBER_OTHER;
    if (json_is_array(value))
        return add_list(value, depth + 1, text);
    return json_is_object(value) ? add_message(value, depth + 1, text) : JC_MEMBER_OTHER;
}

jc_member jc_member_text(const json_t *object, const char *path, jc_bytes *text)
{
    const json_t *value = find(object, path);

    return value ? add_value(value, 0, text) : JC_MEMBER_MISSING;
}

const char *jc_member_names(const json_t *object, char out[JC_MEMBER_NAMES])
{
    enum { SHOWN = 4 };
    size_t n = json_object_size(object), i = 0, w = 0;
    const char *name;
    json_t *value;
    char quoted[JC_QUOTED];

    out[0] = '\0';
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        jc_quoted(quoted, name, strlen(name));
        if (i == SHOWN || w + strlen(quoted) + 24 > JC_MEMBER_NAMES)
            break;
        w += (size_t)snprintf(out + w, JC_MEMBER_NAMES - w, "%s'%s'",
                              i == 0       ? ""
                              : i + 1 == n ? " or "
                                           : ", ",
                              quoted);
        i++;
    }
    if (i > 0 && i < n)
        snprintf(out + w, JC_MEMBER_NAMES - w, " or %zu more", n - i);
    return out;
}
