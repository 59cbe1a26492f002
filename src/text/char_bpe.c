/* SPDX-License-Identifier: MIT */
/*
 * char_bpe.c: BPE of characters, as sentencepiece has it (Kudo and Richardson 2018): with
 * merges, or with scores of the pieces.
 *
 * sentencepiece merges any two neighbours that together are a piece, the piece of the
 * highest score first, and from left to right where scores are equal. That is the same as
 * a merge for each cut of each piece into two pieces or characters, ranked by score. A
 * character that is part of a piece and no piece itself has an id from LOOSE on.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text/tokenizer.h"

#define LOOSE (1u << 30)

typedef struct char_bpe {
    jc_fallback fallback;
    jc_vocab loose;
} char_bpe;

static size_t char_at(const char *text, size_t n)
{
    uint32_t c;
    size_t length = jc_utf8_next(text, n, &c);

    return length ? length : 1;
}

/* A token that a text may be made of, or a loose character. */
static uint32_t find(const jc_tokenizer *t, const char *text, size_t n)
{
    const char_bpe *b = t->model;
    uint32_t id = jc_vocab_find(&t->vocab, text, n);

    if (id != JC_NO_TOKEN && t->score && (id >= t->n_scores || isinf(t->score[id])))
        id = JC_NO_TOKEN;
    if (id != JC_NO_TOKEN || b->loose.size == 0)
        return id;
    id = jc_vocab_find(&b->loose, text, n);
    return id == JC_NO_TOKEN ? id : id + LOOSE;
}

/* ---- merges of scores ---- */

typedef struct scored {
    double score;
    uint32_t id;
} scored;

static int by_score(const void *a, const void *b)
{
    double x = ((const scored *)a)->score, y = ((const scored *)b)->score;

    return x < y ? 1 : x > y ? -1 : 0;
}

static jc_status find_half(jc_tokenizer *t, const char *text, size_t n, uint32_t *id,
                           jc_error *err)
{
    char_bpe *b = t->model;

    *id = find(t, text, n);
    if (*id != JC_NO_TOKEN || char_at(text, n) < n)
        return JC_OK;
    *id = b->loose.size + LOOSE;
    return jc_vocab_add(&b->loose, text, n, b->loose.size, t->path, err);
}

/* Every cut of a piece. */
static jc_status add_cuts(jc_tokenizer *t, uint32_t id, uint32_t rank, jc_error *err)
{
    size_t n;
    jc_status st = JC_OK;

    for (size_t at = 0; st == JC_OK;) {
        const char *name = jc_vocab_name(&t->vocab, id, &n);
        uint32_t left = JC_NO_TOKEN, right = JC_NO_TOKEN;
        at += char_at(name + at, n - at);
        if (at >= n)
            return JC_OK;
        st = find_half(t, name, at, &left, err);
        if (st == JC_OK && left != JC_NO_TOKEN)
            st = find_half(t, name + at, n - at, &right, err);
        if (st == JC_OK && right != JC_NO_TOKEN &&
            !jc_merges_add(&t->merges, left, right, rank, id))
            st = jc_fail_nomem(err, "the merges");
    }
    return st;
}

static jc_status merges_of_scores(jc_tokenizer *t, jc_error *err)
{
    scored *piece = jc_alloc_array(t->n_scores, sizeof *piece);
    uint32_t n = 0, rank = 0;
    jc_status st = piece ? JC_OK : jc_fail_nomem(err, "the merges");
    size_t length;

    for (uint32_t id = 0; st == JC_OK && id < t->n_scores; id++)
        if (!isinf(t->score[id]) && jc_vocab_name(&t->vocab, id, &length) && length > 0)
            piece[n++] = (scored){t->score[id], id};
    if (st == JC_OK)
        qsort(piece, n, sizeof *piece, by_score);
    for (uint32_t i = 0; i < n && st == JC_OK; i++) {
        rank += i > 0 && piece[i].score < piece[i - 1].score;
        st = add_cuts(t, piece[i].id, rank, err);
    }
    jc_free(piece);
    return st;
}

static jc_status prepare(jc_tokenizer *t, jc_error *err)
{
    char_bpe *b = jc_alloc_array(1, sizeof *b);

    t->model = b;
    if (!b)
        return jc_fail_nomem(err, "a tokenizer");
    jc_fallback_find(&b->fallback, &t->vocab, t->byte_fallback);
    return t->score ? merges_of_scores(t, err) : JC_OK;
}

static void unload(void *model)
{
    char_bpe *b = model;

    if (b)
        jc_vocab_free(&b->loose);
    jc_free(b);
}

/* ---- encoding ---- */

/* What has no token itself: the ids of its bytes, or the unknown one. Room is left for
 * them: n at most. */
static jc_status put_unknown(const jc_tokenizer *t, jc_bpe *bpe, const char *text, size_t n,
                             jc_error *err)
{
    const char_bpe *b = t->model;
    bool bytes = jc_fallback_has(&b->fallback, text, n);

    if (!bytes && t->unknown == JC_NO_TOKEN)
        return jc_fallback_fail(text, n, err);
    for (size_t i = 0; i < (bytes ? n : 1); i++)
        bpe->symbol[bpe->n++].id =
            bytes ? b->fallback.byte[(unsigned char)text[i]] : t->unknown;
    return JC_OK;
}

static jc_status fill(const jc_tokenizer *t, jc_bpe *bpe, const char *piece, size_t n,
                      jc_error *err)
{
    jc_status st = JC_OK;

    bpe->n = 0;
    for (size_t at = 0, length; at < n && st == JC_OK; at += length) {
        length = char_at(piece + at, n - at);
        uint32_t id = find(t, piece + at, length);
        if (id == JC_NO_TOKEN)
            st = put_unknown(t, bpe, piece + at, length, err);
        else
            bpe->symbol[bpe->n++].id = id;
    }
    return st;
}

/* A loose character that is still there has no token. */
static jc_status put_loose(const jc_tokenizer *t, jc_bpe *bpe, uint32_t id, jc_ids *ids,
                           jc_error *err)
{
    const char_bpe *b = t->model;
    size_t n;
    const char *name = jc_vocab_name(&b->loose, id - LOOSE, &n);

    if (!jc_bpe_start(bpe, n))
        return jc_fail_nomem(err, "a word");
    bpe->n = 0;
    jc_status st = put_unknown(t, bpe, name, n, err);
    for (size_t i = 0; i < bpe->n && st == JC_OK; i++)
        if (!jc_ids_add(ids, bpe->symbol[i].id))
            st = jc_fail_nomem(err, "token ids");
    return st;
}

static jc_status put_all(const jc_tokenizer *t, jc_scratch *s, jc_ids *ids, jc_error *err)
{
    size_t before = ids->n, kept = before;
    jc_status st = JC_OK;

    for (size_t i = 0; i < s->ids.n && st == JC_OK; i++) {
        uint32_t id = s->ids.id[i];
        if (id >= LOOSE)
            st = put_loose(t, &s->bpe, id, ids, err);
        else if (!jc_ids_add(ids, id))
            st = jc_fail_nomem(err, "token ids");
    }
    for (size_t i = before; i < ids->n; i++) {
        bool again = kept > before && ids->id[i] == t->unknown &&
                     ids->id[kept - 1] == t->unknown && t->fuse_unknown;
        if (!again)
            ids->id[kept++] = ids->id[i];
    }
    ids->n = kept;
    return st;
}

static jc_status encode(const jc_tokenizer *t, jc_scratch *s, const char *piece, size_t n,
                        jc_ids *ids, jc_error *err)
{
    uint32_t whole = t->ignore_merges ? find(t, piece, n) : JC_NO_TOKEN;

    if (whole < LOOSE)
        return jc_ids_add(ids, whole) ? JC_OK : jc_fail_nomem(err, "token ids");
    if (!jc_bpe_start(&s->bpe, n))
        return jc_fail_nomem(err, "a word");
    jc_status st = fill(t, &s->bpe, piece, n, err);
    s->ids.n = 0;
    if (st == JC_OK && !jc_bpe_merge(&s->bpe, &t->merges, &s->ids))
        st = jc_fail_nomem(err, "token ids");
    return st ? st : put_all(t, s, ids, err);
}

const jc_algorithm jc_char_bpe = {
    .kind = "bpe",
    .prepare = prepare,
    .encode = encode,
    .close = unload,
};
