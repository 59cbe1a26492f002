/* SPDX-License-Identifier: MIT */
/*
 * byte_bpe.c: byte-level BPE (Radford et al. 2019), the tokenizer of GPT-2.
 *
 * Every text can be encoded, because the smallest tokens are the 256 bytes. Ids are all
 * that is left at run time of how the files write bytes (byte_chars.h).
 */
#include <string.h>

#include "text/byte_chars.h"
#include "text/tokenizer.h"

typedef struct byte_bpe {
    uint32_t id[256]; /* JC_NO_TOKEN: this byte has no token */
} byte_bpe;

static jc_status prepare(jc_tokenizer *t, jc_error *err)
{
    byte_bpe *b = jc_alloc_array(1, sizeof *b);
    jc_bytes name = {0};

    t->model = b;
    if (!b)
        return jc_fail_nomem(err, "a tokenizer");
    for (unsigned i = 0; i < 256; i++) {
        const char byte = (char)i;
        name.n = 0;
        if (!jc_byte_chars_put(&byte, 1, &name)) {
            jc_free(name.data);
            return jc_fail_nomem(err, "a tokenizer");
        }
        b->id[i] = jc_vocab_find(&t->vocab, name.data, name.n);
        if (b->id[i] == JC_NO_TOKEN)
            b->id[i] = t->unknown;
    }
    jc_free(name.data);
    return JC_OK;
}

/* The piece as one token, JC_NO_TOKEN when there is none. */
static bool find_whole(const jc_tokenizer *t, jc_scratch *s, const char *piece, size_t n,
                       uint32_t *id)
{
    s->bytes.n = 0;
    if (!jc_byte_chars_put(piece, n, &s->bytes))
        return false;
    *id = jc_vocab_find(&t->vocab, s->bytes.data, s->bytes.n);
    return true;
}

static jc_status encode(const jc_tokenizer *t, jc_scratch *s, const char *piece, size_t n,
                        jc_ids *ids, jc_error *err)
{
    const byte_bpe *b = t->model;
    uint32_t whole = JC_NO_TOKEN;

    if (!jc_bpe_start(&s->bpe, n) ||
        (t->ignore_merges && !find_whole(t, s, piece, n, &whole)))
        return jc_fail_nomem(err, "a word");
    if (whole != JC_NO_TOKEN)
        return jc_ids_add(ids, whole) ? JC_OK : jc_fail_nomem(err, "token ids");
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)piece[i];
        s->bpe.symbol[i].id = b->id[byte];
        if (b->id[byte] == JC_NO_TOKEN)
            return jc_fail(err, JC_E_FORMAT, "the vocabulary has no token for byte 0x%02x",
                           byte);
    }
    return jc_bpe_merge(&s->bpe, &t->merges, ids) ? JC_OK : jc_fail_nomem(err, "token ids");
}

const jc_algorithm jc_byte_bpe = {
    .kind = "byte-bpe",
    .prepare = prepare,
    .encode = encode,
    .close = jc_free,
};
