/* SPDX-License-Identifier: MIT */
#include "base/base.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/likely.h"
#include "jumpcut/options.h"

static size_t width(jc_option_type type)
{
    switch (type) {
    case JC_OPTION_BOOL:
        return sizeof(bool);
    case JC_OPTION_U32:
        return sizeof(uint32_t);
    case JC_OPTION_U64:
        return sizeof(uint64_t);
    case JC_OPTION_REAL:
        return sizeof(double);
    case JC_OPTION_TEXT:
        return sizeof(const char *);
    }
    return 0;
}

static jc_status real(const jc_option *row, const char *value, double *out, jc_error *err)
{
    char *end;

    errno = 0;
    double x = jc_real_parse(value, &end);
    if (end == value || *end || errno)
        return jc_fail(err, JC_E_ARG, "'--%s' wants a number, not '%s'", row->name, value);
    if (!(x >= row->lo && x <= row->hi)) /* also catches NaN */
        return jc_fail(err, JC_E_ARG, "'--%s' must be from %.10g to %.10g, not '%s'",
                       row->name, row->lo, row->hi, value);
    *out = x;
    return JC_OK;
}

static jc_status whole(const jc_option *row, const char *value, uint64_t *out,
                       jc_error *err)
{
    double rounded;
    jc_status st = real(row, value, &rounded, err);
    char *end;

    if (st)
        return st;
    errno = 0;
    *out = strtoull(value, &end, 10);
    if (*end || errno || value[0] == '-') /* 1e3 is a number, but write 1000 */
        return jc_fail(err, JC_E_ARG, "'--%s' wants a whole number, not '%s'", row->name,
                       value);
    return JC_OK;
}

static bool is_choice(const char *choices, const char *value)
{
    size_t n = strlen(value);

    for (const char *at = choices; n > 0;) {
        size_t len = strcspn(at, "|");
        if (len == n && strncmp(at, value, n) == 0)
            return true;
        if (!at[len])
            break;
        at += len + 1;
    }
    return false;
}

static jc_status no_choice(const jc_option *row, const char *value, jc_error *err)
{
    char text[JC_LIKELY_TEXT];
    jc_likely likely;

    jc_likely_begin(&likely, value, strlen(value));
    jc_likely_offer_list(&likely, row->choices);
    return jc_fail(err, JC_E_ARG, "'--%s' must be one of %s, not '%s'%s", row->name,
                   row->choices, value, jc_likely_text(&likely, text));
}

static jc_status store(void *member, const jc_option *row, const char *value, jc_error *err)
{
    uint64_t n = 0;
    jc_status st = JC_OK;

    switch (row->type) {
    case JC_OPTION_BOOL:
        if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
            return jc_fail(err, JC_E_ARG, "'--%s' wants true or false, not '%s'", row->name,
                           value);
        *(bool *)member = value[0] == 't';
        break;
    case JC_OPTION_U32:
        st = whole(row, value, &n, err);
        if (st == JC_OK)
            *(uint32_t *)member = (uint32_t)n;
        break;
    case JC_OPTION_U64:
        st = whole(row, value, &n, err);
        if (st == JC_OK)
            *(uint64_t *)member = n;
        break;
    case JC_OPTION_REAL:
        st = real(row, value, (double *)member, err);
        break;
    case JC_OPTION_TEXT:
        if (row->choices && !is_choice(row->choices, value))
            return no_choice(row, value, err);
        *(const char **)member = value;
        break;
    }
    return st;
}

void jc_option_defaults(void *params, size_t size, const jc_option *rows, size_t n_rows)
{
    if (!params)
        return;
    memset(params, 0, size);
    memcpy(params, &size, sizeof size); /* `size` is the first member of every params */
    for (size_t i = 0; i < n_rows; i++) {
        if (rows[i].offset + width(rows[i].type) > size || !rows[i].def)
            continue; /* the caller was built before this member existed */
        jc_status st = store((char *)params + rows[i].offset, &rows[i], rows[i].def, NULL);
        assert(st == JC_OK);
        (void)st;
    }
}

jc_status jc_params_take(void *own, size_t size, const void *params, const jc_option *rows,
                         size_t n_rows, jc_error *err)
{
    const char *next;
    size_t given;

    if (!params)
        return JC_OK;
    memcpy(&given, params, sizeof given);
    memcpy(&next, (const char *)params + sizeof given,
           sizeof next); /* every struct has it */
    if (given == 0 && !next)
        return JC_OK;
    if (given < sizeof given + sizeof next || given > 1 << 16)
        return jc_fail(err, JC_E_ARG,
                       "the params were not filled by their jc_..._params_init()");
    memcpy((char *)own + sizeof given, (const char *)params + sizeof given,
           (given < size ? given : size) - sizeof given);
    for (size_t i = 0; i < n_rows; i++) {
        const char *text;
        if (rows[i].type != JC_OPTION_TEXT || rows[i].offset + sizeof text > size)
            continue;
        memcpy(&text, (char *)own + rows[i].offset, sizeof text);
        if (!text && rows[i].def)
            memcpy((char *)own + rows[i].offset, &rows[i].def, sizeof rows[i].def);
    }
    return JC_OK;
}

jc_status jc_want(const void *object, const char *what, jc_error *err)
{
    return object ? JC_OK : jc_fail(err, JC_E_ARG, "'%s' is NULL", what);
}

jc_status jc_want_out(void *out, jc_error *err)
{
    static void *const none = NULL;

    if (out)
        memcpy(out, &none, sizeof none);
    return jc_want(out, "out", err);
}

jc_status jc_option_set(void *params, const jc_option *rows, size_t n_rows,
                        const char *name, const char *value, jc_error *err)
{
    if (jc_want(params, "params", err))
        return JC_E_ARG;
    if (jc_want(name, "name", err))
        return JC_E_ARG;
    if (jc_want(value, "value", err))
        return JC_E_ARG;
    size_t size;

    memcpy(&size, params, sizeof size);
    for (size_t i = 0; i < n_rows; i++)
        if (strcmp(rows[i].name, name) == 0 && rows[i].offset + width(rows[i].type) <= size)
            return store((char *)params + rows[i].offset, &rows[i], value, err);
    return jc_fail(err, JC_E_ARG, "no option is called '--%s'", name);
}
