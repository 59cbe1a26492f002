/* SPDX-License-Identifier: MIT */
#include "stats/share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

jc_status jc_share_read(jc_share *share, const char *text, jc_error *err)
{
    char *end = NULL, *last = NULL;

    *share = (jc_share){.of = 1};
    if (!text)
        return JC_OK;
    unsigned long at = text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;
    unsigned long of = end && *end == '/' && end[1] >= '0' && end[1] <= '9'
                           ? strtoul(end + 1, &last, 10)
                           : 0;
    if (!last || *last || of < 1 || of > JC_SHARES_MAX)
        return jc_fail(err, JC_E_ARG,
                       "'shard' must be a share and their number, as 2/8, at most %d, not "
                       "'%.40s'",
                       JC_SHARES_MAX, text);
    if (at < 1 || at > of)
        return jc_fail(err, JC_E_ARG, "there is no share %lu of %lu: they are 1 to %lu", at,
                       of, of);
    *share = (jc_share){(uint32_t)at - 1, (uint32_t)of, 0};
    return JC_OK;
}

bool jc_share_has(const jc_share *share, uint64_t chunk)
{
    return chunk >= share->from && chunk % share->of == share->at;
}

static void mix(jc_cutter *c, uint64_t number)
{
    jc_rng rng = {c->hash ^ number};

    c->hash = jc_rng_next(&rng);
}

uint64_t jc_cutter_next(jc_cutter *cutter, const jc_sample *sample)
{
    uint64_t chunk = cutter->chunk;

    mix(cutter, sample->n_ids);
    for (size_t i = 0; i < sample->n_ids; i++)
        mix(cutter, sample->ids[i]);
    for (size_t i = 0; i < sample->n_positions; i++)
        mix(cutter, sample->positions[i]);
    cutter->tokens += sample->n_ids;
    if (cutter->tokens >= JC_CHUNK_TOKENS) {
        cutter->chunk++;
        cutter->tokens = 0;
    }
    return chunk;
}

/* ---- what sums hold ---- */

jc_status jc_shares_set(jc_shares *shares, const jc_share *share, const char *work,
                        jc_error *err)
{
    shares->of = share->of;
    shares->has = jc_alloc_array(share->of, 1);
    shares->work = jc_strdup(work ? work : "");
    if (!shares->has || !shares->work)
        return jc_fail_nomem(err, "shares of the texts");
    shares->has[share->at] = 1;
    return JC_OK;
}

void jc_shares_free(jc_shares *shares)
{
    jc_free(shares->has);
    jc_free(shares->work);
    *shares = (jc_shares){0};
}

/* The first of the items, with commas between, in which two works differ. */
static jc_status name_difference(const char *a, const char *b, jc_error *err)
{
    size_t at = 0, first = 0;

    for (; a[at] && a[at] == b[at]; at++)
        if (a[at] == ',')
            first = at + 2;
    if (!a[at] && !b[at])
        return jc_fail(err, JC_E_MISMATCH,
                       "they are of other texts: every share must read the same");
    return jc_fail(err, JC_E_MISMATCH, "they differ in '%.*s' and '%.*s'",
                   (int)strcspn(a + first, ","), a + first, (int)strcspn(b + first, ","),
                   b + first);
}

jc_status jc_shares_alike(const jc_shares *into, const jc_shares *from, jc_error *err)
{
    if (into->of == 0 && from->of == 0)
        return JC_OK;
    if (into->of == 0 || from->of == 0)
        return jc_fail(err, JC_E_MISMATCH,
                       "one has shares of texts, the other is whole: merge the shares "
                       "first");
    if (strcmp(into->work, from->work) != 0 || into->hash != from->hash)
        return name_difference(into->work, from->work, err);
    if (into->of != from->of)
        return jc_fail(err, JC_E_MISMATCH, "one is of %u shares, the other of %u", into->of,
                       from->of);
    for (uint32_t i = 0; i < into->of; i++)
        if (into->has[i] && from->has[i])
            return jc_fail(err, JC_E_MISMATCH, "share %u of %u is in both", i + 1,
                           into->of);
    return JC_OK;
}

void jc_shares_add(jc_shares *into, const jc_shares *from)
{
    for (uint32_t i = 0; i < into->of; i++)
        into->has[i] |= from->has[i];
}

void jc_shares_name(const jc_shares *shares, bool in, char *text, size_t size)
{
    size_t n = 0;

    text[0] = '\0';
    for (uint32_t i = 0; i < shares->of && n < size; i++)
        if (shares->has[i] == in)
            n += (size_t)snprintf(text + n, size - n, n ? ", %u" : "%u", i + 1);
    if (n >= size && size > 4)
        memcpy(text + size - 4, "...", 4);
}
