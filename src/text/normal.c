/* SPDX-License-Identifier: MIT */
/* normal.c: the steps that make a text normal. */
#include "text/normal.h"

#include <string.h>
#include <utf8proc.h>

#include "text/chars.h"

#define SPACE       "\xe2\x96\x81" /* U+2581, sentencepiece's sign for a space */
#define REPLACEMENT "\xef\xbf\xbd"

static void release(jc_normal_step *step)
{
    jc_free(step->text);
    jc_pattern_free(step->pattern);
    jc_charsmap_free(&step->map);
}

jc_status jc_normal_add(jc_normal *normal, jc_normal_step *step, jc_error *err)
{
    if (!jc_grow(&normal->step, &normal->capacity, normal->n + 1, sizeof *normal->step)) {
        release(step);
        return jc_fail_nomem(err, "a tokenizer");
    }
    normal->step[normal->n++] = *step;
    return JC_OK;
}

void jc_normal_free(jc_normal *normal)
{
    for (size_t i = 0; i < normal->n; i++)
        release(&normal->step[i]);
    jc_free(normal->step);
    *normal = (jc_normal){0};
}

jc_status jc_normal_run(const jc_normal *normal, const char *text, size_t n, jc_bytes *out,
                        jc_error *err)
{
    jc_bytes old = {0};
    bool ok = jc_bytes_add(out, text, n);

    for (size_t i = 0; i < normal->n && ok && out->n > 0; i++) {
        jc_bytes swap = old;
        old = *out;
        *out = swap;
        out->n = 0;
        ok = normal->step[i].run(&normal->step[i], old.data, old.n, out) &&
             jc_bytes_add(out, "", 0);
    }
    jc_free(old.data);
    return ok ? JC_OK : jc_fail_nomem(err, "a text");
}

/* ---- steps of a piece of text ---- */

bool jc_normal_prepend(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out)
{
    return jc_bytes_add(out, s->text, s->n_text) && jc_bytes_add(out, text, n);
}

typedef struct replacing {
    const jc_normal_step *step;
    jc_bytes *out;
} replacing;

static jc_status replace_piece(void *arg, const char *piece, size_t n, bool match,
                               jc_error *err)
{
    const replacing *r = arg;

    return jc_bytes_add(r->out, match ? r->step->text : piece, match ? r->step->n_text : n)
               ? JC_OK
               : jc_fail_nomem(err, "a text");
}

bool jc_normal_replace(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out)
{
    replacing r = {s, out};

    return jc_pattern_split(s->pattern, text, n, replace_piece, &r, NULL) == JC_OK;
}

bool jc_normal_strip(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out)
{
    size_t start = 0, stop = 0;
    bool begun = !s->left;

    for (size_t at = 0; at < n;) {
        uint32_t c = 0;
        size_t length = jc_utf8_next(text + at, n - at, &c);
        bool space = length && jc_char_is_space(c);
        if (!space && !begun) {
            begun = true;
            start = at;
        }
        at += length ? length : 1;
        if (!space || !s->right)
            stop = at;
    }
    return !begun || stop < start || jc_bytes_add(out, text + start, stop - start);
}

/* ---- steps of each character ---- */

static bool put(jc_bytes *out, uint32_t c)
{
    utf8proc_uint8_t bytes[4];
    utf8proc_ssize_t n = utf8proc_encode_char((utf8proc_int32_t)c, bytes);

    return jc_bytes_add(out, bytes, (size_t)n);
}

bool jc_normal_lower(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out)
{
    (void)s;
    for (size_t at = 0, length; at < n; at += length ? length : 1) {
        uint32_t c;
        bool ok;
        length = jc_utf8_next(text + at, n - at, &c);
        if (length == 0)
            ok = jc_bytes_add(out, text + at, 1);
        else if (c == 0x130) /* its small form is two: i with a dot above */
            ok = put(out, 'i') && put(out, 0x307);
        else
            ok = put(out, (uint32_t)utf8proc_tolower((utf8proc_int32_t)c));
        if (!ok)
            return false;
    }
    return true;
}

bool jc_normal_no_marks(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out)
{
    (void)s;
    for (size_t at = 0, length; at < n; at += length ? length : 1) {
        uint32_t c = 0;
        length = jc_utf8_next(text + at, n - at, &c);
        bool mark = length && jc_char_is_mark(c);
        if (!mark && !jc_bytes_add(out, text + at, length ? length : 1))
            return false;
    }
    return true;
}

static bool is_dropped(uint32_t c)
{
    return (c >= 0x1 && c <= 0x8) || c == 0xb || (c >= 0xe && c <= 0x1f) || c == 0x7f ||
           c == 0x8f || c == 0x9f;
}

static bool is_spaced(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == 0x1680 ||
           (c >= 0x200b && c <= 0x200f) || c == 0x2028 || c == 0x2029 || c == 0x2581 ||
           c == 0xfeff || c == 0xfffd;
}

bool jc_normal_nmt(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out)
{
    (void)s;
    for (size_t at = 0, length; at < n; at += length) {
        uint32_t c = 0;
        bool known = (length = jc_utf8_next(text + at, n - at, &c)) > 0;
        length = known ? length : 1;
        if (known && is_dropped(c))
            continue;
        if (known && is_spaced(c) ? !jc_bytes_add(out, " ", 1)
                                  : !jc_bytes_add(out, text + at, length))
            return false;
    }
    return true;
}

bool jc_normal_charsmap(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out)
{
    return jc_charsmap_graphemes(&s->map, text, n, out);
}

bool jc_normal_bert(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out)
{
    return jc_bert_normalize(&s->bert, text, n, out);
}

/* text[0..n) is UTF-8. */
static bool put_form(jc_unicode_form form, const char *text, size_t n, jc_bytes *out)
{
    static const utf8proc_option_t how[] = {
        [JC_FORM_NFC] = UTF8PROC_STABLE | UTF8PROC_COMPOSE,
        [JC_FORM_NFD] = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE,
        [JC_FORM_NFKC] = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT,
        [JC_FORM_NFKD] = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT,
    };
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text;
    utf8proc_ssize_t length =
        utf8proc_decompose(bytes, (utf8proc_ssize_t)n, NULL, 0, how[form]);
    utf8proc_int32_t *codes =
        length < 0 ? NULL : jc_alloc_array((size_t)length + 1, sizeof *codes);
    bool ok = codes != NULL;

    if (ok) {
        utf8proc_decompose(bytes, (utf8proc_ssize_t)n, codes, length, how[form]);
        length = utf8proc_normalize_utf32(codes, length, how[form]);
    }
    for (utf8proc_ssize_t i = 0; ok && i < length; i++)
        ok = put(out, (uint32_t)codes[i]);
    jc_free(codes);
    return ok;
}

/* Bytes of text[0..n) up to what is left as it is: *kept bytes that are not UTF-8, or a
 * character that is too young. */
static size_t form_span(const char *text, size_t n, size_t *kept)
{
    uint32_t c;
    size_t at = 0, length = 0;

    while (at < n) {
        length = jc_utf8_next(text + at, n - at, &c);
        if (length == 0 || jc_char_is_young(c))
            break;
        at += length;
    }
    *kept = at == n ? 0 : length ? length : 1;
    return at;
}

bool jc_normal_form(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out)
{
    for (size_t at = 0, kept; at < n; at += kept) {
        size_t span = form_span(text + at, n - at, &kept);
        if (span && !put_form(s->form, text + at, span, out))
            return false;
        at += span;
        if (!jc_bytes_add(out, text + at, kept))
            return false;
    }
    return true;
}

/* ---- sentencepiece ---- */

/* What the text begins with, as the charsmap has it: *used bytes of it. */
static const char *prefix(const jc_normal_step *s, const char *text, size_t n, size_t *used,
                          size_t *length)
{
    uint32_t c;
    const char *to;

    *used = *length = jc_added_at(s->added, 1, text, n);
    if (*used)
        return text;
    to = jc_charsmap_find(&s->map, text, n, true, used);
    if (to) {
        *length = strlen(to);
        return to;
    }
    *used = *length = jc_utf8_next(text, n, &c);
    if (*used)
        return text;
    *used = 1;
    *length = strlen(REPLACEMENT);
    return REPLACEMENT;
}

static bool put_escaped(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out)
{
    size_t done = 0;

    for (size_t i = 0; s->escape && i < n; i++) {
        if (text[i] != ' ')
            continue;
        if (!jc_bytes_add(out, text + done, i - done) ||
            !jc_bytes_add(out, SPACE, strlen(SPACE)))
            return false;
        done = i + 1;
    }
    return jc_bytes_add(out, text + done, n - done);
}

static void drop_last_spaces(const jc_normal_step *s, jc_bytes *out)
{
    const char *space = s->escape ? SPACE : " ";
    size_t n = strlen(space);

    while (out->n >= n && memcmp(out->data + out->n - n, space, n) == 0)
        out->n -= n;
}

bool jc_normal_sentencepiece(const jc_normal_step *s, const char *text, size_t n,
                             jc_bytes *out)
{
    size_t at = 0, used, length;
    bool spaced = s->remove_extra; /* what stands before ends with a space */

    while (s->remove_extra && at < n) {
        const char *to = prefix(s, text + at, n - at, &used, &length);
        if (length != 1 || to[0] != ' ')
            break;
        at += used;
    }
    if (at == n)
        return true;
    if (s->dummy_prefix && !put_escaped(s, " ", 1, out))
        return false;
    for (; at < n; at += used) {
        const char *to = prefix(s, text + at, n - at, &used, &length);
        for (; spaced && length > 0 && to[0] == ' '; length--)
            to++;
        if (!put_escaped(s, to, length, out))
            return false;
        if (length)
            spaced = s->remove_extra && to[length - 1] == ' ';
    }
    if (s->remove_extra)
        drop_last_spaces(s, out);
    return true;
}
