/* SPDX-License-Identifier: MIT */
/* merges.c: merges of BPE by the names of tokens, as files give them. */
#include <inttypes.h>
#include <string.h>

#include "text/tokenizer.h"

jc_status jc_tokenizer_merge(jc_tokenizer *t, jc_half left, jc_half right, const char *path,
                             const char *where, uint64_t number, jc_error *err)
{
    char quoted[JC_QUOTED], *both = jc_alloc(left.n + right.n);
    jc_half part[3] = {left, right, {both, left.n + right.n}};
    uint32_t id[3];
    jc_status st = JC_OK;

    if (!both)
        return jc_fail_nomem(err, "a merge");
    memcpy(both, left.name, left.n);
    memcpy(both + left.n, right.name, right.n);
    for (size_t i = 0; i < 3 && st == JC_OK; i++) {
        id[i] = jc_vocab_find(&t->vocab, part[i].name, part[i].n);
        if (id[i] == JC_NO_TOKEN)
            st = jc_fail(err, JC_E_FORMAT,
                         "cannot read '%s': %s %" PRIu64
                         " names '%s', which is not in the vocabulary",
                         path, where, number, jc_quoted(quoted, part[i].name, part[i].n));
    }
    if (st == JC_OK && !jc_merges_add(&t->merges, id[0], id[1], t->n_ranks++, id[2]))
        st = jc_fail_nomem(err, "the merges");
    jc_free(both);
    return st;
}

jc_status jc_tokenizer_merge_pair(jc_tokenizer *t, const char *text, size_t n,
                                  const char *path, const char *where, uint64_t number,
                                  jc_error *err)
{
    const char *space = memchr(text, ' ', n);
    size_t at = space ? (size_t)(space - text) : 0;

    if (at == 0 || at + 1 == n || memchr(space + 1, ' ', n - at - 1))
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': %s %" PRIu64
                       " is not two tokens with a space between",
                       path, where, number);
    return jc_tokenizer_merge(t, (jc_half){text, at}, (jc_half){space + 1, n - at - 1},
                              path, where, number, err);
}
