/* SPDX-License-Identifier: MIT */
/* positions.c: where a text is read: everywhere, or at an encoder's masks, and there in a
 * range that is written as Python's slices. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "lens/lens.h"

/* An end of a range, [-n, ...); false where there is no number. */
static bool read_end(const char **at, size_t n, size_t *end)
{
    bool negative = **at == '-';
    const char *digit = *at + negative;
    size_t x = 0;

    if (*digit < '0' || *digit > '9')
        return false;
    for (; *digit >= '0' && *digit <= '9'; digit++)
        x = x > n ? x : 10 * x + (size_t)(*digit - '0'); /* more than n is enough */
    *at = digit;
    *end = negative ? (x < n ? n - x : 0) : x;
    return true;
}

/* "A:B", ":B", "A:" or "A": [*first, *end) of n positions. */
static jc_status read_range(const char *text, size_t n, size_t *first, size_t *end,
                            jc_error *err)
{
    const char *at = text;
    bool begun = read_end(&at, n, first);

    if (!begun)
        *first = 0;
    *end = n;
    if (*at == ':') {
        at++;
        read_end(&at, n, end);
    } else if (begun) {
        *end = *first + 1;
    }
    if (*at || at == text)
        return jc_fail(
            err, JC_E_ARG,
            "'%.60s' is not a range of positions: write 3:8 for positions 3 to 7, "
            "3: for all from 3 on, -5: for the last five, or one number",
            text);
    *end = *end < n ? *end : n;
    if (*first >= *end)
        return jc_fail(err, JC_E_ARG,
                       "no position is in %.60s: the text has %zu token%s, positions 0 to "
                       "%zu",
                       text, n, n == 1 ? "" : "s", n - 1);
    return JC_OK;
}

/* Of an encoder: its masks; -1 of a decoder. */
static jc_status find_mask(const jc_lens *lens, int64_t *mask, jc_error *err)
{
    *mask = lens->info->causal ? -1 : jc_tokenizer_special(lens->tokenizer, "mask");
    if (!lens->info->causal && *mask < 0)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "the tokenizer of '%s' has no mask token, where an encoder is read",
                       lens->info->path);
    return JC_OK;
}

static jc_status no_column(const jc_lens *lens, int64_t mask, const char *range,
                           jc_error *err)
{
    char *token;

    if (mask < 0)
        return jc_fail(err, JC_E_ARG, "the text has no tokens");
    jc_status st = jc_lens_token(lens, (uint32_t)mask, &token, err);
    if (st == JC_OK && range)
        st = jc_fail(err, JC_E_ARG,
                     "no %s is at positions %.60s: an encoder is read where one is written",
                     token, range);
    else if (st == JC_OK)
        st = jc_fail(err, JC_E_ARG,
                     "the text has no %s: an encoder is read where one is written", token);
    jc_free(token);
    return st;
}

jc_status jc_lens_choose_positions(jc_lens *lens, const uint32_t *ids, size_t n_ids,
                                   const char *range, jc_error *err)
{
    size_t first = 0, end = n_ids;
    int64_t mask;
    jc_status st = find_mask(lens, &mask, err);

    if (st == JC_OK && range && n_ids > 0)
        st = read_range(range, n_ids, &first, &end, err);
    if (st == JC_OK)
        st = jc_tokenizer_check(lens->tokenizer, ids, n_ids, lens->info->vocab, err);
    if (st)
        return st;
    lens->ids = jc_alloc_array(n_ids, sizeof *lens->ids);
    lens->positions = jc_alloc_array(n_ids, sizeof *lens->positions);
    if (!lens->ids || !lens->positions)
        return jc_fail_nomem(err, "a text");
    if (n_ids > 0)
        memcpy(lens->ids, ids, n_ids * sizeof *ids);
    lens->n_ids = n_ids;
    for (size_t i = first; i < end; i++)
        if (mask < 0 || ids[i] == mask)
            lens->positions[lens->columns++] = (uint32_t)i;
    return lens->columns ? JC_OK : no_column(lens, mask, range, err);
}
