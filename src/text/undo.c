/* SPDX-License-Identifier: MIT */
/* undo.c: the steps that make names of tokens a text. Each writes a new list out of the one
 * before; what is left at the end is joined. */
#include "text/undo.h"

#include <string.h>

#include "text/byte_chars.h"
#include "text/tokenizer.h"

#define REPLACEMENT "\xef\xbf\xbd"

typedef struct item {
    size_t at, n; /* in the list's bytes */
    uint32_t id;  /* JC_NO_TOKEN: of more than one token */
} item;

typedef struct list {
    jc_bytes bytes;
    item *item; /* [n] */
    size_t n, capacity;
} list;

static bool put(list *to, const char *text, size_t n, uint32_t id)
{
    size_t at = to->bytes.n;

    if (!jc_grow(&to->item, &to->capacity, to->n + 1, sizeof *to->item) ||
        !jc_bytes_add(&to->bytes, text, n))
        return false;
    to->item[to->n++] = (item){at, n, id};
    return true;
}

/* More of the item put last. */
static bool put_more(list *to, const char *text, size_t n)
{
    to->item[to->n - 1].n += n;
    return jc_bytes_add(&to->bytes, text, n);
}

void jc_undo_free(jc_undo *undo)
{
    for (size_t i = 0; i < undo->n; i++) {
        jc_pattern_free(undo->step[i].pattern);
        jc_free(undo->step[i].text);
        jc_free(undo->step[i].unknown);
    }
    jc_free(undo->step);
    *undo = (jc_undo){0};
}

jc_status jc_undo_add(jc_undo *undo, jc_undo_step *step, jc_error *err)
{
    if (!jc_grow(&undo->step, &undo->capacity, undo->n + 1, sizeof *undo->step)) {
        jc_pattern_free(step->pattern);
        jc_free(step->text);
        jc_free(step->unknown);
        return jc_fail_nomem(err, "a tokenizer");
    }
    undo->step[undo->n++] = *step;
    return JC_OK;
}

typedef struct undoing {
    const jc_tokenizer *t;
    const jc_undo_step *step;
    const list *from;
    list *to;
    jc_undo_place place;
    bool fused; /* the tokens are one item already */
} undoing;

static const char *text_of(const undoing *u, size_t i)
{
    return u->from->bytes.data + u->from->item[i].at;
}

/* ---- bytes ---- */

/* Added tokens are texts already. */
static bool byte_level(const undoing *u, size_t i)
{
    const item *it = &u->from->item[i];
    size_t n, want;

    if (it->id != JC_NO_TOKEN && u->t->vocab.token[it->id].added)
        return put(u->to, text_of(u, i), it->n, it->id);
    if (!put(u->to, "", 0, it->id) || !jc_add(u->to->bytes.n, it->n + 1, &want) ||
        !jc_grow(&u->to->bytes.data, &u->to->bytes.capacity, want, 1))
        return false;
    if (!jc_byte_chars_undo(text_of(u, i), it->n, u->to->bytes.data + u->to->bytes.n, &n))
        return put_more(u->to, text_of(u, i), it->n);
    u->to->item[u->to->n - 1].n = n;
    u->to->bytes.n += n;
    return true;
}

/* The byte that "<0x0A>" names, -1 for none. */
static int named_byte(const undoing *u, size_t i)
{
    return u->from->item[i].n == 6 ? jc_fallback_byte(text_of(u, i)) : -1;
}

/* A run of bytes as text. What is no UTF-8 becomes U+FFFD: each byte of it, or with
 * `whole` each byte of the run. */
static bool put_run(list *to, const char *bytes, size_t n, bool whole)
{
    bool bad = whole && jc_utf8_span(bytes, n) < n;
    uint32_t c;

    if (!put(to, "", 0, JC_NO_TOKEN))
        return false;
    for (size_t at = 0, length; at < n; at += length) {
        length = bad ? 0 : jc_utf8_next(bytes + at, n - at, &c);
        if (!put_more(to, length ? bytes + at : REPLACEMENT, length ? length : 3))
            return false;
        length = length ? length : 1;
    }
    return true;
}

/* A run of bytes by name from item i on; how many items it has. */
static size_t fallback(const undoing *u, size_t i, bool whole, bool *ok)
{
    jc_bytes run = {0};
    size_t n = 0;

    *ok = true;
    for (int byte; *ok && i + n < u->from->n; n++) {
        byte = named_byte(u, i + n);
        if (byte < 0)
            break;
        char one = (char)byte;
        *ok = jc_bytes_add(&run, &one, 1);
    }
    if (*ok && n)
        *ok = put_run(u->to, run.data, run.n, whole);
    jc_free(run.data);
    return n;
}

static bool undo_fallback(const undoing *u)
{
    bool ok = true;

    for (size_t i = 0; ok && i < u->from->n;) {
        size_t n = fallback(u, i, true, &ok);
        if (ok && n == 0)
            ok = put(u->to, text_of(u, i), u->from->item[i].n, JC_NO_TOKEN);
        i += n ? n : 1;
    }
    return ok;
}

/* ---- each token ---- */

static jc_status replace_piece(void *arg, const char *piece, size_t n, bool match,
                               jc_error *err)
{
    const undoing *u = arg;

    return put_more(u->to, match ? u->step->text : piece, match ? u->step->n_text : n)
               ? JC_OK
               : jc_fail_nomem(err, "a text");
}

static bool replace(undoing *u, size_t i)
{
    return put(u->to, "", 0, u->from->item[i].id) &&
           jc_pattern_split(u->step->pattern, text_of(u, i), u->from->item[i].n,
                            replace_piece, u, NULL) == JC_OK;
}

static bool strip(const undoing *u, size_t i)
{
    const char *text = text_of(u, i);
    size_t n = u->from->item[i].n, length = u->step->n_text;
    bool begins = u->place == JC_UNDO_WHOLE || (u->place == JC_UNDO_AFTER && !u->fused);
    size_t start = begins ? u->step->start : 0, stop = u->step->stop;

    for (; start && n >= length && memcmp(text, u->step->text, length) == 0; start--) {
        text += length;
        n -= length;
    }
    for (; stop && n >= length && memcmp(text + n - length, u->step->text, length) == 0;
         stop--)
        n -= length;
    return put(u->to, text, n, u->from->item[i].id);
}

static bool spaces(const undoing *u, size_t i)
{
    const char *text = text_of(u, i), *sign = u->step->text;
    size_t n = u->from->item[i].n, length = u->step->n_text;

    if (!put(u->to, "", 0, u->from->item[i].id))
        return false;
    for (size_t at = 0; at < n;) {
        bool is = n - at >= length && memcmp(text + at, sign, length) == 0;
        bool drop = is && i == 0 && u->step->first && u->place == JC_UNDO_WHOLE;
        if (!drop && !put_more(u->to, is ? " " : text + at, 1))
            return false;
        at += is ? length : 1;
    }
    return true;
}

/* ---- whole texts ---- */

/* A token before which no space is written. */
static bool leans(const char *name, size_t n)
{
    static const char *const to[] = {".", "?", "!", ",", "n't", "'m", "'s", "'ve", "'re"};

    for (size_t i = 0; i < JC_COUNT(to); i++)
        if (n >= strlen(to[i]) && memcmp(name, to[i], strlen(to[i])) == 0)
            return true;
    return false;
}

/* Words with spaces between, without [CLS], [SEP] and [PAD]. */
static bool wordpiece(const undoing *u)
{
    const jc_undo_step *s = u->step;
    bool first = u->place != JC_UNDO_AFTER;

    for (size_t i = 0; i < u->from->n; i++) {
        const char *name = text_of(u, i);
        size_t n = u->from->item[i].n;
        uint32_t id = u->from->item[i].id;
        if (id == u->t->role[JC_ROLE_CLS] || id == u->t->role[JC_ROLE_SEP] ||
            id == u->t->role[JC_ROLE_PAD])
            continue;
        bool inside = n >= s->n_text && memcmp(name, s->text, s->n_text) == 0;
        size_t skip = inside && !first ? s->n_text : 0;
        bool space = !first && !inside && !(s->extra && leans(name, n));
        if (!put(u->to, " ", space, id) || !put_more(u->to, name + skip, n - skip))
            return false;
        first = false;
    }
    return true;
}

/* `begins`: the text begins here; *begins: and still does. */
static bool piece(const undoing *u, size_t i, bool *begins)
{
    const char *text = text_of(u, i);
    size_t n = u->from->item[i].n, length = u->step->n_text, before = u->to->bytes.n;
    bool dropped = false;

    if (*begins && u->step->first && n >= length &&
        memcmp(text, u->step->text, length) == 0) {
        text += length;
        n -= length;
        dropped = true;
    }
    if (!put(u->to, "", 0, JC_NO_TOKEN))
        return false;
    for (size_t at = 0; at < n;) {
        bool is = n - at >= length && memcmp(text + at, u->step->text, length) == 0;
        if (!put_more(u->to, is ? " " : text + at, 1))
            return false;
        at += is ? length : 1;
    }
    if ((dropped && !u->step->extra) || u->to->bytes.n > before)
        *begins = false;
    return true;
}

static bool sentencepiece(const undoing *u)
{
    bool begins = u->place == JC_UNDO_WHOLE, ok = true;

    for (size_t i = 0; ok && i < u->from->n;) {
        uint32_t id = u->from->item[i].id;
        size_t n = fallback(u, i, false, &ok);
        i += n;
        if (!ok || n) {
            begins = false;
            continue;
        }
        if (id == u->t->unknown) {
            ok = put(u->to, u->step->unknown, strlen(u->step->unknown), id);
            begins = false;
        } else if (!u->t->vocab.token[id].special) {
            ok = piece(u, i, &begins);
        }
        i++;
    }
    return ok;
}

static bool fuse(const undoing *u)
{
    return put(u->to, u->from->bytes.data, u->from->bytes.n, JC_NO_TOKEN);
}

/* ---- all steps ---- */

static bool run_each(undoing *u, bool (*one)(const undoing *u, size_t i))
{
    for (size_t i = 0; i < u->from->n; i++)
        if (!one(u, i))
            return false;
    return true;
}

static bool run_step(undoing *u)
{
    switch (u->step->kind) {
    case JC_UNDO_BYTE_LEVEL:
        return run_each(u, byte_level);
    case JC_UNDO_REPLACE:
        for (size_t i = 0; i < u->from->n; i++)
            if (!replace(u, i))
                return false;
        return true;
    case JC_UNDO_FALLBACK:
        return undo_fallback(u);
    case JC_UNDO_FUSE:
        return fuse(u);
    case JC_UNDO_STRIP:
        return run_each(u, strip);
    case JC_UNDO_SPACES:
        return run_each(u, spaces);
    case JC_UNDO_WORDPIECE:
        return wordpiece(u);
    case JC_UNDO_SENTENCEPIECE:
        return sentencepiece(u);
    }
    return true;
}

static void drop(list *l)
{
    jc_free(l->bytes.data);
    jc_free(l->item);
}

bool jc_undo_in_parts(const jc_undo *undo, bool *runs)
{
    bool fused = false;

    *runs = false;
    for (size_t i = 0; i < undo->n; i++) {
        const jc_undo_step *s = &undo->step[i];
        *runs |= s->kind == JC_UNDO_FALLBACK || s->kind == JC_UNDO_SENTENCEPIECE;
        if (fused && (s->kind != JC_UNDO_STRIP || s->stop > 0))
            return false;
        fused |= s->kind == JC_UNDO_FUSE;
    }
    return true;
}

jc_status jc_undo_run(const jc_tokenizer *t, const uint32_t *ids, size_t n,
                      jc_undo_place place, jc_bytes *text, jc_error *err)
{
    list from = {0}, to = {0};
    bool ok = jc_bytes_add(&from.bytes, "", 0), fused = false;

    for (size_t i = 0; ok && i < n; i++) {
        size_t length;
        const char *name = jc_vocab_name(&t->vocab, ids[i], &length);
        if (t->undo.n == 0 && (i > 0 || place == JC_UNDO_AFTER))
            ok = put(&from, " ", 1, JC_NO_TOKEN);
        ok = ok && put(&from, name, length, ids[i]);
    }
    for (size_t i = 0; ok && i < t->undo.n; i++) {
        undoing u = {t, &t->undo.step[i], &from, &to, place, fused};
        fused |= u.step->kind == JC_UNDO_FUSE;
        to.n = to.bytes.n = 0;
        ok = jc_bytes_add(&to.bytes, "", 0) && run_step(&u);
        list swap = from;
        from = to;
        to = swap;
    }
    ok = ok && jc_bytes_add(text, from.bytes.data, from.bytes.n);
    drop(&from);
    drop(&to);
    return ok ? JC_OK : jc_fail_nomem(err, "a text");
}
