/* SPDX-License-Identifier: MIT */
/* cut.c: running the steps: each piece goes through all of them before the next one is
 * looked for, so that no list of pieces is kept. */
#include "text/cut.h"

#include <string.h>

#include "text/byte_chars.h"
#include "text/chars.h"

jc_status jc_cut_add(jc_cut *cut, jc_cut_step *step, jc_error *err)
{
    if (!jc_grow(&cut->step, &cut->capacity, cut->n + 1, sizeof *cut->step)) {
        jc_pattern_free(step->pattern);
        return jc_fail_nomem(err, "a tokenizer");
    }
    cut->step[cut->n++] = *step;
    return JC_OK;
}

jc_status jc_cut_add_regex(jc_cut *cut, const char *regex, jc_behaviour behaviour,
                           const char *path, jc_error *err)
{
    jc_cut_step step = {.kind = JC_CUT_SPLIT, .behaviour = behaviour};
    jc_status st = jc_pattern_regex(&step.pattern, regex, strlen(regex), path, err);

    return st ? st : jc_cut_add(cut, &step, err);
}

jc_status jc_cut_add_gpt2(jc_cut *cut, jc_error *err)
{
    jc_cut_step step = {.kind = JC_CUT_SPLIT, .behaviour = JC_CUT_ISOLATED};
    jc_status st = jc_pattern_new(&step.pattern, JC_PATTERN_GPT2, err);

    cut->bytes = true;
    return st ? st : jc_cut_add(cut, &step, err);
}

jc_status jc_cut_set_prefix(jc_cut *cut, bool on, jc_error *err)
{
    jc_cut_step prefix = {.kind = JC_CUT_PREFIX};
    bool is = cut->n > 0 && cut->step[0].kind == JC_CUT_PREFIX;

    if (is == on)
        return JC_OK;
    if (!on) {
        cut->n--;
        memmove(cut->step, cut->step + 1, cut->n * sizeof *cut->step);
        return JC_OK;
    }
    jc_status st = jc_cut_add(cut, &prefix, err);
    if (st)
        return st;
    memmove(cut->step + 1, cut->step, (cut->n - 1) * sizeof *cut->step);
    cut->step[0] = prefix;
    return JC_OK;
}

void jc_cut_free(jc_cut *cut)
{
    for (size_t i = 0; i < cut->n; i++)
        jc_pattern_free(cut->step[i].pattern);
    jc_free(cut->step);
    *cut = (jc_cut){0};
}

typedef struct run {
    const jc_cut *cut;
    jc_cut_fn *give;
    void *arg;
} run;

static jc_status run_from(const run *r, size_t i, const char *text, size_t n, bool first,
                          jc_error *err);

/* ---- at a pattern ---- */

/* Where a step is in its text: the piece that may still grow. */
typedef struct splitting {
    const run *r;
    size_t i;
    const char *text, *piece; /* piece NULL: none yet */
    size_t n;
    bool first, match;
} splitting;

static jc_status flush(splitting *s, jc_error *err)
{
    const char *piece = s->piece;

    s->piece = NULL;
    return piece ? run_from(s->r, s->i + 1, piece, s->n, s->first && piece == s->text, err)
                 : JC_OK;
}

/* Whether a piece joins the one before it. */
static bool joins(const splitting *s, jc_behaviour behaviour, bool match)
{
    switch (behaviour) {
    case JC_CUT_ISOLATED:
    case JC_CUT_REMOVED:
        return false;
    case JC_CUT_WITH_PREVIOUS:
        return match && !s->match;
    case JC_CUT_WITH_NEXT:
        return !match && s->match;
    case JC_CUT_CONTIGUOUS:
        return match == s->match;
    }
    return false;
}

static jc_status take_piece(void *arg, const char *piece, size_t n, bool match,
                            jc_error *err)
{
    splitting *s = arg;
    const jc_cut_step *step = &s->r->cut->step[s->i];
    jc_status st = JC_OK;

    match = match != step->invert;
    if (s->piece && joins(s, step->behaviour, match)) {
        s->n += n;
    } else {
        st = flush(s, err);
        s->piece = match && step->behaviour == JC_CUT_REMOVED ? NULL : piece;
        s->n = n;
    }
    s->match = match;
    return st;
}

static jc_status split(const run *r, size_t i, const char *text, size_t n, bool first,
                       jc_error *err)
{
    splitting s = {.r = r, .i = i, .text = text, .first = first};
    jc_status st = jc_pattern_split(r->cut->step[i].pattern, text, n, take_piece, &s, err);

    return st ? st : flush(&s, err);
}

/* ---- the other steps ---- */

static jc_status prefix(const run *r, size_t i, const char *text, size_t n, bool first,
                        jc_error *err)
{
    jc_bytes out = {0};
    jc_status st = JC_OK;

    if (text[0] == ' ')
        return run_from(r, i + 1, text, n, first, err);
    if (!jc_bytes_add(&out, " ", 1) || !jc_bytes_add(&out, text, n))
        st = jc_fail_nomem(err, "a text");
    if (st == JC_OK)
        st = run_from(r, i + 1, out.data, out.n, first, err);
    jc_free(out.data);
    return st;
}

static bool write_spaces(const jc_cut_step *step, const char *text, size_t n, bool first,
                         jc_bytes *out)
{
    size_t done = 0, length = strlen(step->sign);
    bool signs = text[0] == ' ' || (n >= length && memcmp(text, step->sign, length) == 0);
    bool wanted =
        step->prepend == JC_PREPEND_ALWAYS || (step->prepend == JC_PREPEND_FIRST && first);

    if (wanted && !signs && !jc_bytes_add(out, step->sign, length))
        return false;
    for (size_t at = 0; at < n; at++) {
        if (text[at] != ' ')
            continue;
        if (!jc_bytes_add(out, text + done, at - done) ||
            !jc_bytes_add(out, step->sign, length))
            return false;
        done = at + 1;
    }
    return jc_bytes_add(out, text + done, n - done);
}

static jc_status spaces(const run *r, size_t i, const char *text, size_t n, bool first,
                        jc_error *err)
{
    jc_bytes out = {0};
    jc_status st = write_spaces(&r->cut->step[i], text, n, first, &out)
                       ? JC_OK
                       : jc_fail_nomem(err, "a text");

    if (st == JC_OK)
        st = run_from(r, i + 1, out.data, out.n, first, err);
    jc_free(out.data);
    return st;
}

static jc_status bert(const run *r, size_t i, const char *text, size_t n, bool first,
                      jc_error *err)
{
    size_t word = 0; /* where the word begins that is not ended yet */
    jc_status st = JC_OK;

    for (size_t at = 0, length; at < n && st == JC_OK; at += length) {
        uint32_t c = 0;
        length = jc_utf8_next(text + at, n - at, &c);
        length = length ? length : 1;
        bool punct = jc_bert_is_punct(c);
        if (!punct && !jc_char_is_space(c))
            continue;
        if (at > word)
            st = run_from(r, i + 1, text + word, at - word, first && word == 0, err);
        word = at + length;
        if (st == JC_OK && punct)
            st = run_from(r, i + 1, text + at, length, first && at == 0, err);
    }
    return st || word == n
               ? st
               : run_from(r, i + 1, text + word, n - word, first && word == 0, err);
}

/* ---- a character for each byte, for steps after ByteLevel ---- */

static jc_status chars(const run *r, size_t i, const char *text, size_t n, bool first,
                       jc_error *err)
{
    jc_bytes out = {0};
    jc_status st = jc_byte_chars_put(text, n, &out)
                       ? run_from(r, i + 1, out.data, out.n, first, err)
                       : jc_fail_nomem(err, "a text");

    jc_free(out.data);
    return st;
}

static jc_status give_piece(const run *r, const char *piece, size_t n, jc_error *err)
{
    if (!r->cut->chars)
        return r->give(r->arg, piece, n, err);
    char *bytes = jc_alloc(n);
    size_t n_bytes;
    jc_status st = bytes ? JC_OK : jc_fail_nomem(err, "a text");
    if (st == JC_OK && jc_byte_chars_undo(piece, n, bytes, &n_bytes))
        st = r->give(r->arg, bytes, n_bytes, err);
    jc_free(bytes);
    return st;
}

static jc_status run_from(const run *r, size_t i, const char *text, size_t n, bool first,
                          jc_error *err)
{
    if (n == 0)
        return JC_OK;
    if (i == r->cut->n)
        return give_piece(r, text, n, err);
    switch (r->cut->step[i].kind) {
    case JC_CUT_SPLIT:
        return split(r, i, text, n, first, err);
    case JC_CUT_PREFIX:
        return prefix(r, i, text, n, first, err);
    case JC_CUT_SPACES:
        return spaces(r, i, text, n, first, err);
    case JC_CUT_BERT:
        return bert(r, i, text, n, first, err);
    case JC_CUT_CHARS:
        return chars(r, i, text, n, first, err);
    }
    return JC_OK;
}

jc_status jc_cut_run(const jc_cut *cut, const char *text, size_t n, bool first,
                     jc_cut_fn *give, void *arg, jc_error *err)
{
    const run r = {cut, give, arg};

    return run_from(&r, 0, text, n, first, err);
}
