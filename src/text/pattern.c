/* SPDX-License-Identifier: MIT */
/* pattern.c: PCRE2 over the well-formed stretches of a text. Stretches are found here,
 * once, so that the matcher need not check the rest of the text at each match. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/pattern.h"

#include <pcre2.h>

struct jc_pattern {
    pcre2_general_context *memory;
    pcre2_code *code;
};

static void *take(size_t n, void *unused)
{
    (void)unused;
    return jc_alloc(n);
}

static void give(void *p, void *unused)
{
    (void)unused;
    jc_free(p);
}

void jc_pattern_free(jc_pattern *pattern)
{
    if (!pattern)
        return;
    pcre2_code_free(pattern->code);
    pcre2_general_context_free(pattern->memory);
    jc_free(pattern);
}

jc_status jc_pattern_new(jc_pattern **out, const char *regex, jc_error *err)
{
    int code;
    PCRE2_SIZE at;
    jc_status st = JC_OK;
    pcre2_compile_context *context = NULL;
    jc_pattern *p = jc_alloc_array(1, sizeof *p);

    *out = NULL;
    if (!p)
        return jc_fail_nomem(err, "a pattern");
    p->memory = pcre2_general_context_create(take, give, NULL);
    if (p->memory)
        context = pcre2_compile_context_create(p->memory);
    if (!context) {
        st = jc_fail_nomem(err, "a pattern");
        goto done;
    }
    (void)pcre2_set_newline(context, PCRE2_NEWLINE_LF); /* not as PCRE2 was built */
    p->code = pcre2_compile((PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED,
                            PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, &code, &at, context);
    if (!p->code) {
        PCRE2_UCHAR why[120];
        pcre2_get_error_message(code, why, sizeof why);
        st = code == PCRE2_ERROR_HEAP_FAILED || code == 121 /* no memory, at compiling */
                 ? jc_fail_nomem(err, "a pattern")
                 : jc_fail(err, JC_E_FORMAT,
                           "pattern is not understood at character %zu: %s", at + 1,
                           (const char *)why);
        goto done;
    }
    /* without it, for want of memory or on a machine it does not know, matching is slower
     */
    (void)pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE);
    *out = p;
    p = NULL;
done:
    pcre2_compile_context_free(context);
    jc_pattern_free(p);
    return st;
}

typedef struct splitter {
    const jc_pattern *pattern;
    pcre2_match_data *match;
    jc_piece_fn *piece;
    void *arg;
} splitter;

/* text[0..n) is UTF-8. */
static jc_status split_stretch(const splitter *s, const char *text, size_t n, jc_error *err)
{
    const PCRE2_SIZE *found = pcre2_get_ovector_pointer(s->match);
    jc_status st = JC_OK;

    for (size_t at = 0; at < n && st == JC_OK;) {
        int rc = pcre2_match(s->pattern->code, (PCRE2_SPTR)text, n, at,
                             PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, s->match, NULL);
        if (rc == PCRE2_ERROR_NOMEMORY)
            return jc_fail_nomem(err, "matching a pattern");
        if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
            return jc_fail(err, JC_E_UNSUPPORTED,
                           "cannot split a text of %zu bytes: error %d", n, rc);
        size_t start = rc < 0 ? n : found[0], stop = rc < 0 ? n : found[1];
        if (start > at)
            st = s->piece(s->arg, text + at, start - at, false, err);
        if (st == JC_OK && stop > start)
            st = s->piece(s->arg, text + start, stop - start, true, err);
        at = stop;
    }
    return st;
}

static size_t bad_span(const char *text, size_t n)
{
    uint32_t code;
    size_t at = 0;

    while (at < n && jc_utf8_next(text + at, n - at, &code) == 0)
        at++;
    return at;
}

jc_status jc_pattern_split(const jc_pattern *pattern, const char *text, size_t n,
                           jc_piece_fn *piece, void *arg, jc_error *err)
{
    splitter s = {.pattern = pattern, .piece = piece, .arg = arg};
    jc_status st = JC_OK;

    s.match = pcre2_match_data_create(1, pattern->memory);
    if (!s.match)
        return jc_fail_nomem(err, "matching a pattern");
    for (size_t at = 0; at < n && st == JC_OK;) {
        size_t good = jc_utf8_span(text + at, n - at);
        if (good)
            st = split_stretch(&s, text + at, good, err);
        at += good;
        size_t bad = bad_span(text + at, n - at);
        if (bad && st == JC_OK)
            st = piece(arg, text + at, bad, false, err);
        at += bad;
    }
    pcre2_match_data_free(s.match);
    return st;
}
