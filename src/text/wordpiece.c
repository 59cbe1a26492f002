/* SPDX-License-Identifier: MIT */
/*
 * wordpiece.c: WordPiece (Wu et al. 2016) as BERT has it.
 *
 * Each word is cut into the longest tokens that the vocabulary has, from the left; tokens
 * inside a word begin with "##". A word that cannot be cut up whole is unknown.
 */
#include <string.h>

#include "text/tokenizer.h"

typedef struct wordpiece {
    size_t longest; /* bytes of the longest token */
    size_t n_inside;
} wordpiece;

static jc_status prepare(jc_tokenizer *t, jc_error *err)
{
    wordpiece *w = jc_alloc_array(1, sizeof *w);

    t->model = w;
    if (!w)
        return jc_fail_nomem(err, "a tokenizer");
    w->n_inside = strlen(t->inside);
    for (uint32_t id = 0; id < t->vocab.size; id++) {
        size_t length;
        if (jc_vocab_name(&t->vocab, id, &length) && length > w->longest)
            w->longest = length;
    }
    return JC_OK;
}

static bool starts_char(char byte)
{
    return ((unsigned char)byte & 0xc0) != 0x80;
}

/* The longest token that text[0..n) begins with; *length is how much of it, 0 for none. */
static uint32_t longest_token(const jc_vocab *vocab, const char *text, size_t n,
                              size_t skip, size_t *length)
{
    for (*length = n; *length > skip; --*length) {
        if (*length < n && !starts_char(text[*length]))
            continue;
        uint32_t id = jc_vocab_find(vocab, text, *length);
        if (id != JC_NO_TOKEN)
            return id;
    }
    *length = 0;
    return JC_NO_TOKEN;
}

/* `piece` is for w->n_inside + w->longest bytes. */
static bool encode_word(const jc_tokenizer *t, const char *word, size_t n, char *piece,
                        jc_ids *ids)
{
    const wordpiece *w = t->model;
    size_t before = ids->n;
    uint64_t chars = 0;

    for (size_t i = 0; i < n; i++)
        chars += starts_char(word[i]);
    for (size_t at = 0; at < n && chars <= t->word_limit;) {
        size_t skip = at ? w->n_inside : 0, length;
        size_t room = n - at < w->longest ? n - at : w->longest;
        while (room < n - at && !starts_char(word[at + room]))
            room--;
        memcpy(piece + w->n_inside, word + at, room);
        uint32_t id = longest_token(&t->vocab, piece + w->n_inside - skip, skip + room,
                                    skip, &length);
        if (length == 0) {
            ids->n = before;
            break;
        }
        if (!jc_ids_add(ids, id))
            return false;
        at += length - skip;
    }
    return ids->n > before || jc_ids_add(ids, t->unknown);
}

static jc_status encode(const jc_tokenizer *t, jc_scratch *s, const char *piece, size_t n,
                        jc_ids *ids, jc_error *err)
{
    const wordpiece *w = t->model;

    if (!jc_grow(&s->bytes.data, &s->bytes.capacity, w->n_inside + w->longest + 1, 1))
        return jc_fail_nomem(err, "a word");
    memcpy(s->bytes.data, t->inside, w->n_inside);
    return encode_word(t, piece, n, s->bytes.data, ids) ? JC_OK
                                                        : jc_fail_nomem(err, "token ids");
}

const jc_algorithm jc_wordpiece = {
    .kind = "wordpiece",
    .prepare = prepare,
    .encode = encode,
    .close = jc_free,
};
