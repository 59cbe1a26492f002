/* SPDX-License-Identifier: MIT */
/* draft_recycle.c: the next tokens that earlier passes held likely after the same token
 * (Token Recycling, arXiv 2408.08696). */
#include <math.h>

#include "generate/couple.h"
#include "generate/drafters.h"

/* Of a token: what the last pass that ran it held likely. */
typedef struct entry {
    uint32_t next[JC_GUESSES]; /* [n], best first */
    float p[JC_GUESSES];
    uint32_t n;
} entry;

typedef struct recycle {
    entry *of; /* [vocab] */
    size_t vocab;
} recycle;

/* As in draft_ngram.c. */
static const float odds[JC_SIGNS] = {
    0.5F,  -0.2F, -1.5F, 1.1F,  -0.3F, -1.0F, 1.4F,  0.1F,  -0.2F, 1.7F,  0.6F,
    0.2F,  1.9F,  0.8F,  0.6F,  2.1F,  0.8F,  1.6F,  2.4F,  2.2F,  1.6F,  2.5F,
    2.2F,  1.6F,  2.7F,  2.2F,  1.6F,  0.1F,  0.1F,  0.1F,  0.1F,  0.1F,  -0.7F,
    -1.1F, -0.9F, -1.2F, 0.2F,  0.0F,  -1.0F, -0.1F, 0.0F,  -0.9F, -0.1F, -0.1F,
    -1.0F, -0.2F, -0.1F, -0.9F, -0.3F, -0.2F, -0.9F, -0.4F, -0.2F, -1.0F, -0.4F,
    -0.2F, -1.3F, -0.4F, -0.2F, -0.1F, -0.1F, -0.1F, -0.1F, -0.1F, 0.0F,
};

static void close_table(void *state)
{
    recycle *r = state;

    if (r)
        jc_free(r->of);
    jc_free(r);
}

static jc_status open_table(void **state, const jc_draft_setup *setup, jc_error *err)
{
    recycle *r = jc_alloc_array(1, sizeof *r);

    *state = NULL;
    if (r)
        r->of = jc_alloc_array(jc_model_get_info(setup->model)->vocab, sizeof *r->of);
    if (!r || !r->of) {
        close_table(r);
        return jc_fail_nomem(err, "tokens to recycle");
    }
    r->vocab = jc_model_get_info(setup->model)->vocab;
    *state = r;
    return JC_OK;
}

/* Of a token that is drawn with the number u: p[n] becomes the probability that it is each
 * of these, the rest of the distribution being spread by Zipf's law over all ids. */
static void look_at_draw(const recycle *r, const entry *e, const jc_place_at *at, double *p)
{
    double q[JC_GUESSES], rest = 1, sum = 0;

    for (size_t k = 0; k < e->n; k++) {
        rest -= (double)e->p[k];
        sum += q[k] = pow((double)e->p[k], 1 / at->temperature);
    }
    rest = rest > 0 ? pow(rest, 1 / at->temperature) : 0;
    sum += rest;
    for (size_t k = 0; k < e->n; k++) {
        double from = rest * log1p(e->next[k]) / log1p((double)r->vocab);
        for (size_t i = 0; i < e->n; i++)
            from += e->next[i] < e->next[k] ? q[i] : 0;
        p[k] = jc_couple(from / sum, (from + q[k]) / sum, at->u);
    }
}

static jc_status guess(void *state, const jc_place_at *at, size_t n, jc_guess *guesses,
                       size_t *n_guesses, jc_error *err)
{
    const recycle *r = state;

    (void)err;
    for (size_t i = 0; i < n; i++) {
        const entry *e = &r->of[at[i].ids[at[i].n - 1]];
        double p[JC_GUESSES];
        for (size_t k = 0; k < e->n; k++)
            p[k] = (double)e->p[k];
        if (at[i].u >= 0)
            look_at_draw(r, e, &at[i], p);
        n_guesses[i] = e->n;
        for (size_t k = 0; k < e->n; k++) { /* the best first */
            size_t best = 0;
            for (size_t m = 1; m < e->n; m++)
                best = p[m] > p[best] ? m : best;
            guesses[i * JC_GUESSES + k] =
                (jc_guess){e->next[best], jc_class_of((float)p[best], k)};
            p[best] = -1;
        }
    }
    return JC_OK;
}

static void learn(void *state, const jc_seen *seen)
{
    recycle *r = state;
    entry *e = &r->of[seen->id];

    if (seen->n == 0)
        return;
    e->n = (uint32_t)seen->n;
    for (size_t k = 0; k < seen->n; k++) {
        e->next[k] = seen->next[k];
        e->p[k] = seen->p[k];
    }
}

const jc_drafter jc_drafter_recycle = {
    .name = "recycle",
    .about = "what the model held likely after the same token before",
    .odds = odds,
    .open = open_table,
    .close = close_table,
    .guess = guess,
    .learn = learn,
};
