/* SPDX-License-Identifier: MIT */
#include "cli/frequent.h"

#include <stdlib.h>

typedef struct counted {
    uint32_t id;
    uint64_t n;
} counted;

static int by_count(const void *a, const void *b)
{
    const counted *x = a, *y = b;

    return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : (x->id > y->id) - (x->id < y->id);
}

static jc_status count(counted *all, const jc_tokenizer *tokenizer, const char *file,
                       const jc_samples_params *how, uint32_t vocab, jc_error *err)
{
    jc_samples_params params = *how;
    jc_samples *samples = NULL;
    jc_sample sample = {.ids = NULL};

    params.positions = params.split = "all";
    params.train = params.val = 0;
    params.context = 0;
    params.vocab = vocab;
    jc_status st = jc_samples_from_text(&samples, tokenizer, &file, 1, &params, err);
    while (st == JC_OK) {
        st = jc_samples_next(samples, &sample, err);
        if (st || !sample.ids)
            break;
        for (size_t i = 0; i < sample.n_ids; i++)
            all[sample.ids[i]].n++;
    }
    jc_samples_close(samples);
    return st;
}

jc_status jc_frequent_tokens(uint32_t **ids, size_t *n, const jc_tokenizer *tokenizer,
                             const char *file, const jc_samples_params *how, uint32_t vocab,
                             jc_error *err)
{
    counted *all = calloc(vocab, sizeof *all);

    *ids = calloc(vocab, sizeof **ids);
    *n = 0;
    if (!all || !*ids) {
        free(all);
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for the frequent tokens");
    }
    for (uint32_t i = 0; i < vocab; i++)
        all[i].id = i;
    jc_status st = count(all, tokenizer, file, how, vocab, err);
    qsort(all, vocab, sizeof *all, by_count);
    for (; *n < vocab && all[*n].n > 0; ++*n)
        (*ids)[*n] = all[*n].id;
    free(all);
    return st;
}
