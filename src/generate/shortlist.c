/* SPDX-License-Identifier: MIT */
#include "generate/shortlist.h"

#include <math.h>

#include "kernels/vector.h"

enum { LONGEST = 8192 };

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

jc_status jc_shortlist_open(jc_shortlist *list, const jc_draft_setup *setup, size_t rows,
                            jc_error *err)
{
    jc_status st = choose_ids(list, setup, err);

    if (st == JC_OK)
        st = jc_glimpse_new(&list->glimpse, setup->model, list->ids, list->n, err);
    if (st)
        return st;
    list->logits = jc_matrix_new(rows, list->n, sizeof *list->logits);
    return list->logits ? JC_OK : jc_fail_nomem(err, "drafts");
}

void jc_shortlist_close(jc_shortlist *list)
{
    jc_glimpse_free(list->glimpse);
    jc_free(list->ids);
    jc_free(list->logits);
}

/* The best tokens of a row of logits, with their share among those that are read out. */
static size_t best(const jc_shortlist *list, const float *z, jc_guess *guesses)
{
    const jc_vector *vector = jc_vector_get();
    uint32_t top[JC_GUESSES];
    size_t n = list->n < JC_GUESSES ? list->n : JC_GUESSES;

    if (list->n < 2 || !vector->finite(list->n, z))
        return 0;
    vector->top_k(list->n, z, n, top);
    float max = z[top[0]];
    double sum = vector->sum_exp(list->n, z, max);
    for (size_t k = 0; k < n; k++) {
        double p = exp((double)(z[top[k]] - max)) / sum;
        guesses[k] = (jc_guess){list->ids[top[k]], jc_class_of((float)p, k)};
    }
    return n;
}

jc_status jc_shortlist_guess(jc_shortlist *list, const float *h, const size_t *place,
                             size_t rows, jc_guess *guesses, size_t *n_guesses,
                             jc_error *err)
{
    jc_status st = jc_glimpse_logits(list->glimpse, h, rows, list->logits, err);

    for (size_t r = 0; r < rows && st == JC_OK; r++)
        n_guesses[place[r]] =
            best(list, list->logits + r * list->n, guesses + place[r] * JC_GUESSES);
    return st;
}
