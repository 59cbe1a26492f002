/* SPDX-License-Identifier: MIT */
/*
 * draft_ngram.c: what followed the last tokens before, in the text so far.
 *
 * The longer the match, the surer the guess; and of several continuations of a match those
 * are surer that came more often.
 */
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

static double prior(uint32_t class)
{
    static const double worth[][SHARES] = {
        {0.03, 0.10, 0.10, 0.25}, {0.06, 0.20, 0.25, 0.45}, {0.10, 0.30, 0.45, 0.60},
        {0.12, 0.35, 0.60, 0.75}, {0.15, 0.40, 0.75, 0.85}, {0.20, 0.45, 0.85, 0.95},
    };
    uint32_t length = class / SHARES;

    return worth[length < JC_COUNT(worth) ? length : 0][class % SHARES];
}

/* The surest first; of equals the one that came last. */
static size_t rank(const found *f, jc_guess *guesses)
{
    bool used[DISTINCT] = {false};
    size_t n = 0;

    for (; n < JC_GUESSES && n < f->n; n++) {
        size_t best = 0;
        double p = -1;
        for (size_t k = 0; k < f->n; k++) {
            double worth = used[k] ? -1 : prior(class_of(f, &f->list[k]));
            if (worth > p) {
                p = worth;
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
    .prior = prior,
    .guess = guess,
};
