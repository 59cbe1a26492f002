/* SPDX-License-Identifier: MIT */
/* added.c: finding added tokens. A byte that starts none is passed over by one look-up, so
 * a few special tokens cost next to nothing. */
#include "text/added.h"

#include <string.h>
#include <utf8proc.h>

#include "text/chars.h"

void jc_added_free(jc_added *added)
{
    jc_free(added->patterns.data);
    jc_free(added->pass[0].token);
    jc_free(added->pass[1].token);
    *added = (jc_added){0};
}

jc_status jc_added_add(jc_added *added, jc_vocab *vocab, const jc_added_token *token,
                       const char *pattern, size_t n, jc_error *err)
{
    jc_added_pass *pass = &added->pass[token->normalized];
    size_t at = added->patterns.n;

    if (vocab->token[token->id].added || n == 0)
        return JC_OK;
    if (!jc_grow(&pass->token, &pass->capacity, pass->n + 1, sizeof *pass->token) ||
        n > UINT32_MAX || !jc_bytes_add(&added->patterns, pattern, n))
        return jc_fail_nomem(err, "the added tokens");
    pass->token[pass->n] = *token;
    pass->token[pass->n].at = at;
    pass->token[pass->n++].length = (uint32_t)n;
    vocab->token[token->id].added = true;
    return JC_OK;
}

static const char *pattern_of(const jc_added *added, const jc_added_token *token)
{
    return added->patterns.data + token->at;
}

static unsigned char first_byte(const jc_added *added, const jc_added_token *token)
{
    return (unsigned char)*pattern_of(added, token);
}

static bool before(const jc_added *added, const jc_added_token *a, const jc_added_token *b)
{
    int order = first_byte(added, a) - first_byte(added, b);

    return order ? order < 0 : a->length > b->length;
}

static void sort_pass(const jc_added *added, jc_added_pass *pass)
{
    for (size_t gap = pass->n / 2; gap > 0; gap /= 2) /* Shell's sort */
        for (size_t i = gap; i < pass->n; i++) {
            jc_added_token token = pass->token[i];
            size_t j = i;
            for (; j >= gap && before(added, &token, &pass->token[j - gap]); j -= gap)
                pass->token[j] = pass->token[j - gap];
            pass->token[j] = token;
        }
    memset(pass->first, 0, sizeof pass->first);
    for (size_t i = 0; i < pass->n; i++)
        pass->first[first_byte(added, &pass->token[i]) + 1]++;
    for (size_t b = 0; b < 256; b++)
        pass->first[b + 1] += pass->first[b];
}

void jc_added_sort(jc_added *added)
{
    sort_pass(added, &added->pass[0]);
    sort_pass(added, &added->pass[1]);
}

/* The last character of text[0..n), 0 where there is none. */
static size_t last_char(const char *text, size_t n, uint32_t *code)
{
    for (size_t length = 1; length <= 4 && length <= n; length++)
        if (jc_utf8_next(text + n - length, length, code) == length)
            return length;
    return 0;
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
        while (length && match->start > floor && jc_char_is_space(code)) {
            match->start -= length;
            length = last_char(text, match->start, &code);
        }
    }
    if (token->rstrip) {
        length = jc_utf8_next(text + match->stop, n - match->stop, &code);
        while (length && jc_char_is_space(code)) {
            match->stop += length;
            length = jc_utf8_next(text + match->stop, n - match->stop, &code);
        }
    }
}

/* The longest token that stands at `at`, NULL for none. */
static const jc_added_token *token_at(const jc_added *added, const jc_added_pass *pass,
                                      const char *text, size_t n, size_t at)
{
    unsigned char b = (unsigned char)text[at];

    for (size_t i = pass->first[b]; i < pass->first[b + 1]; i++) {
        const jc_added_token *token = &pass->token[i];
        if (token->length <= n - at &&
            memcmp(text + at, pattern_of(added, token), token->length) == 0)
            return token;
    }
    return NULL;
}

size_t jc_added_at(const jc_added *added, size_t pass, const char *text, size_t n)
{
    const jc_added_token *token =
        n ? token_at(added, &added->pass[pass], text, n, 0) : NULL;

    return token ? token->length : 0;
}

bool jc_added_next(const jc_added *added, size_t pass, const char *text, size_t n,
                   size_t *at, size_t floor, jc_added_match *match)
{
    if (added->pass[pass].n == 0)
        return false;
    while (*at < n) {
        const jc_added_token *token = token_at(added, &added->pass[pass], text, n, *at);
        if (!token) {
            ++*at;
            continue;
        }
        match->id = token->id;
        match->start = *at;
        match->stop = *at + token->length;
        *at = match->stop;
        if (token->single_word && touches_word(text, n, match->start, match->stop))
            continue;
        take_spaces(token, text, n, floor, match);
        return true;
    }
    return false;
}
