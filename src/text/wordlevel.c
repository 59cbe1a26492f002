/* SPDX-License-Identifier: MIT */
/* wordlevel.c: each piece is a token as a whole, or unknown. */
#include "text/chars.h"
#include "text/fallback.h"
#include "text/tokenizer.h"

static jc_status prepare(jc_tokenizer *t, jc_error *err)
{
    (void)t;
    (void)err;
    return JC_OK;
}

static jc_status encode(const jc_tokenizer *t, jc_scratch *s, const char *piece, size_t n,
                        jc_ids *ids, jc_error *err)
{
    uint32_t id = jc_vocab_find(&t->vocab, piece, n), c;

    (void)s;
    id = id == JC_NO_TOKEN ? t->unknown : id;
    if (id == JC_NO_TOKEN)
        return jc_fallback_fail(piece, jc_utf8_next(piece, n, &c), err);
    return jc_ids_add(ids, id) ? JC_OK : jc_fail_nomem(err, "token ids");
}

const jc_algorithm jc_wordlevel = {
    .kind = "wordlevel",
    .prepare = prepare,
    .encode = encode,
    .close = jc_free,
};
