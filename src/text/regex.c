/* SPDX-License-Identifier: MIT */
/*
 * regex.c: regular expressions as Oniguruma reads them, written for PCRE2.
 *
 * The two agree on most of what tokenizers use. \s, \w and \h are other sets of characters.
 * A class in a class is Oniguruma's alone: its characters join the outer one; "[a&&[^b]]"
 * becomes "(?:(?![b])[a])". Other uses of ^ and && inside classes are refused.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/pattern.h"

#include <pcre2.h>
#include <stdio.h>
#include <string.h>

#define WORD "\\p{L}\\p{M}\\p{N}\\p{Pc}"
#define HEX  "0-9a-fA-F"

typedef struct translator {
    const char *regex;
    size_t n, at;
    bool in_class;
    size_t depth;    /* of classes in it */
    size_t class_at; /* where it begins in `out` */
    jc_bytes out;
} translator;

static bool put(translator *t, const char *text)
{
    return jc_bytes_add(&t->out, text, strlen(text));
}

static bool copy(translator *t, size_t n)
{
    bool ok = jc_bytes_add(&t->out, t->regex + t->at, n);

    t->at += n;
    return ok;
}

/* A set of characters: within a class, or as one of its own. */
static bool put_set(translator *t, const char *set, bool not )
{
    t->at += 2;
    if (t->in_class)
        return put(t, set);
    return put(t, not ? "[^" : "[") && put(t, set) && put(t, "]");
}

static bool starts(const translator *t, const char *what)
{
    size_t n = strlen(what);

    return t->n - t->at >= n && memcmp(t->regex + t->at, what, n) == 0;
}

/* What PCRE2 10.40 and later call \p{Han} has the characters of its extensions, too. */
#if PCRE2_MAJOR > 10 || PCRE2_MINOR >= 40
#define SCRIPT "sc:"
#else
#define SCRIPT ""
#endif

/* A property; a script as Unicode's Script has it. */
static bool property(translator *t)
{
    static const char *const scripts[] = {
        "Arabic}", "Cyrillic}", "Devanagari}", "Greek}", "Han}", "Hangul}",
        "Hebrew}", "Hiragana}", "Katakana}",   "Latin}", "Thai}"};
    bool named = t->n - t->at > 3 && t->regex[t->at + 2] == '{';

    if (!copy(t, named ? 3 : 2))
        return false;
    for (size_t i = 0; named && i < JC_COUNT(scripts); i++)
        if (starts(t, scripts[i]))
            return put(t, SCRIPT);
    return true;
}

/* At a backslash that something follows. */
static bool escape(translator *t)
{
    switch (t->regex[t->at + 1]) {
    case 'p':
    case 'P':
        return property(t);
    case 's':
        return put_set(t, JC_PATTERN_SPACE, false);
    case 'w':
        return put_set(t, WORD, false);
    case 'h':
        return put_set(t, HEX, false);
    case 'S':
        return t->in_class ? copy(t, 2) : put_set(t, JC_PATTERN_SPACE, true);
    case 'W':
        return t->in_class ? copy(t, 2) : put_set(t, WORD, true);
    case 'H':
        return t->in_class ? copy(t, 2) : put_set(t, HEX, true);
    default:
        return copy(t, 2);
    }
}

/* Copy "[", "[^" and a "]" that comes first and so is no end. */
static bool open_class(translator *t)
{
    size_t n = 1;

    t->in_class = true;
    t->class_at = t->out.n;
    n += t->at + n < t->n && t->regex[t->at + n] == '^';
    n += t->at + n < t->n && t->regex[t->at + n] == ']';
    return copy(t, n);
}

/* At "&&": bytes of "&&[^b]" where that ends a class that is not negated; else 0. */
static size_t without(const translator *t)
{
    size_t at = t->at + 4;

    if (!starts(t, "&&[^") || t->depth > 0 || t->out.data[t->class_at + 1] == '^')
        return 0;
    for (; at < t->n && t->regex[at] != ']'; at++) {
        if (t->regex[at] == '[' || t->regex[at] == '&')
            return 0;
        at += t->regex[at] == '\\';
    }
    return at + 1 < t->n && t->regex[at + 1] == ']' ? at + 1 - t->at : 0;
}

/* What cannot be written for PCRE2 here, NULL: nothing. */
static const char *refused(const translator *t)
{
    if (t->in_class && starts(t, "[^"))
        return "a pattern with a negated class in a class";
    if (t->in_class && starts(t, "&&") && !without(t))
        return "a pattern with '&&' in a class";
    if (!t->in_class && (starts(t, "(?m") || starts(t, "(?~")))
        return starts(t, "(?m") ? "a pattern with '(?m'" : "a pattern with '(?~'";
    return NULL;
}

static bool step(translator *t);

/* The class so far becomes what is left of it without another one. */
static bool leave_out(translator *t)
{
    size_t stop = t->at + without(t) - 1;
    jc_bytes class = {0};
    bool ok = jc_bytes_add(&class, t->out.data + t->class_at, t->out.n - t->class_at);

    t->out.n = t->class_at;
    ok = ok && put(t, "(?:(?![");
    t->at += 4;
    while (ok && t->at < stop)
        ok = step(t);
    ok = ok && put(t, "])") && jc_bytes_add(&t->out, class.data, class.n) && put(t, "])");
    jc_free(class.data);
    t->at += 2; /* both brackets */
    t->in_class = false;
    return ok;
}

static bool step(translator *t)
{
    const char *end;

    if (starts(t, "\\") && t->at + 1 < t->n)
        return escape(t);
    if (t->in_class && starts(t, "&&"))
        return leave_out(t);
    if (t->in_class && starts(t, "[:")) {
        end = memchr(t->regex + t->at, ']', t->n - t->at);
        return copy(t, end ? (size_t)(end - t->regex) + 1 - t->at : 2);
    }
    if (!t->in_class && starts(t, "["))
        return open_class(t);
    if (t->in_class && (starts(t, "[") || (t->depth > 0 && starts(t, "]")))) {
        t->depth = starts(t, "[") ? t->depth + 1 : t->depth - 1;
        t->at++;
        return true;
    }
    if (t->in_class && starts(t, "]"))
        t->in_class = false;
    return copy(t, 1);
}

jc_status jc_pattern_regex(jc_pattern **out, const char *regex, size_t n, const char *path,
                           jc_error *err)
{
    translator t = {.regex = regex, .n = n};
    jc_error why;
    jc_status st = JC_OK;

    *out = NULL;
    if (memchr(regex, 0, n) || jc_utf8_span(regex, n) < n)
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': a pattern is not text", path);
    while (t.at < n && st == JC_OK) {
        const char *what = refused(&t);
        if (what)
            st = jc_fail(err, JC_E_UNSUPPORTED, "cannot read '%s': %s is not supported",
                         path, what);
        else if (!step(&t))
            st = jc_fail_nomem(err, "a pattern");
    }
    if (st == JC_OK && !jc_bytes_add(&t.out, "", 1))
        st = jc_fail_nomem(err, "a pattern");
    if (st == JC_OK) {
        st = jc_pattern_new(out, t.out.data, &why);
        if (st)
            jc_fail(err, st, "cannot read '%s': %s", path, why.message);
    }
    jc_free(t.out.data);
    return st;
}

jc_status jc_pattern_text(jc_pattern **out, const char *text, size_t n, jc_error *err)
{
    jc_bytes regex = {0};
    jc_status st = JC_OK;
    char code[16];
    uint32_t c;

    *out = NULL;
    for (size_t at = 0, length; at < n && st == JC_OK; at += length ? length : 1) {
        length = jc_utf8_next(text + at, n - at, &c);
        snprintf(code, sizeof code, "\\x{%x}", length ? (unsigned)c : 0xfffdu);
        if (!jc_bytes_add(&regex, code, strlen(code)))
            st = jc_fail_nomem(err, "a pattern");
    }
    if (st == JC_OK && !jc_bytes_add(&regex, "", 1))
        st = jc_fail_nomem(err, "a pattern");
    if (st == JC_OK)
        st = jc_pattern_new(out, regex.data, err);
    jc_free(regex.data);
    return st;
}
