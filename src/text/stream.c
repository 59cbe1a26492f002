/* SPDX-License-Identifier: MIT */
/*
 * stream.c: decoding as the ids come.
 *
 * The ids whose text is not certain yet are the window. Its text is made by the tokenizer's
 * own steps, and leaves the window when no later token can change it: at once for most,
 * with the next other token for tokens that name bytes, at the end where a step needs all
 * of the text. While there is no text, the window stays too: steps treat the beginning
 * differently.
 */
#include <inttypes.h>

#include "text/tokenizer.h"

struct jc_text_stream {
    const jc_tokenizer *tokenizer;
    jc_ids window;
    jc_bytes text; /* [0, given) is given, the rest is half a character */
    size_t given;
    bool started; /* some text has left the window */
    bool parts, runs;
};

jc_status jc_text_stream_new(jc_text_stream **out, const jc_tokenizer *tokenizer,
                             jc_error *err)
{
    if (jc_want_out(out, err))
        return JC_E_ARG;
    if (jc_want(tokenizer, "tokenizer", err))
        return JC_E_ARG;
    jc_text_stream *s = jc_alloc_array(1, sizeof *s);

    *out = s;
    if (!s)
        return jc_fail_nomem(err, "a stream of text");
    s->tokenizer = tokenizer;
    s->parts = jc_undo_in_parts(&tokenizer->undo, &s->runs);
    return JC_OK;
}

void jc_text_stream_free(jc_text_stream *s)
{
    if (!s)
        return;
    jc_ids_free(&s->window);
    jc_free(s->text.data);
    jc_free(s);
}

/* Drop what the call before gave. */
static void forget(jc_text_stream *s)
{
    s->text.n -= s->given;
    for (size_t i = 0; i < s->text.n; i++)
        s->text.data[i] = s->text.data[s->given + i];
    s->given = 0;
}

/* The window's text joins what is held back. */
static jc_status decode(jc_text_stream *s, jc_error *err)
{
    size_t before = s->text.n;
    jc_status st = jc_undo_run(s->tokenizer, s->window.id, s->window.n,
                               s->started ? JC_UNDO_AFTER : JC_UNDO_WHOLE, &s->text, err);

    if (st)
        return st;
    s->started |= s->text.n > before;
    if (s->started)
        s->window.n = 0;
    return JC_OK;
}

static bool is_byte(const jc_tokenizer *t, uint32_t id)
{
    size_t n;
    const char *name = jc_vocab_name(&t->vocab, id, &n);

    return n == 6 && jc_fallback_byte(name) >= 0;
}

jc_status jc_text_stream_push(jc_text_stream *s, uint32_t id, const char **text,
                              size_t *length, jc_error *err)
{
    if (jc_want(s, "s", err))
        return JC_E_ARG;
    const jc_tokenizer *t = s->tokenizer;
    size_t ignored;
    jc_status st = JC_OK;

    *text = "";
    *length = 0;
    forget(s);
    if (!jc_vocab_name(&t->vocab, id, &ignored))
        return jc_fail(err, JC_E_ARG,
                       "no token has id %" PRIu32 " (the vocabulary has %" PRIu32 ")", id,
                       t->vocab.size);
    if (!jc_ids_add(&s->window, id))
        return jc_fail_nomem(err, "a stream of text");
    if (s->parts && !(s->runs && is_byte(t, id)))
        st = decode(s, err);
    if (st)
        return s->window.n--, st;
    s->given = s->text.n - jc_utf8_half(s->text.data, s->text.n);
    *length = s->given;
    if (s->given)
        *text = s->text.data;
    return JC_OK;
}

jc_status jc_text_stream_end(jc_text_stream *s, const char **text, size_t *length,
                             jc_error *err)
{
    if (jc_want(s, "s", err))
        return JC_E_ARG;
    *text = "";
    *length = 0;
    forget(s);
    jc_status st = s->window.n ? decode(s, err) : JC_OK;
    if (st)
        return st;
    s->given = *length = s->text.n;
    if (s->given)
        *text = s->text.data;
    s->window.n = 0;
    s->started = false;
    return JC_OK;
}
