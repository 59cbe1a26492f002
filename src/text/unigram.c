/* SPDX-License-Identifier: MIT */
/*
 * unigram.c: the unigram language model (Kudo 2018): of all ways to write a piece of text
 * with tokens, the one of the largest sum of scores (Viterbi 1967).
 *
 * Of equal sums the one found first counts, from left to right and shorter tokens first, as
 * in the reference. A character that no token begins and ends with is unknown, at a
 * score of 10 below the lowest.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text/tokenizer.h"

#define UNKNOWN_PENALTY 10.0

/* Names in order of bytes: those with a prefix in common lie together, and each further
 * byte makes the range narrower. */
typedef struct entry {
    const char *name;
    size_t n;
    uint32_t id;
} entry;

typedef struct unigram {
    jc_fallback fallback;
    double unknown_score;
    jc_bytes names; /* a copy: the vocabulary's move when tokens are added */
    entry *entry;   /* [n] */
    size_t n;
    size_t first[257]; /* those of first byte b: entry[first[b]..first[b + 1]) */
} unigram;

/* The best way to write the text up to here. */
struct jc_best {
    double score;
    uint32_t start, id; /* of its last token; start UINT32_MAX: no way yet */
    uint32_t next;      /* where the token that begins here ends, once chosen */
};

static int by_name(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    size_t n = x->n < y->n ? x->n : y->n;
    int order = memcmp(x->name, y->name, n);

    return order ? order : (x->n > y->n) - (x->n < y->n);
}

static void index_names(const jc_tokenizer *t, unigram *u)
{
    for (uint32_t id = 0; id < t->n_scores; id++) {
        size_t n;
        const char *name = jc_vocab_name(&t->vocab, id, &n);
        if (name && n > 0 && !isinf(t->score[id]))
            u->entry[u->n++] = (entry){u->names.data + t->vocab.token[id].at, n, id};
    }
    qsort(u->entry, u->n, sizeof *u->entry, by_name);
    for (size_t i = 0; i < u->n; i++)
        u->first[(unsigned char)u->entry[i].name[0] + 1]++;
    for (size_t b = 0; b < 256; b++)
        u->first[b + 1] += u->first[b];
}

static jc_status prepare(jc_tokenizer *t, jc_error *err)
{
    unigram *u = jc_alloc_array(1, sizeof *u);
    double lowest = HUGE_VAL;

    t->model = u;
    if (u)
        u->entry = jc_alloc_array(t->n_scores, sizeof *u->entry);
    if (!u || !u->entry ||
        !jc_bytes_add(&u->names, t->vocab.names.data ? t->vocab.names.data : "",
                      t->vocab.names.n))
        return jc_fail_nomem(err, "a tokenizer");
    index_names(t, u);
    jc_fallback_find(&u->fallback, &t->vocab, t->byte_fallback);
    for (size_t i = 0; i < u->n; i++)
        if (t->score[u->entry[i].id] < lowest)
            lowest = t->score[u->entry[i].id];
    u->unknown_score = lowest - UNKNOWN_PENALTY;
    return JC_OK;
}

static void unload(void *model)
{
    unigram *u = model;

    if (!u)
        return;
    jc_free(u->entry);
    jc_free(u->names.data);
    jc_free(u);
}

/* ---- encoding ---- */

/* The range of entries whose byte `depth` is `byte`, out of [*low, *high), which agree on
 * all before it and are longer. */
static void narrow(const unigram *u, size_t depth, unsigned char byte, size_t *low,
                   size_t *high)
{
    size_t bound[2];

    for (size_t side = 0; side < 2; side++) {
        size_t from = *low, to = *high;
        while (from < to) {
            size_t middle = from + (to - from) / 2;
            if ((unsigned char)u->entry[middle].name[depth] < byte + side)
                from = middle + 1;
            else
                to = middle;
        }
        bound[side] = from;
    }
    *low = bound[0];
    *high = bound[1];
}

static void offer(struct jc_best *best, size_t start, size_t stop, double score,
                  uint32_t id)
{
    if (best[stop].start != UINT32_MAX && !(score > best[stop].score))
        return;
    best[stop] = (struct jc_best){.score = score, .start = (uint32_t)start, .id = id};
}

/* Offer all tokens that begin at `at`; whether one is the character there alone. */
static bool offer_tokens(const jc_tokenizer *t, struct jc_best *best, const char *text,
                         size_t n, size_t at, size_t length)
{
    const unigram *u = t->model;
    unsigned char byte = (unsigned char)text[at];
    size_t low = u->first[byte], high = u->first[byte + 1];
    bool alone = false;

    for (size_t depth = 1; low < high; depth++) {
        if (u->entry[low].n == depth) {
            uint32_t id = u->entry[low].id;
            offer(best, at, at + depth, t->score[id] + best[at].score, id);
            alone |= depth == length;
            low++;
        }
        if (at + depth == n)
            break;
        narrow(u, depth, (unsigned char)text[at + depth], &low, &high);
    }
    return alone;
}

static jc_status walk(const jc_tokenizer *t, struct jc_best *best, const char *text,
                      size_t n, jc_error *err)
{
    const unigram *u = t->model;

    for (size_t i = 0; i <= n; i++)
        best[i] = (struct jc_best){.start = UINT32_MAX};
    for (size_t at = 0, length; at < n; at += length) {
        uint32_t c;
        length = jc_utf8_next(text + at, n - at, &c);
        length = length ? length : 1;
        if (offer_tokens(t, best, text, n, at, length))
            continue;
        if (t->unknown == JC_NO_TOKEN && !jc_fallback_has(&u->fallback, text + at, length))
            return jc_fallback_fail(text + at, length, err);
        offer(best, at, at + length, u->unknown_score + best[at].score, JC_NO_TOKEN);
    }
    for (size_t stop = n; stop > 0; stop = best[stop].start)
        best[best[stop].start].next = (uint32_t)stop;
    return JC_OK;
}

/* The unknown token may itself be written out in a text. */
static bool unknown(const jc_tokenizer *t, uint32_t id)
{
    return id == JC_NO_TOKEN || id == t->unknown;
}

/* text[0..n) is unknown: a token all the same where neighbours make one, or its bytes, if
 * all have tokens. */
static bool put_unknown(const jc_tokenizer *t, const char *text, size_t n, jc_ids *ids)
{
    const unigram *u = t->model;
    uint32_t whole = jc_vocab_find(&t->vocab, text, n);

    if (whole < t->n_scores && !isinf(t->score[whole]))
        return jc_ids_add(ids, whole);
    if (!jc_fallback_has(&u->fallback, text, n))
        return jc_ids_add(ids, t->unknown);
    for (size_t i = 0; i < n; i++)
        if (!jc_ids_add(ids, u->fallback.byte[(unsigned char)text[i]]))
            return false;
    return true;
}

static jc_status encode(const jc_tokenizer *t, jc_scratch *s, const char *piece, size_t n,
                        jc_ids *ids, jc_error *err)
{
    if (n >= UINT32_MAX || !jc_grow(&s->best, &s->best_capacity, n + 1, sizeof *s->best))
        return jc_fail_nomem(err, "a text");
    jc_status st = walk(t, s->best, piece, n, err);
    for (size_t at = 0; at < n && st == JC_OK;) {
        size_t stop = s->best[at].next;
        uint32_t id = s->best[stop].id;
        /* neighbours that are unknown are one */
        while (unknown(t, id) && stop < n && t->fuse_unknown &&
               unknown(t, s->best[s->best[stop].next].id))
            stop = s->best[stop].next;
        if (unknown(t, id) ? !put_unknown(t, piece + at, stop - at, ids)
                           : !jc_ids_add(ids, id))
            st = jc_fail_nomem(err, "token ids");
        at = stop;
    }
    return st;
}

const jc_algorithm jc_unigram = {
    .kind = "unigram",
    .prepare = prepare,
    .encode = encode,
    .close = unload,
};
