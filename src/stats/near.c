/* SPDX-License-Identifier: MIT */
#include "stats/near.h"

#include <stdio.h>
#include <string.h>

/* One of the words: "0,12@-1:12". */
static jc_status read_place(jc_place *place, const char *word, size_t n, uint32_t layers,
                            jc_error *err)
{
    char from[512];
    const char *colon = memchr(word, ':', n);

    *place = (jc_place){.kind = JC_PLACE_TAPS};
    if (!colon || (size_t)(colon - word) >= sizeof from)
        return jc_fail(err, JC_E_ARG,
                       "'%.*s' is not a map: it is written as taps, a colon and a tap, as "
                       "0,%u@-1:%u",
                       (int)(n < 40 ? n : 40), word, layers, layers);
    snprintf(from, sizeof from, "%.*s", (int)(colon - word), word);
    jc_status st = jc_taps_at_read(place->from, &place->n_from, from, layers, err);
    if (st)
        return st;
    n -= (size_t)(colon + 1 - word);
    if (!jc_tap_at_read(&place->to, colon + 1, n, layers))
        return jc_tap_at_unknown(colon + 1, n, layers, err);
    for (size_t i = 0; i < place->n_from; i++)
        if (jc_tap_at_same(place->from[i], place->to))
            return jc_fail(err, JC_E_ARG, "a map to tap '%.*s' cannot take it",
                           (int)(n < 40 ? n : 40), colon + 1);
    return JC_OK;
}

jc_status jc_places_parse(jc_place **places, size_t *n, const char *text, uint32_t layers,
                          jc_error *err)
{
    jc_status st = JC_OK;
    size_t capacity = 0;

    *places = NULL;
    *n = 0;
    for (const char *word = text; word && *word && st == JC_OK;) {
        size_t length = strcspn(word, " ");
        if (length) {
            if (!jc_grow(places, &capacity, *n + 1, sizeof **places))
                st = jc_fail_nomem(err, "maps");
            else
                st = read_place(&(*places)[*n], word, length, layers, err);
            for (size_t i = 0; i < *n && st == JC_OK; i++)
                if (jc_place_same(&(*places)[i], &(*places)[*n]))
                    st = jc_fail(err, JC_E_ARG, "map '%.*s' is named twice", (int)length,
                                 word);
            ++*n;
        }
        word += length + (word[length] == ' ');
    }
    if (st) {
        jc_free(*places);
        *places = NULL;
        *n = 0;
    }
    return st;
}

/* ---- groups of maps that use the same rows ---- */

static void reach(const jc_place *place, int32_t *before, int32_t *after)
{
    *before = *after = 0;
    for (size_t i = 0; i <= place->n_from; i++) {
        int32_t o = i < place->n_from ? place->from[i].offset : place->to.offset;
        *before = -o > *before ? -o : *before;
        *after = o > *after ? o : *after;
    }
}

uint32_t jc_near_node(const struct jc_near *near, jc_tap_at tap)
{
    uint32_t node = 0;

    while (node < near->sums->nodes && !jc_tap_at_same(near->taps[node], tap))
        node++;
    return node;
}

/* The taps of a group's maps, each once. */
static jc_status list_taps(struct jc_near *near, uint32_t *nodes, jc_error *err)
{
    size_t most = near->n * (JC_MAP_SOURCES + 1), had = 0;

    near->taps = jc_alloc_array(most, sizeof *near->taps);
    if (!near->taps)
        return jc_fail_nomem(err, "sums of several taps");
    for (size_t p = 0; p < near->n; p++)
        for (size_t i = 0; i <= near->places[p].n_from; i++) {
            const jc_place *place = &near->places[p];
            jc_tap_at tap = i < place->n_from ? place->from[i] : place->to;
            size_t k = 0;
            while (k < had && !jc_tap_at_same(near->taps[k], tap))
                k++;
            if (k == had)
                near->taps[had++] = tap;
        }
    *nodes = (uint32_t)had;
    return JC_OK;
}

static jc_status keep(jc_stats *s, uint32_t i, uint32_t k, jc_error *err)
{
    uint32_t low = i < k ? i : k, high = i < k ? k : i;

    return jc_stats_keep(s, low, high, err);
}

/* The products that the maps of a group need. */
static jc_status keep_all(struct jc_near *near, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t p = 0; p < near->n; p++) {
        const jc_place *place = &near->places[p];
        uint32_t to = jc_near_node(near, place->to);
        for (size_t i = 0; i < place->n_from && st == JC_OK; i++) {
            uint32_t from = jc_near_node(near, place->from[i]);
            st = keep(near->sums, from, to, err);
            for (size_t k = i; k < place->n_from && st == JC_OK; k++)
                st = keep(near->sums, from, jc_near_node(near, place->from[k]), err);
        }
    }
    return st;
}

static jc_status make_group(struct jc_near *near, const jc_stats *stats,
                            const jc_place *places, size_t n, jc_error *err)
{
    int32_t before, after;
    uint32_t nodes = 0;

    near->places = jc_alloc_array(n, sizeof *near->places);
    if (!near->places)
        return jc_fail_nomem(err, "sums of several taps");
    for (size_t i = 0; i < n; i++) {
        reach(&places[i], &before, &after);
        if (before == near->before && after == near->after)
            near->places[near->n++] = places[i];
    }
    jc_status st = list_taps(near, &nodes, err);
    if (st == JC_OK)
        st = jc_stats_new(&near->sums, nodes, stats->width, JC_PAIRS_NONE,
                          stats->fingerprint, stats->model, err);
    return st ? st : keep_all(near, err);
}

jc_status jc_stats_add_near(jc_stats *stats, const jc_place *places, size_t n,
                            jc_error *err)
{
    jc_status st = JC_OK;

    if (n == 0)
        return JC_OK;
    stats->near = jc_alloc_array(n, sizeof *stats->near);
    if (!stats->near)
        return jc_fail_nomem(err, "sums of several taps");
    for (size_t i = 0; i < n && st == JC_OK; i++) {
        int32_t before, after;
        size_t g = 0;
        reach(&places[i], &before, &after);
        while (g < stats->n_near &&
               (stats->near[g].before != before || stats->near[g].after != after))
            g++;
        if (g < stats->n_near)
            continue;
        struct jc_near *near = &stats->near[stats->n_near++];
        *near = (struct jc_near){.before = before, .after = after};
        st = make_group(near, stats, places, n, err);
    }
    return st;
}

void jc_near_free(struct jc_near *near, size_t n)
{
    for (size_t i = 0; near && i < n; i++) {
        jc_free(near[i].taps);
        jc_free(near[i].places);
        jc_stats_free(near[i].sums);
    }
    jc_free(near);
}

bool jc_near_same(const jc_stats *a, const jc_stats *b)
{
    if (a->n_near != b->n_near)
        return false;
    for (size_t g = 0; g < a->n_near; g++) {
        if (a->near[g].n != b->near[g].n)
            return false;
        for (size_t i = 0; i < a->near[g].n; i++)
            if (!jc_place_same(&a->near[g].places[i], &b->near[g].places[i]))
                return false;
    }
    return true;
}

jc_status jc_near_merge(jc_stats *into, const jc_stats *from, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t g = 0; g < into->n_near && st == JC_OK; g++)
        st = jc_stats_merge(into->near[g].sums, from->near[g].sums, err);
    return st;
}

char *jc_near_text(const jc_stats *stats)
{
    size_t room = 1, at = 0;

    for (size_t g = 0; g < stats->n_near; g++)
        room += stats->near[g].n * JC_PLACE_NAME;
    char *text = jc_alloc_array(room, 1);
    for (size_t g = 0; text && g < stats->n_near; g++)
        for (size_t p = 0; p < stats->near[g].n; p++) {
            const jc_place *place = &stats->near[g].places[p];
            char tap[JC_TAP_AT_NAME];
            for (size_t i = 0; i < place->n_from; i++) {
                jc_tap_at_name(place->from[i], tap);
                at += (size_t)snprintf(text + at, room - at, "%s%s",
                                       i    ? ","
                                       : at ? " "
                                            : "",
                                       tap);
            }
            jc_tap_at_name(place->to, tap);
            at += (size_t)snprintf(text + at, room - at, ":%s", tap);
        }
    return text;
}
