/* SPDX-License-Identifier: MIT */
#include "cli/frequent.h"

#include <stdlib.h>

#include "base/frequent.h"

static jc_status count(uint64_t *all, const jc_tokenizer *tokenizer, const char *file,
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
            all[sample.ids[i]]++;
    }
    jc_samples_close(samples);
    return st;
}

jc_status jc_frequent_tokens(uint32_t **ids, size_t *n, const jc_tokenizer *tokenizer,
                             const char *file, const jc_samples_params *how, uint32_t vocab,
                             jc_error *err)
{
    uint64_t *all = calloc(vocab, sizeof *all);

    *ids = calloc(vocab, sizeof **ids);
    *n = 0;
    jc_status st =
        all && *ids ? count(all, tokenizer, file, how, vocab, err)
                    : jc_cli_fail(err, JC_E_NOMEM, "out of memory for the frequent tokens");
    if (st == JC_OK)
        st = jc_most_frequent(all, vocab, *ids, vocab, n, err);
    free(all);
    return st;
}
