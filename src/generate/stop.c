/* SPDX-License-Identifier: MIT */
/* stop.c: stop strings, found across the borders of tokens. */
#include <string.h>

#include "base/base.h"
#include "jumpcut/generate.h"

struct jc_stopper {
    char **string; /* [n] */
    size_t n;
    char *text; /* [length]: [0, given) was shown by the last call, the rest is held back */
    size_t length, given, capacity;
    bool stopped;
};

jc_status jc_stopper_new(jc_stopper **out, const char *const *strings, size_t n_strings,
                         jc_error *err)
{
    if (jc_want_out(out, err))
        return JC_E_ARG;
    for (size_t i = 0; i < n_strings; i++)
        if (!strings || !strings[i] || !strings[i][0])
            return jc_fail(err, JC_E_ARG, "stop string %zu is empty", i);
    jc_stopper *s = jc_alloc_array(1, sizeof *s);
    if (s)
        s->string = jc_alloc_array(n_strings, sizeof *s->string);
    bool made = s && s->string;
    for (size_t i = 0; made && i < n_strings; i++) {
        s->string[i] = jc_strdup(strings[i]);
        made = s->string[s->n++] != NULL;
    }
    if (!made) {
        jc_stopper_free(s);
        return jc_fail_nomem(err, "stop strings");
    }
    *out = s;
    return JC_OK;
}

void jc_stopper_free(jc_stopper *s)
{
    if (!s)
        return;
    for (size_t i = 0; s->string && i < s->n; i++)
        jc_free(s->string[i]);
    jc_free(s->string);
    jc_free(s->text);
    jc_free(s);
}

/* Drop what the last call showed. */
static void forget(jc_stopper *s)
{
    s->length -= s->given;
    memmove(s->text, s->text + s->given, s->length);
    s->given = 0;
}

/* Where the stop string begins that is complete first; of two that end together the longer
 * one. The length of the text: there is none. */
static size_t find(const jc_stopper *s)
{
    size_t start = s->length, end = SIZE_MAX;

    for (size_t at = 0; at < s->length; at++)
        for (size_t i = 0; i < s->n; i++) {
            size_t n = strlen(s->string[i]);
            if (n <= s->length - at && at + n < end &&
                memcmp(s->text + at, s->string[i], n) == 0) {
                start = at;
                end = at + n;
            }
        }
    return start;
}

/* Where a stop string may begin that needs more text. */
static size_t held_from(const jc_stopper *s)
{
    for (size_t at = 0; at < s->length; at++)
        for (size_t i = 0; i < s->n; i++)
            if (strncmp(s->text + at, s->string[i], s->length - at) == 0)
                return at;
    return s->length;
}

jc_status jc_stopper_push(jc_stopper *s, const char *text, size_t n, const char **out,
                          size_t *n_out, bool *stopped, jc_error *err)
{
    if (!s || (n && !text) || !out || !n_out || !stopped)
        return jc_fail(err, JC_E_ARG, "a stopper needs a text and where to put the result");
    *out = "";
    *n_out = 0;
    *stopped = s->stopped;
    if (s->text)
        forget(s);
    if (s->stopped || n == 0)
        return JC_OK;
    if (!jc_grow(&s->text, &s->capacity, s->length + n, 1))
        return jc_fail_nomem(err, "a text");
    memcpy(s->text + s->length, text, n);
    s->length += n;
    size_t found = find(s);
    s->stopped = *stopped = found < s->length;
    if (s->stopped)
        s->length = found; /* what follows is not part of the text */
    s->given = *n_out = s->stopped ? found : held_from(s);
    *out = s->text;
    return JC_OK;
}

void jc_stopper_end(jc_stopper *s, const char **out, size_t *n_out)
{
    *out = "";
    *n_out = 0;
    if (!s || !s->text)
        return;
    forget(s);
    if (s->stopped || s->length == 0)
        return;
    s->given = *n_out = s->length;
    *out = s->text;
}
