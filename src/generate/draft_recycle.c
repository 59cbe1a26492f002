/* SPDX-License-Identifier: MIT */
/* draft_recycle.c: the next tokens that earlier passes held likely after the same token
 * (Token Recycling, arXiv 2408.08696). */
#include <string.h>

#include "generate/drafters.h"

/* Of a token: what the last pass that ran it held likely. */
typedef struct entry {
    uint32_t next[JC_GUESSES]; /* [n], best first */
    uint8_t class[JC_GUESSES];
    uint32_t n;
} entry;

typedef struct recycle {
    entry *of; /* [vocab] */
} recycle;

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
    *state = r;
    return JC_OK;
}

static jc_status guess(void *state, const jc_place_at *at, size_t n, jc_guess *guesses,
                       size_t *n_guesses, jc_error *err)
{
    const recycle *r = state;

    (void)err;
    for (size_t i = 0; i < n; i++) {
        const entry *e = &r->of[at[i].ids[at[i].n - 1]];
        n_guesses[i] = e->n;
        for (size_t k = 0; k < e->n; k++)
            guesses[i * JC_GUESSES + k] = (jc_guess){e->next[k], e->class[k]};
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
        e->class[k] = (uint8_t)jc_class_of(seen->p[k], k);
    }
}

const jc_drafter jc_drafter_recycle = {
    .name = "recycle",
    .about = "what the model held likely after the same token before",
    .prior = jc_class_prior,
    .open = open_table,
    .close = close_table,
    .guess = guess,
    .learn = learn,
};
