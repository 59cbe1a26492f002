/* SPDX-License-Identifier: MIT */
/* targets.c: the tokens that `lens --target` names. */
#include <stdlib.h>
#include <string.h>

#include "cli/targets.h"

/* "#464": false for anything else. */
static bool read_number(const char *text, uint32_t *id)
{
    char *end;
    unsigned long x = 0;

    if (text[0] != '#' || text[1] < '0' || text[1] > '9')
        return false;
    x = strtoul(text + 1, &end, 10);
    *id = x < UINT32_MAX ? (uint32_t)x : UINT32_MAX;
    return *end == 0;
}

/* " France" is another token than "France", and a text has mostly the first. */
static void note_space(jc_cli *cli, const jc_tokenizer *tokenizer, const char *text)
{
    char spaced[64], note[200];
    uint32_t other;
    int n = snprintf(spaced, sizeof spaced, " %s", text);

    if (text[0] == ' ' || n >= (int)sizeof spaced ||
        jc_tokenizer_find(tokenizer, spaced, (size_t)n, &other, NULL))
        return;
    snprintf(note, sizeof note,
             "'--target %s' is the token without a space before it; inside a text the word "
             "is mostly '%s', another token",
             text, spaced);
    jc_ui_note(&cli->ui, note);
}

static jc_status read_one(uint32_t *id, jc_cli *cli, const jc_tokenizer *tokenizer,
                          const char *text, uint32_t vocab, jc_error *err)
{
    jc_error why;
    jc_status st = jc_tokenizer_find(tokenizer, text, strlen(text), id, &why);

    if (st == JC_OK) {
        note_space(cli, tokenizer, text);
    } else if (st == JC_E_ARG && read_number(text, id)) {
        if (*id >= vocab)
            return jc_cli_fail(err, JC_E_ARG,
                               "'--target %s': the model has %u tokens, #0 to #%u", text,
                               vocab, vocab - 1);
        return JC_OK;
    } else {
        return jc_cli_fail(err, st, "'--target': %s", why.message);
    }
    return jc_tokenizer_check(tokenizer, id, 1, vocab, err);
}

jc_status jc_targets_read(jc_ids *ids, jc_cli *cli, const jc_tokenizer *tokenizer,
                          uint32_t vocab, jc_error *err)
{
    const jc_list *list = &cli->args.own.target;
    jc_status st = JC_OK;

    if (list->n == 0)
        return JC_OK;
    ids->id = calloc(list->n, sizeof *ids->id);
    if (!ids->id)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for the targets");
    ids->capacity = list->n;
    for (size_t i = 0; i < list->n && st == JC_OK; i++)
        st = read_one(&ids->id[ids->n++], cli, tokenizer, list->item[i], vocab, err);
    return st;
}
