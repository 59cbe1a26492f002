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

static bool is_within(const jc_option *row, double x)
{
    return x >= row->lo && x <= row->hi; /* not NaN */
}

static jc_status out_of_range(const jc_option *row, const char *value, jc_error *err)
{
    return jc_fail(err, JC_E_ARG, "'--%s' must be from %.10g to %.10g, not '%s'", row->name,
                   row->lo, row->hi, value);
}

static jc_status real(const jc_option *row, const char *value, double *out, jc_error *err)
{
    char *end;

    errno = 0;
    double x = jc_real_parse(value, &end);
    if (end == value || *end || errno)
        return jc_fail(err, JC_E_ARG, "'--%s' wants a number, not '%s'", row->name, value);
    if (!is_within(row, x))
        return out_of_range(row, value, err);
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

/* What a member holds must be what jc_option_set() would have put there. A text that is
 * NULL becomes its default first. */
static jc_status settle(void *member, const jc_option *row, jc_error *err)
{
    const char *text = NULL;
    char written[32];
    uint32_t u32 = 0;
    uint64_t u64 = 0;
    double x = 0;

    switch (row->type) {
    case JC_OPTION_BOOL:
        return *(const unsigned char *)member < 2
                   ? JC_OK
                   : jc_fail(err, JC_E_ARG, "'--%s' wants true or false", row->name);
    case JC_OPTION_TEXT:
        memcpy(&text, member, sizeof text);
        text = text ? text : row->def;
        memcpy(member, &text, sizeof text);
        return !text || !row->choices || is_choice(row->choices, text)
                   ? JC_OK
                   : no_choice(row, text, err);
    case JC_OPTION_U32:
        memcpy(&u32, member, sizeof u32);
        x = u32;
        break;
    case JC_OPTION_U64:
        memcpy(&u64, member, sizeof u64);
        x = (double)u64;
        break;
    case JC_OPTION_REAL:
        memcpy(&x, member, sizeof x);
        break;
    }
    if (!row->def && x == 0) /* it was not given */
        return JC_OK;
    jc_real_format(x, written);
    return is_within(row, x) ? JC_OK : out_of_range(row, written, err);
}

/* `size` of a struct, unless it cannot be one. */
static bool size_of(const void *params, size_t *size)
{
    memcpy(size, params, sizeof *size);
    return *size >= sizeof *size + sizeof(void *) && *size <= 1 << 16;
}

jc_status jc_params_take(void *own, size_t size, const void *params, const jc_option *rows,
                         size_t n_rows, jc_error *err)
{
    const char *next;
    size_t given;
    jc_status st = JC_OK;

    if (!params)
        return JC_OK;
    bool known = size_of(params, &given);
    memcpy(&next, (const char *)params + sizeof given,
           sizeof next); /* every struct has it */
    if (given == 0 && !next)
        return JC_OK;
    if (!known)
        return jc_fail(err, JC_E_ARG,
                       "the params were not filled by their jc_..._params_init()");
    memcpy((char *)own + sizeof given, (const char *)params + sizeof given,
           (given < size ? given : size) - sizeof given);
    for (size_t i = 0; i < n_rows && st == JC_OK; i++)
        st = settle((char *)own + rows[i].offset, &rows[i], err);
    return st;
}

jc_status jc_params_give(void *params, const void *own, size_t size, jc_error *err)
{
    size_t given;

    if (!size_of(params, &given))
        return jc_fail(err, JC_E_ARG,
                       "the struct for results does not begin with its size");
    memcpy((char *)params + sizeof given, (const char *)own + sizeof given,
           (given < size ? given : size) - sizeof given);
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
