/* SPDX-License-Identifier: MIT */
/* added.c: finding added tokens. A byte that starts none is passed over by one look-up, so
 * a few special tokens cost next to nothing. */
#include "text/added.h"

#include <string.h>
#include <utf8proc.h>

void jc_added_free(jc_added *added)
{
    jc_free(added->pass[0].token);
    jc_free(added->pass[1].token);
    *added = (jc_added){0};
}

jc_status jc_added_add(jc_added *added, jc_vocab *vocab, const jc_added_token *token,
                       jc_error *err)
{
    jc_added_pass *pass = &added->pass[token->normalized];

    if (vocab->token[token->id].added || vocab->token[token->id].length == 0)
        return JC_OK;
    if (!jc_grow(&pass->token, &pass->capacity, pass->n + 1, sizeof *pass->token))
        return jc_fail_nomem(err, "the added tokens");
    pass->token[pass->n++] = *token;
    vocab->token[token->id].added = true;
    return JC_OK;
}

static unsigned char first_byte(const jc_vocab *vocab, uint32_t id)
{
    return (unsigned char)vocab->names.data[vocab->token[id].at];
}

static bool before(const jc_vocab *vocab, uint32_t a, uint32_t b)
{
    int order = first_byte(vocab, a) - first_byte(vocab, b);

    return order ? order < 0 : vocab->token[a].length > vocab->token[b].length;
}

static void sort_pass(jc_added_pass *pass, const jc_vocab *vocab)
{
    for (size_t gap = pass->n / 2; gap > 0; gap /= 2) /* Shell's sort */
        for (size_t i = gap; i < pass->n; i++) {
            jc_added_token token = pass->token[i];
            size_t j = i;
            for (; j >= gap && before(vocab, token.id, pass->token[j - gap].id); j -= gap)
                pass->token[j] = pass->token[j - gap];
            pass->token[j] = token;
        }
    memset(pass->first, 0, sizeof pass->first);
    for (size_t i = 0; i < pass->n; i++)
        pass->first[first_byte(vocab, pass->token[i].id) + 1]++;
    for (size_t b = 0; b < 256; b++)
        pass->first[b + 1] += pass->first[b];
}

void jc_added_sort(jc_added *added, const jc_vocab *vocab)
{
    sort_pass(&added->pass[0], vocab);
    sort_pass(&added->pass[1], vocab);
}

/* The last character of text[0..n), 0 where there is none. */
static size_t last_char(const char *text, size_t n, uint32_t *code)
{
    for (size_t length = 1; length <= 4 && length <= n; length++)
        if (jc_utf8_next(text + n - length, length, code) == length)
            return length;
    return 0;
}

static bool is_space(uint32_t c) /* Unicode's White_Space */
{
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);

    return (c >= 9 && c <= 13) || c == 0x85 || category == UTF8PROC_CATEGORY_ZS ||
           category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

/* \w of Unicode's TR18: Alphabetic, marks, decimal digits, connectors, joiners. The ranges
 * are the letters that are classed as symbols. */
static bool is_word(uint32_t c)
{
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);

    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NL) ||
           category == UTF8PROC_CATEGORY_PC || c == 0x200c || c == 0x200d ||
           (c >= 0x24b6 && c <= 0x24e9) || (c >= 0x1f130 && c <= 0x1f149) ||
           (c >= 0x1f150 && c <= 0x1f169) || (c >= 0x1f170 && c <= 0x1f189);
}

static bool touches_word(const char *text, size_t n, size_t start, size_t stop)
{
    uint32_t code;

    return (last_char(text, start, &code) && is_word(code)) ||
           (jc_utf8_next(text + stop, n - stop, &code) && is_word(code));
}

static void take_spaces(const jc_added_token *token, const char *text, size_t n,
                        size_t floor, jc_added_match *match)
{
    uint32_t code;
    size_t length;

    if (token->lstrip) {
        length = last_char(text, match->start, &code);
        while (length && match->start > floor && is_space(code)) {
            match->start -= length;
            length = last_char(text, match->start, &code);
        }
    }
    if (token->rstrip) {
        length = jc_utf8_next(text + match->stop, n - match->stop, &code);
        while (length && is_space(code)) {
            match->stop += length;
            length = jc_utf8_next(text + match->stop, n - match->stop, &code);
        }
    }
}

/* The longest token that stands at `at`, NULL for none. */
static const jc_added_token *token_at(const jc_added_pass *pass, const jc_vocab *vocab,
                                      const char *text, size_t n, size_t at)
{
    unsigned char b = (unsigned char)text[at];

    for (size_t i = pass->first[b]; i < pass->first[b + 1]; i++) {
        const jc_token *token = &vocab->token[pass->token[i].id];
        if (token->length <= n - at &&
            memcmp(text + at, vocab->names.data + token->at, token->length) == 0)
            return &pass->token[i];
    }
    return NULL;
}

bool jc_added_next(const jc_added_pass *pass, const jc_vocab *vocab, const char *text,
                   size_t n, size_t *at, size_t floor, jc_added_match *match)
{
    if (pass->n == 0)
        return false;
    while (*at < n) {
        const jc_added_token *token = token_at(pass, vocab, text, n, *at);
        if (!token) {
            ++*at;
            continue;
        }
        match->id = token->id;
        match->start = *at;
        match->stop = *at + vocab->token[token->id].length;
        *at = match->stop;
        if (token->single_word && touches_word(text, n, match->start, match->stop))
            continue;
        take_spaces(token, text, n, floor, match);
        if (*at < match->stop)
            *at = match->stop;
        return true;
    }
    return false;
}
