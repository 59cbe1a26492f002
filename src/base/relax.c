/* SPDX-License-Identifier: MIT */
/* relax.c: one pass over the text, which is copied from the first change on only. */
#include "base/relax.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST     "1.7976931348623157e308"
#define REPLACEMENT "\\ufffd"

enum {
    ESCAPE = 6,     /* bytes of \uXXXX */
    SURELY_FIT = 18 /* digits of an integer that is within 64 bits */
};

struct relax {
    const char *text; /* [n] */
    const char *nan;  /* what a NaN becomes */
    size_t n;
    size_t copied; /* of text, to `out` */
    char *out;     /* [out_n]; NULL until there is a change */
    size_t out_n, capacity;
};

static bool add(struct relax *r, const char *bytes, size_t n)
{
    if (!jc_grow(&r->out, &r->capacity, r->out_n + n + 1, 1))
        return false;
    memcpy(r->out + r->out_n, bytes, n);
    r->out_n += n;
    return true;
}

/* Put `with` in the place of text[from, to). */
static bool change(struct relax *r, size_t from, size_t to, const char *with)
{
    bool ok = add(r, r->text + r->copied, from - r->copied) && add(r, with, strlen(with));

    r->copied = to;
    return ok;
}

static bool starts(const struct relax *r, size_t at, const char *word)
{
    size_t n = strlen(word);

    return n <= r->n - at && memcmp(r->text + at, word, n) == 0;
}

/* ---- strings ---- */

/* The code unit of the escape at `at`, or -1 where there is no \uXXXX. */
static long unit_at(const struct relax *r, size_t at)
{
    long code = 0;

    if (r->n - at < ESCAPE || r->text[at] != '\\' || r->text[at + 1] != 'u')
        return -1;
    for (size_t i = at + 2; i < at + ESCAPE; i++) {
        char c = r->text[i];
        long digit = c >= '0' && c <= '9'   ? c - '0'
                     : c >= 'a' && c <= 'f' ? c - 'a' + 10
                     : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                            : -1;
        if (digit < 0)
            return -1;
        code = 16 * code + digit;
    }
    return code;
}

static size_t after_escape(const struct relax *r, size_t at)
{
    size_t past = at + (unit_at(r, at) >= 0 ? ESCAPE : 2);

    return past < r->n ? past : r->n;
}

/* Whether the string that goes on at `at` names a member. */
static bool is_name(const struct relax *r, size_t at)
{
    while (at < r->n && r->text[at] != '"')
        at = r->text[at] == '\\' ? after_escape(r, at) : at + 1;
    for (at++; at < r->n; at++)
        if (!strchr(" \t\r\n", r->text[at]) || !r->text[at])
            return r->text[at] == ':';
    return false;
}

/* An escape of a string; *at moves past it. */
static bool escape(struct relax *r, size_t *at)
{
    size_t start = *at;
    long unit = unit_at(r, start), next;

    *at = after_escape(r, start);
    if (unit >= 0xd800 && unit < 0xdc00) {
        next = unit_at(r, *at);
        if (next >= 0xdc00 && next < 0xe000) {
            *at += ESCAPE;
            return true;
        }
    }
    if ((unit >= 0xd800 && unit < 0xe000) || (unit == 0 && is_name(r, start)))
        return change(r, start, *at, REPLACEMENT);
    return true;
}

/* The string whose first quote is at *at. */
static bool string(struct relax *r, size_t *at)
{
    bool ok = true;

    ++*at;
    while (ok && *at < r->n && r->text[*at] != '"')
        if (r->text[*at] == '\\')
            ok = escape(r, at);
        else
            ++*at;
    *at += *at < r->n;
    return ok;
}

/* ---- numbers ---- */

static bool infinite(struct relax *r, size_t from, size_t to)
{
    return change(r, from, to, r->text[from] == '-' ? "-" LARGEST : LARGEST);
}

/* Text [from, to), which is long or has an exponent. */
static bool long_number(struct relax *r, size_t from, size_t to)
{
    char *copy = jc_alloc(to - from + 1);

    if (!copy)
        return false;
    memcpy(copy, r->text + from, to - from);
    copy[to - from] = 0;
    bool whole = strspn(copy, "-0123456789") == to - from;
    double x = jc_real_parse(copy, NULL);
    errno = 0;
    bool beyond = whole && (strtoll(copy, NULL, 10), errno == ERANGE);
    jc_free(copy);
    if (isinf(x))
        return infinite(r, from, to);
    return !beyond || change(r, to, to, "e0");
}

static bool number(struct relax *r, size_t *at)
{
    size_t from = *at;
    bool exponent = false;

    if (starts(r, from, "-Infinity")) {
        *at += strlen("-Infinity");
        return infinite(r, from, *at);
    }
    for (; *at < r->n && r->text[*at] && strchr("+-.0123456789eE", r->text[*at]); ++*at)
        exponent |= r->text[*at] == 'e' || r->text[*at] == 'E';
    return (*at - from <= SURELY_FIT && !exponent) || long_number(r, from, *at);
}

/* ---- all ---- */

static bool step(struct relax *r, size_t *at)
{
    const struct {
        const char *word, *with;
    } words[] = {{"NaN", r->nan}, {"Infinity", LARGEST}};
    char c = r->text[*at];

    if (c == '"')
        return string(r, at);
    if (c == '-' || (c >= '0' && c <= '9'))
        return number(r, at);
    for (size_t i = 0; i < JC_COUNT(words); i++)
        if (starts(r, *at, words[i].word)) {
            size_t from = *at;
            *at += strlen(words[i].word);
            return change(r, from, *at, words[i].with);
        }
    ++*at;
    return true;
}

bool jc_json_relax(const char *text, size_t n, const char *nan, char **out, size_t *out_n)
{
    struct relax r = {.text = text, .nan = nan, .n = n};
    size_t at = 0;
    bool ok = true;

    if (starts(&r, 0, "\xef\xbb\xbf")) {
        at = 3;
        ok = change(&r, 0, at, "");
    }
    while (ok && at < n)
        ok = step(&r, &at);
    if (ok && r.out)
        ok = add(&r, text + r.copied, n - r.copied);
    if (!ok) {
        jc_free(r.out);
        r.out = NULL;
        r.out_n = 0;
    }
    *out = r.out;
    *out_n = r.out_n;
    return ok;
}
