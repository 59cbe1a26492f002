/* SPDX-License-Identifier: MIT */
/*
 * draft_corpus.c: what followed the last tokens in a text that is given.
 *
 * All places of that text lie in the order of the tokens that end there, the last token
 * first. So the places where a match of some length ends are neighbours, and a token more
 * narrows them. What followed longer matches counts more (Witten and Bell's weights).
 */
#include <math.h>
#include <string.h>

#include "generate/couple.h"
#include "generate/drafters.h"

enum {
    LONGEST = 6,  /* tokens of a match that are compared */
    ORDERS = 3,   /* lengths of matches that are looked at: the longest ones */
    LOOKS = 64,   /* places of a length, evenly spaced */
    DISTINCT = 48 /* next tokens that are told apart */
};

typedef struct corpus {
    const uint32_t *ids; /* [n] */
    uint32_t *ends;      /* [n - 1]: places in order; of the last one nothing follows */
    size_t n, vocab;
} corpus;

typedef struct followers {
    uint32_t id[DISTINCT], count[DISTINCT];
    double p[DISTINCT];
    size_t n;
    double rest; /* probability of all other tokens */
} followers;

/* Log-odds of guesses and of what is said by others (worth.h): logistic regression, the
 * n-grams' odds fixed, over 58,267 candidates in texts that Gemma 3 270M and
 * wiki-gpt2-12x128 wrote greedily and at temperature 0.8 after Wikipedia and news, looked
 * up in other documents of Wikipedia. */
static const float odds[JC_SIGNS] = {
    -0.6F, -0.4F, -1.2F, -1.6F, -0.1F, -0.4F, 0.5F,  0.6F, -0.4F, 1.4F, 0.6F, 0.2F, 1.4F,
    0.8F,  0.3F,  1.4F,  1.5F,  0.8F,  1.9F,  1.7F,  1.2F, 2.2F,  1.9F, 1.5F, 2.7F, 2.2F,
    1.9F,  0.0F,  0.0F,  0.0F,  0.0F,  0.0F,  -0.1F, 0.0F, 0.0F,  0.1F, 0.0F, 0.0F, -0.2F,
    0.0F,  0.0F,  0.4F,  0.0F,  0.0F,  -0.3F, 0.0F,  0.0F, -0.1F, 0.0F, 0.0F, 0.0F, 0.0F,
    0.0F,  -0.6F, 0.0F,  0.0F,  -0.7F, 0.0F,  0.0F,  0.0F, 0.0F,  0.0F, 0.0F, 0.0F, 0.8F,
};

/* ---- the order of places ---- */

/* The token `back` tokens before the end of a match at i, and one; 0 before the text. */
static size_t key(const corpus *c, size_t i, size_t back)
{
    return back > i ? 0 : (size_t)c->ids[i - back] + 1;
}

/* Order `from` by one token, keeping the order of those that are equal. */
static void order_by(const corpus *c, size_t back, size_t *begins, const uint32_t *from,
                     uint32_t *to)
{
    memset(begins, 0, (c->vocab + 2) * sizeof *begins);
    for (size_t i = 0; i + 1 < c->n; i++)
        begins[key(c, i, back) + 1]++;
    for (size_t k = 0; k <= c->vocab; k++)
        begins[k + 1] += begins[k];
    for (size_t i = 0; i + 1 < c->n; i++)
        to[begins[key(c, from[i], back)]++] = from[i];
}

static void close_corpus(void *state)
{
    corpus *c = state;

    if (c)
        jc_free(c->ends);
    jc_free(c);
}

static bool order(corpus *c)
{
    size_t *begins = jc_alloc_array(c->vocab + 2, sizeof *begins);
    uint32_t *other = jc_alloc_array(c->n, sizeof *other);
    bool made = begins && other;

    c->ends = jc_alloc_array(c->n, sizeof *c->ends);
    made = made && c->ends;
    for (size_t i = 0; made && i + 1 < c->n; i++)
        c->ends[i] = (uint32_t)i;
    for (size_t back = LONGEST; made && back-- > 0;) {
        uint32_t *ordered = other;
        order_by(c, back, begins, c->ends, ordered);
        other = c->ends;
        c->ends = ordered;
    }
    jc_free(begins);
    jc_free(other);
    return made;
}

static bool ready(const jc_draft_setup *setup)
{
    return setup->n_text > 0;
}

static jc_status open_corpus(void **state, const jc_draft_setup *setup, jc_error *err)
{
    size_t vocab = jc_model_get_info(setup->model)->vocab;

    *state = NULL;
    if (setup->n_text < 2 || setup->n_text > UINT32_MAX)
        return jc_fail(err, JC_E_ARG,
                       "the drafter 'corpus' needs a text of two tokens or more, whose "
                       "n-grams it looks up: name a file with --draft-text");
    for (size_t i = 0; i < setup->n_text; i++)
        if (setup->text[i] >= vocab)
            return jc_fail(err, JC_E_ARG,
                           "token %u of the text for drafts is outside the vocabulary of "
                           "%zu",
                           setup->text[i], vocab);
    corpus *c = jc_alloc_array(1, sizeof *c);
    if (c)
        *c = (corpus){.ids = setup->text, .n = setup->n_text, .vocab = vocab};
    if (!c || !order(c)) {
        close_corpus(c);
        return jc_fail_nomem(err, "the text for drafts");
    }
    *state = c;
    return JC_OK;
}

/* ---- matches ---- */

/* The first of ends[from, to) whose token `back` before the end is not less than k. */
static size_t bound(const corpus *c, size_t from, size_t to, size_t back, size_t k)
{
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (key(c, c->ends[middle], back) < k)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* ends[from[l], to[l]) are the places after which the last l tokens match; the longest. */
static size_t find(const corpus *c, const jc_place_at *at, size_t from[LONGEST + 1],
                   size_t to[LONGEST + 1])
{
    size_t l = 0;

    from[0] = 0;
    to[0] = c->n - 1;
    for (; l < LONGEST && l < at->n; l++) {
        size_t k = (size_t)at->ids[at->n - 1 - l] + 1;
        from[l + 1] = bound(c, from[l], to[l], l, k);
        to[l + 1] = bound(c, from[l + 1], to[l], l, k + 1);
        if (from[l + 1] == to[l + 1])
            break;
    }
    return l;
}

/* Add what followed at ends[from, to), which matches of a length more than before have. */
static void look(const corpus *c, size_t from, size_t to, followers *f)
{
    size_t looks = to - from < LOOKS ? to - from : LOOKS;
    double kinds = 0, n = (double)looks;

    memset(f->count, 0, sizeof f->count);
    for (size_t i = 0; i < looks; i++) {
        uint32_t id = c->ids[c->ends[from + i * (to - from) / looks] + 1];
        size_t k = 0;
        while (k < f->n && f->id[k] != id)
            k++;
        if (k == DISTINCT)
            continue;
        if (k == f->n) {
            f->id[f->n] = id;
            f->p[f->n++] = 0;
        }
        kinds += f->count[k]++ == 0;
    }
    for (size_t k = 0; k < f->n; k++)
        f->p[k] = (f->count[k] + kinds * f->p[k]) / (n + kinds);
    f->rest *= kinds / (n + kinds);
}

/* Of a token that is drawn with the number u: p becomes the probability that it is each of
 * these, the rest of the distribution being spread by Zipf's law over all ids. */
static void look_at_draw(const corpus *c, followers *f, const jc_place_at *at)
{
    double q[DISTINCT], rest = pow(f->rest, 1 / at->temperature), sum = rest;

    for (size_t k = 0; k < f->n; k++)
        sum += q[k] = pow(f->p[k], 1 / at->temperature);
    for (size_t k = 0; k < f->n; k++) {
        double from = rest * log1p(f->id[k]) / log1p((double)c->vocab);
        for (size_t i = 0; i < f->n; i++)
            from += f->id[i] < f->id[k] ? q[i] : 0;
        f->p[k] = jc_couple(from / sum, (from + q[k]) / sum, at->u);
    }
}

static size_t best_first(followers *f, jc_guess *guesses)
{
    size_t n = 0;

    for (; n < JC_GUESSES && n < f->n; n++) {
        size_t best = 0;
        for (size_t k = 1; k < f->n; k++)
            best = f->p[k] > f->p[best] ? k : best;
        guesses[n] = (jc_guess){f->id[best], jc_class_of((float)f->p[best], n)};
        f->p[best] = -1;
    }
    return n;
}

static jc_status guess(void *state, const jc_place_at *at, size_t n, jc_guess *guesses,
                       size_t *n_guesses, jc_error *err)
{
    const corpus *c = state;

    (void)err;
    for (size_t i = 0; i < n; i++) {
        size_t from[LONGEST + 1], to[LONGEST + 1], longest = find(c, &at[i], from, to);
        followers f = {.n = 0, .rest = 1};
        for (size_t l = longest > ORDERS ? longest - ORDERS + 1 : 1; l <= longest; l++)
            look(c, from[l], to[l], &f);
        if (at[i].u >= 0)
            look_at_draw(c, &f, &at[i]);
        n_guesses[i] = best_first(&f, guesses + i * JC_GUESSES);
    }
    return JC_OK;
}

const jc_drafter jc_drafter_corpus = {
    .name = "corpus",
    .about = "what followed the last tokens in the text of --draft-text",
    .odds = odds,
    .open = open_corpus,
    .close = close_corpus,
    .ready = ready,
    .guess = guess,
};
