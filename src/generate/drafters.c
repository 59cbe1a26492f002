/* SPDX-License-Identifier: MIT */
/* drafters.c: the table of drafters, and mixtures by name. */
#include "generate/drafters.h"

#include <stdlib.h>
#include <string.h>

#include "base/likely.h"

/* The entries, in the order in which they are listed: jc_drafter_<name> is in
 * draft_<name>.c. */
#define DRAFTERS(X)                                                                        \
    X(ngram)                                                                               \
    X(recycle)                                                                             \
    X(context)                                                                             \
    X(exit)                                                                                \
    X(corpus)

#define JC_X(name) extern const jc_drafter jc_drafter_##name;
DRAFTERS(JC_X)
#undef JC_X

#define JC_X(name) &jc_drafter_##name,
static const jc_drafter *const table[] = {DRAFTERS(JC_X)};
#undef JC_X

const char *jc_drafter_name(size_t i)
{
    return i < JC_COUNT(table) ? table[i]->name : NULL;
}

const char *jc_drafter_about(size_t i)
{
    return i < JC_COUNT(table) ? table[i]->about : NULL;
}

static bool ready(const jc_drafter *drafter, const jc_draft_setup *setup)
{
    return !drafter->layer && (!drafter->ready || drafter->ready(setup));
}

static const jc_drafter *find(const char *name, size_t n)
{
    for (size_t i = 0; i < JC_COUNT(table); i++)
        if (strlen(table[i]->name) == n && memcmp(table[i]->name, name, n) == 0)
            return table[i];
    return NULL;
}

static jc_status unknown(const char *name, size_t n, jc_error *err)
{
    char names[256] = "", text[JC_LIKELY_TEXT];
    jc_likely likely;

    jc_likely_begin(&likely, name, n);
    jc_likely_offer_list(&likely, "none|auto");
    for (size_t i = 0; i < JC_COUNT(table); i++) {
        if (i)
            strncat(names, ", ", sizeof names - strlen(names) - 1);
        strncat(names, table[i]->name, sizeof names - strlen(names) - 1);
        strncat(names, table[i]->layer ? ":E" : "", sizeof names - strlen(names) - 1);
        jc_likely_offer(&likely, table[i]->name, strlen(table[i]->name));
    }
    return jc_fail(
        err, JC_E_ARG,
        "there is no drafter '%.*s': none, auto, or one or several of %s, joined "
        "by '+'%s",
        (int)(n < 80 ? n : 80), name, names, jc_likely_text(&likely, text));
}

/* "exit:3" as a drafter and 3; text[n]. */
static jc_status read_name(jc_drafter_named *out, const char *text, size_t n, jc_error *err)
{
    const char *colon = memchr(text, ':', n);
    size_t length = colon ? (size_t)(colon - text) : n;
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;

    *out = (jc_drafter_named){.of = find(text, length)};
    if (!out->of)
        return unknown(text, length, err);
    if (!out->of->layer && !colon)
        return JC_OK;
    if (!out->of->layer)
        return jc_fail(err, JC_E_ARG, "the drafter '%s' takes no ':' and number",
                       out->of->name);
    if (digits == 0 || digits > 6 || length + 1 + digits != n)
        return jc_fail(err, JC_E_ARG,
                       "the drafter '%s' wants the block after which it guesses, as %s:3",
                       out->of->name, out->of->name);
    out->layer = (uint32_t)strtoul(colon + 1, NULL, 10);
    return JC_OK;
}

static jc_status add(jc_drafter_named found[JC_MIX], size_t *n, jc_drafter_named drafter,
                     jc_error *err)
{
    for (size_t i = 0; i < *n; i++)
        if (found[i].of == drafter.of)
            return jc_fail(err, JC_E_ARG, "the drafter '%s' is named twice",
                           drafter.of->name);
    found[(*n)++] = drafter;
    return JC_OK;
}

_Static_assert(JC_COUNT(table) <= JC_MIX, "a mixture has room for all drafters");

jc_status jc_drafters_find(jc_drafter_named found[JC_MIX], size_t *n, const char *names,
                           const jc_draft_setup *setup, jc_error *err)
{
    jc_status st = JC_OK;

    *n = 0;
    if (strcmp(names, "none") == 0)
        return JC_OK;
    if (strcmp(names, "auto") == 0) {
        for (size_t i = 0; i < JC_COUNT(table); i++)
            if (ready(table[i], setup))
                found[(*n)++] = (jc_drafter_named){.of = table[i]};
        return JC_OK;
    }
    for (const char *at = names; st == JC_OK; at++) {
        size_t length = strcspn(at, "+");
        jc_drafter_named drafter;
        st = read_name(&drafter, at, length, err);
        if (st == JC_OK && drafter.of)
            st = add(found, n, drafter, err);
        at += length;
        if (!*at)
            break;
    }
    return st;
}

/* ---- classes by probability ---- */

static const float bounds[] = {0.02F, 0.05F, 0.1F, 0.2F, 0.35F, 0.55F, 0.75F, 0.9F};
enum { RANKS = 3 };

uint32_t jc_class_of(float p, size_t r)
{
    uint32_t bucket = 0;

    while (bucket < JC_COUNT(bounds) && p >= bounds[bucket])
        bucket++;
    return bucket * RANKS + (uint32_t)(r < RANKS ? r : RANKS - 1);
}
