/* SPDX-License-Identifier: MIT */
/* find.c: the token whose text is given; where there is none, what the text consists of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "text/tokenizer.h"

/* Whether a token stands for exactly this text, or is the special token of this name. */
static jc_status is_text(const jc_tokenizer *t, uint32_t id, const char *text, size_t n,
                         bool *is, jc_error *err)
{
    size_t length;
    const char *name = jc_vocab_name(&t->vocab, id, &length);
    jc_bytes inside = {0};
    jc_status st = name ? jc_tokenizer_token_text(t, id, &inside, err) : JC_OK;

    *is = st == JC_OK && name && inside.n == n && memcmp(inside.data, text, n) == 0;
    if (st == JC_OK && name && inside.n == 0) /* one of those that stand around a text */
        *is = length == n && memcmp(name, text, n) == 0;
    jc_free(inside.data);
    return st;
}

/* The token of the text: the one that a text gets, or else the first one that decodes to
 * it, bytes after others. JC_NO_TOKEN: there is none. */
static jc_status find(const jc_tokenizer *t, const char *text, size_t n, uint32_t *id,
                      jc_error *err)
{
    jc_ids ids = {0};
    bool is = false;
    jc_status st = jc_tokenizer_encode_bare(t, text, n, NULL, &ids, err);

    *id = JC_NO_TOKEN;
    if (st == JC_OK && ids.n == 1)
        st = is_text(t, ids.id[0], text, n, &is, err);
    if (is)
        *id = ids.id[0];
    for (uint32_t i = 0; i < t->vocab.size && *id == JC_NO_TOKEN && st == JC_OK; i++) {
        st = is_text(t, i, text, n, &is, err);
        if (is)
            *id = i;
    }
    jc_ids_free(&ids);
    return st;
}

/* "'Fr' + 'ance'": at most 6 tokens. */
static jc_status spell(const jc_tokenizer *t, const char *text, size_t n, char *out,
                       size_t size, jc_error *err)
{
    jc_ids ids = {0};
    size_t at = 0;
    jc_status st = jc_tokenizer_encode_bare(t, text, n, NULL, &ids, err);

    out[0] = 0;
    for (size_t i = 0; i < ids.n && i < 6 && st == JC_OK; i++) {
        jc_bytes inside = {0};
        st = jc_tokenizer_token_text(t, ids.id[i], &inside, err);
        if (st == JC_OK && at < size)
            at += (size_t)snprintf(out + at, size - at, "%s'%.*s'", i ? " + " : "",
                                   (int)(inside.n < 30 ? inside.n : 30),
                                   inside.data ? inside.data : "");
        jc_free(inside.data);
    }
    if (ids.n > 6 && at < size)
        snprintf(out + at, size - at, " + ...");
    jc_ids_free(&ids);
    return st;
}

/* The text with a space before it, or without the one that it has. *other: jc_free(). */
static jc_status respace(const char *text, size_t n, char **other, size_t *length,
                         jc_error *err)
{
    bool spaced = text[0] == ' ';

    *length = spaced ? n - 1 : n + 1;
    *other = jc_alloc_array(n + 2, 1);
    if (!*other)
        return jc_fail_nomem(err, "a token");
    (*other)[0] = ' ';
    memcpy(*other + !spaced, text + spaced, n - spaced);
    return JC_OK;
}

static jc_status no_token(const jc_tokenizer *t, const char *text, size_t n, jc_error *err)
{
    char parts[256], *other = NULL;
    uint32_t id = JC_NO_TOKEN;
    size_t length;
    jc_status st = spell(t, text, n, parts, sizeof parts, err);

    if (st == JC_OK)
        st = respace(text, n, &other, &length, err);
    if (st == JC_OK && length > 0)
        st = find(t, other, length, &id, err);
    if (st == JC_OK && id != JC_NO_TOKEN)
        st = jc_fail(err, JC_E_ARG, "no token is '%.60s'; did you mean '%.60s'?", text,
                     other);
    else if (st == JC_OK)
        st = jc_fail(err, JC_E_ARG,
                     "no token is '%.60s': in a text it is %s; choose one of these", text,
                     parts);
    jc_free(other);
    return st;
}

jc_status jc_tokenizer_find(const jc_tokenizer *t, const char *text, size_t length,
                            uint32_t *id, jc_error *err)
{
    if (jc_want(t, "tokenizer", err) || jc_want(text, "text", err) ||
        jc_want(id, "id", err))
        return JC_E_ARG;
    if (length == 0)
        return jc_fail(err, JC_E_ARG, "no token is an empty text");
    jc_status st = find(t, text, length, id, err);
    if (st == JC_OK && *id == JC_NO_TOKEN)
        st = no_token(t, text, length, err);
    return st;
}
