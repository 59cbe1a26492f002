/* SPDX-License-Identifier: MIT */
#include "generate/shortlist.h"

#include <math.h>
#include <stdlib.h>

#include "generate/couple.h"
#include "kernels/vector.h"

enum { LONGEST = 4096 };

/* As in draft_ngram.c, of the drafter `context`. */
const float jc_shortlist_odds[JC_SIGNS] = {
    0.5F,  -0.4F, -1.2F, 1.2F,  -0.1F, -0.7F, 0.8F,  0.0F,  -0.3F, 0.7F,  0.2F,
    0.2F,  0.6F,  0.9F,  0.9F,  1.0F,  1.3F,  1.6F,  1.5F,  2.2F,  1.6F,  1.6F,
    2.2F,  1.6F,  2.2F,  2.2F,  1.6F,  0.1F,  0.1F,  0.1F,  0.1F,  0.1F,  0.5F,
    0.0F,  -0.7F, -0.1F, -0.3F, -0.6F, -0.2F, -0.1F, -0.4F, -0.4F, -0.2F, -0.1F,
    -0.3F, -0.2F, -0.1F, -0.4F, -0.3F, -0.2F, -0.6F, -0.4F, -0.2F, -0.4F, -0.4F,
    -0.2F, -1.1F, -0.4F, -0.2F, -0.1F, -0.1F, -0.1F, -0.1F, -0.1F, -0.3F,
};

/* The caller's tokens, or the first ones, which vocabularies give to frequent pieces. */
static jc_status choose_ids(jc_shortlist *list, const jc_draft_setup *setup, jc_error *err)
{
    size_t vocab = jc_model_get_info(setup->model)->vocab;

    list->n = setup->n_frequent ? setup->n_frequent : vocab;
    list->n = list->n < LONGEST ? list->n : LONGEST;
    list->ids = jc_alloc_array(list->n, sizeof *list->ids);
    if (!list->ids)
        return jc_fail_nomem(err, "a shortlist of tokens");
    for (size_t i = 0; i < list->n; i++) {
        list->ids[i] = setup->n_frequent ? setup->frequent[i] : (uint32_t)i;
        if (list->ids[i] >= vocab)
            return jc_fail(err, JC_E_ARG,
                           "token id %u of the shortlist is outside the vocabulary of %zu",
                           list->ids[i], vocab);
    }
    return JC_OK;
}

typedef struct placed {
    uint32_t id, place;
} placed;

static int by_id(const void *a, const void *b)
{
    const placed *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

static jc_status sort(jc_shortlist *list, jc_error *err)
{
    placed *all = jc_alloc_array(list->n, sizeof *all);

    list->by_id = jc_alloc_array(list->n, sizeof *list->by_id);
    if (!all || !list->by_id) {
        jc_free(all);
        return jc_fail_nomem(err, "drafts");
    }
    for (size_t i = 0; i < list->n; i++)
        all[i] = (placed){list->ids[i], (uint32_t)i};
    qsort(all, list->n, sizeof *all, by_id);
    for (size_t i = 0; i < list->n; i++)
        list->by_id[i] = all[i].place;
    jc_free(all);
    return JC_OK;
}

jc_status jc_shortlist_open(jc_shortlist *list, const jc_draft_setup *setup, size_t rows,
                            jc_error *err)
{
    jc_status st = choose_ids(list, setup, err);

    if (st == JC_OK)
        st = jc_glimpse_new(&list->glimpse, setup->model, list->ids, list->n, err);
    if (st)
        return st;
    list->logits = jc_matrix_new(rows, list->n, sizeof *list->logits);
    list->below = jc_alloc_array(list->n, sizeof *list->below);
    return list->logits && list->below ? sort(list, err) : jc_fail_nomem(err, "drafts");
}

void jc_shortlist_close(jc_shortlist *list)
{
    jc_glimpse_free(list->glimpse);
    jc_free(list->ids);
    jc_free(list->by_id);
    jc_free(list->logits);
    jc_free(list->below);
}

enum { CONSIDERED = 24 };

/* The likeliest n tokens, their places in the list, with their share among those that are
 * read out. */
static size_t likeliest(const jc_shortlist *list, const float *z, size_t n, uint32_t *top,
                        double *p)
{
    const jc_vector *vector = jc_vector_get();

    n = n < list->n ? n : list->n;
    vector->top_k(list->n, z, n, top);
    float max = z[top[0]];
    double sum = vector->sum_exp(list->n, z, max);
    for (size_t k = 0; k < n; k++)
        p[k] = exp((double)(z[top[k]] - max)) / sum;
    return n;
}

/* list->below of a row of logits. */
static void add_up(jc_shortlist *list, const float *z)
{
    float max = z[0];
    double sum = 0;

    for (size_t i = 1; i < list->n; i++)
        max = z[i] > max ? z[i] : max;
    for (size_t i = 0; i < list->n; i++) {
        list->below[list->by_id[i]] = sum;
        sum += (double)expf(z[list->by_id[i]] - max);
    }
    for (size_t i = 0; i < list->n; i++)
        list->below[i] /= sum;
}

/* Of a token that is drawn with the number u: p[n] becomes the probability that it is each
 * of these. */
static void look_at_draw(jc_shortlist *list, float *z, double u, const uint32_t *top,
                         double *p, size_t n)
{
    add_up(list, z);
    for (size_t k = 0; k < n; k++)
        p[k] = jc_couple(list->below[top[k]], list->below[top[k]] + p[k], u);
}

/* The best of these tokens. */
static size_t choose(const jc_shortlist *list, const uint32_t *top, double *p, size_t n,
                     jc_guess *guesses)
{
    size_t made = 0;

    for (; made < JC_GUESSES && made < n; made++) {
        size_t best = 0;
        for (size_t k = 1; k < n; k++)
            best = p[k] > p[best] ? k : best;
        guesses[made] = (jc_guess){list->ids[top[best]], jc_class_of((float)p[best], made)};
        p[best] = -1;
    }
    return made;
}

static size_t guess(jc_shortlist *list, float *z, const jc_place_at *at, jc_guess *guesses)
{
    uint32_t top[CONSIDERED];
    double p[CONSIDERED];

    if (list->n < 2 || !jc_vector_get()->finite(list->n, z))
        return 0;
    if (at->u < 0)
        return choose(list, top, p, likeliest(list, z, JC_GUESSES, top, p), guesses);
    for (size_t i = 0; i < list->n; i++)
        z[i] *= (float)(1 / at->temperature);
    size_t n = likeliest(list, z, CONSIDERED, top, p);
    look_at_draw(list, z, at->u, top, p, n);
    return choose(list, top, p, n, guesses);
}

jc_status jc_shortlist_guess(jc_shortlist *list, const float *h, const jc_place_at *at,
                             const size_t *place, size_t rows, jc_guess *guesses,
                             size_t *n_guesses, jc_error *err)
{
    jc_status st = jc_glimpse_logits(list->glimpse, h, rows, list->logits, err);

    for (size_t r = 0; r < rows && st == JC_OK; r++)
        n_guesses[place[r]] = guess(list, list->logits + r * list->n, &at[place[r]],
                                    guesses + place[r] * JC_GUESSES);
    return st;
}
