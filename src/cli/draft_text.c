/* SPDX-License-Identifier: MIT */
#include "cli/draft_text.h"

#include <stdlib.h>
#include <string.h>

/* The texts of a file one after another. */
static jc_status read_all(uint32_t **ids, size_t *n, jc_samples *samples, jc_error *err)
{
    jc_sample sample;
    jc_status st;

    while ((st = jc_samples_next(samples, &sample, err)) == JC_OK && sample.ids) {
        uint32_t *more = realloc(*ids, (*n + sample.n_ids) * sizeof *more);
        if (!more)
            return jc_cli_fail(err, JC_E_NOMEM, "out of memory for the text for drafts");
        *ids = more;
        memcpy(more + *n, sample.ids, sample.n_ids * sizeof *more);
        *n += sample.n_ids;
    }
    return st;
}

jc_status jc_draft_text(uint32_t **ids, size_t *n, jc_cli *cli, const char *draft,
                        const jc_tokenizer *tokenizer, uint32_t vocab, jc_error *err)
{
    const char *file = cli->args.own.draft_text;
    jc_samples_params params;
    jc_samples *samples = NULL;

    *ids = NULL;
    *n = 0;
    if (!file)
        return JC_OK;
    if (strcmp(draft, "auto") != 0 && !strstr(draft, "corpus"))
        return jc_cli_usage(cli, err,
                            "'--draft-text' is for the drafter 'corpus', and the drafters "
                            "are '%s': name 'corpus' among them",
                            draft);
    jc_samples_params_init(&params);
    params.hooks = &cli->ui.hooks;
    params.unit = "file";
    params.positions = params.split = "all";
    params.train = params.val = 0;
    params.context = 0;
    params.vocab = vocab;
    jc_status st = jc_samples_from_text(&samples, tokenizer, &file, 1, &params, err);
    if (st == JC_OK)
        st = read_all(ids, n, samples, err);
    jc_samples_close(samples);
    if (st == JC_OK && *n < 2)
        st = jc_cli_fail(err, JC_E_FORMAT,
                         "'%s' has %zu token%s: n-grams need a text of two or more", file,
                         *n, *n == 1 ? "" : "s");
    return st;
}
