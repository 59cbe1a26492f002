/* SPDX-License-Identifier: MIT */
/*
 * draft_ngram.c: what followed the last tokens before, in the text so far.
 *
 * The longer the match, the surer the guess; and of several continuations of a match those
 * are surer that came more often.
 */
#include <math.h>

#include "generate/drafters.h"

enum {
    LONGEST = 10,  /* tokens of a match that are compared */
    BACK = 16384,  /* tokens of the text that are looked through */
    DISTINCT = 32, /* next tokens that are told apart at a place */
    SHARES = 4
};

/* A token that came next somewhere. */
typedef struct next {
    uint32_t id;
    uint32_t longest; /* match before it */
    uint32_t count[LONGEST + 1];
} next;

typedef struct found {
    next list[DISTINCT];
    size_t n;
    uint32_t count[LONGEST + 1]; /* places with a match of that length */
} found;

static uint32_t match(const uint32_t *ids, size_t i, size_t end)
{
    uint32_t n = 0;

    while (n < LONGEST && n <= i && ids[i - n] == ids[end - n])
        n++;
    return n;
}

static void note(found *f, uint32_t id, uint32_t length)
{
    size_t k = 0;

    f->count[length]++;
    while (k < f->n && f->list[k].id != id)
        k++;
    if (k == DISTINCT)
        return;
    if (k == f->n)
        f->list[f->n++] = (next){.id = id};
    f->list[k].count[length]++;
    if (length > f->list[k].longest)
        f->list[k].longest = length;
}

/* Lengths 1, 2, 3, 4-5, 6-9 and 10. */
static uint32_t length_class(uint32_t length)
{
    return length < 4 ? length - 1 : length < 6 ? 3 : length < LONGEST ? 4 : 5;
}

/* By the share of matches as long as its longest one that it follows. */
static uint32_t class_of(const found *f, const next *t)
{
    uint32_t with = 0, all = 0;

    for (uint32_t l = t->longest; l <= LONGEST; l++) {
        with += t->count[l];
        all += f->count[l];
    }
    uint32_t share = 3 * with < all ? 0 : 3 * with < 2 * all ? 1 : all == 1 ? 2 : 3;
    return length_class(t->longest) * SHARES + share;
}

/* Log-odds of guesses and of what is said by others (worth.h): logistic regression over
 * places of texts that Gemma 3 270M and wiki-gpt2-12x128 wrote after Wikipedia and news,
 * greedily and at temperature 0.8, with every choice of ngram, recycle and context. */
static const float odds[JC_SIGNS] = {
    -0.3F, 0.4F,  1.0F,  1.8F,  -0.5F, 0.6F,  1.9F,  3.2F,  -0.3F, 0.8F,  2.8F,
    2.9F,  0.3F,  1.4F,  3.9F,  4.1F,  0.6F,  1.3F,  4.5F,  4.0F,  1.5F,  2.6F,
    5.6F,  6.7F,  -0.5F, -0.5F, -0.5F, -0.5F, -0.5F, -0.5F, -0.5F, -0.5F, 0.0F,
    0.3F,  0.3F,  0.1F,  -1.1F, 0.0F,  0.2F,  -0.6F, -0.1F, 0.2F,  -0.1F, -0.4F,
    -0.1F, -0.6F, -0.7F, -1.6F, 0.9F,  -0.5F, -1.2F, -2.2F, -0.2F, -2.3F, -2.4F,
    -4.0F, 0.0F,  0.0F,  0.0F,  0.0F,  0.0F,  0.0F,  0.0F,  0.0F,  0.4F,
};
/* The surest first; of equals the one that came last. */
static size_t rank(const found *f, jc_guess *guesses)
{
    bool used[DISTINCT] = {false};
    size_t n = 0;

    for (; n < JC_GUESSES && n < f->n; n++) {
        size_t best = 0;
        float most = -INFINITY;
        for (size_t k = 0; k < f->n; k++) {
            float worth = used[k] ? -INFINITY : odds[class_of(f, &f->list[k])];
            if (worth > most) {
                most = worth;
                best = k;
            }
        }
        used[best] = true;
        guesses[n] = (jc_guess){f->list[best].id, class_of(f, &f->list[best])};
    }
    return n;
}

static jc_status guess(void *state, const jc_place_at *at, size_t n, jc_guess *guesses,
                       size_t *n_guesses, jc_error *err)
{
    (void)state;
    (void)err;
    for (size_t k = 0; k < n; k++) {
        found f = {.n = 0};
        const uint32_t *ids = at[k].ids;
        size_t end = at[k].n - 1, first = end > BACK ? end - BACK : 0;
        for (size_t i = end; i-- > first;)
            if (ids[i] == ids[end])
                note(&f, ids[i + 1], match(ids, i, end));
        n_guesses[k] = rank(&f, guesses + k * JC_GUESSES);
    }
    return JC_OK;
}

const jc_drafter jc_drafter_ngram = {
    .name = "ngram",
    .about = "what followed the last tokens before, in the text so far",
    .odds = odds,
    .guess = guess,
};
