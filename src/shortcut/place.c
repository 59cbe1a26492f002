/* SPDX-License-Identifier: MIT */
/*
 * place.c: names of maps, and of taps with an offset.
 *
 *     map.0+12@-1.12    from layer 0, and layer 12 of the token before, to layer 12
 *     map.6.mlp.12      from a point inside block 6
 *     part.1.attn       of a part of a block
 *     shared.12         what several maps to layer 12 share
 *
 * A number begins a tap and a word ends it, so that the dots are not ambiguous.
 */
#include "shortcut/map.h"

#include <stdio.h>
#include <string.h>

void jc_tap_at_name(jc_tap_at tap, char name[JC_TAP_AT_NAME])
{
    char plain[JC_TAP_NAME];

    jc_tap_name(tap.tap, plain);
    if (tap.offset)
        snprintf(name, JC_TAP_AT_NAME, "%s@%+d", plain, tap.offset);
    else
        snprintf(name, JC_TAP_AT_NAME, "%s", plain);
}

/* "-1" or "+12" of text[0..n), not zero. */
static bool read_offset(int32_t *offset, const char *text, size_t n)
{
    int32_t value = 0;

    if (n < 2 || n > 5 || (text[0] != '-' && text[0] != '+') || text[1] == '0')
        return false;
    for (size_t i = 1; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (text[i] - '0');
    }
    *offset = text[0] == '-' ? -value : value;
    return value <= JC_MAP_OFFSET;
}

bool jc_tap_at_read(jc_tap_at *tap, const char *text, size_t n, uint32_t layers)
{
    const char *at = memchr(text, '@', n);
    size_t plain = at ? (size_t)(at - text) : n;

    tap->offset = 0;
    return jc_tap_read(&tap->tap, text, plain, layers) &&
           (!at || read_offset(&tap->offset, at + 1, n - plain - 1));
}

bool jc_tap_at_same(jc_tap_at a, jc_tap_at b)
{
    return a.tap.block == b.tap.block && a.tap.point == b.tap.point && a.offset == b.offset;
}

jc_status jc_tap_at_unknown(const char *text, size_t n, uint32_t layers, jc_error *err)
{
    const char *at = memchr(text, '@', n);
    char mean[JC_LIKELY_TEXT];

    return jc_fail(
        err, JC_E_ARG,
        "'%.*s' is not a tap: there are 0 (the embedding) to %u, points in a block "
        "as %u.mlp, and those of other tokens as %u@-1%s",
        (int)(n < 40 ? n : 40), text, layers, layers, layers,
        jc_tap_likely(text, at ? (size_t)(at - text) : n, mean));
}

jc_status jc_taps_at_read(jc_tap_at *taps, size_t *n, const char *text, uint32_t layers,
                          jc_error *err)
{
    *n = 0;
    for (const char *word = text;; word++) {
        size_t length = strcspn(word, ",");
        if (*n == JC_MAP_SOURCES)
            return jc_fail(err, JC_E_ARG, "a map takes at most %d taps", JC_MAP_SOURCES);
        if (!jc_tap_at_read(&taps[*n], word, length, layers))
            return jc_tap_at_unknown(word, length, layers, err);
        for (size_t i = 0; i < *n; i++)
            if (jc_tap_at_same(taps[i], taps[*n]))
                return jc_fail(err, JC_E_ARG, "a map takes tap '%.*s' twice", (int)length,
                               word);
        ++*n;
        word += length;
        if (!*word)
            return JC_OK;
    }
}

jc_place jc_place_layers(uint32_t from, uint32_t to)
{
    return (jc_place){.from = {{.tap = {from, JC_POINT_OUT}}},
                      .n_from = 1,
                      .to = {.tap = {to, JC_POINT_OUT}}};
}

jc_place jc_place_part(uint32_t block, jc_part part)
{
    return (jc_place){.kind = JC_PLACE_PART, .block = block, .part = part};
}

bool jc_place_is_pair(const jc_place *p)
{
    return p->kind == JC_PLACE_TAPS && p->n_from == 1 && p->from[0].offset == 0 &&
           p->to.offset == 0 && p->from[0].tap.point == JC_POINT_OUT &&
           p->to.tap.point == JC_POINT_OUT && p->from[0].tap.block < p->to.tap.block;
}

bool jc_place_same(const jc_place *a, const jc_place *b)
{
    if (a->kind != b->kind || a->n_from != b->n_from)
        return false;
    for (size_t i = 0; i < a->n_from; i++)
        if (!jc_tap_at_same(a->from[i], b->from[i]))
            return false;
    return a->kind == JC_PLACE_PART ? a->block == b->block && a->part == b->part
                                    : jc_tap_at_same(a->to, b->to);
}

void jc_place_name(const jc_place *place, char name[JC_PLACE_NAME])
{
    char tap[JC_TAP_AT_NAME];
    size_t n = 0;

    if (place->kind == JC_PLACE_PART) {
        snprintf(name, JC_PLACE_NAME, "part.%u.%s", place->block,
                 jc_part_name(place->part));
        return;
    }
    n += (size_t)snprintf(name, JC_PLACE_NAME, "%s",
                          place->kind == JC_PLACE_SHARED ? "shared" : "map");
    for (size_t i = 0; i < place->n_from; i++) {
        jc_tap_at_name(place->from[i], tap);
        n += (size_t)snprintf(name + n, JC_PLACE_NAME - n, "%c%s", i ? '+' : '.', tap);
    }
    jc_tap_at_name(place->to, tap);
    snprintf(name + n, JC_PLACE_NAME - n, ".%s", tap);
}

/* Length of the tap at the start of text[0..n): a number, ".word" perhaps, "@..." perhaps.
 */
static size_t tap_length(const char *text, size_t n)
{
    size_t i = 0;

    while (i < n && text[i] != '.' && text[i] != '+' && text[i] != '@')
        i++;
    if (i + 1 < n && text[i] == '.' && text[i + 1] >= 'a')
        for (i++; i < n && text[i] != '.' && text[i] != '+' && text[i] != '@'; i++)
            ;
    if (i < n && text[i] == '@')
        for (i += 2; i < n && text[i] != '.' && text[i] != '+'; i++)
            ;
    return i < n ? i : n;
}

/* After "map.". */
static bool read_taps(jc_place *place, const char *text, size_t n, uint32_t layers)
{
    for (;;) {
        size_t length = tap_length(text, n);
        if (place->n_from == JC_MAP_SOURCES ||
            !jc_tap_at_read(&place->from[place->n_from++], text, length, layers) ||
            length + 1 >= n)
            return false;
        char after = text[length];
        text += length + 1;
        n -= length + 1;
        if (after == '.')
            break;
    }
    if (!jc_tap_at_read(&place->to, text, n, layers))
        return false;
    /* a map between layers goes forward */
    bool layer = place->n_from == 1 && !place->from[0].offset && !place->to.offset &&
                 !place->from[0].tap.point && !place->to.tap.point;
    return !layer || place->from[0].tap.block < place->to.tap.block;
}

bool jc_place_read(jc_place *place, const char *name, size_t n, uint32_t layers)
{
    *place = (jc_place){.kind = JC_PLACE_TAPS};
    if (n > 5 && memcmp(name, "part.", 5) == 0) {
        place->kind = JC_PLACE_PART;
        return jc_part_read(&place->block, &place->part, name + 5, n - 5, layers);
    }
    if (n > 7 && memcmp(name, "shared.", 7) == 0) {
        place->kind = JC_PLACE_SHARED;
        return jc_tap_at_read(&place->to, name + 7, n - 7, layers);
    }
    return n > 4 && memcmp(name, "map.", 4) == 0 &&
           read_taps(place, name + 4, n - 4, layers);
}
