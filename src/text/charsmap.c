/* SPDX-License-Identifier: MIT */
/*
 * charsmap.c: a walk in a double array (Aoe 1989, as in Darts-clone).
 *
 * A unit holds the byte by which it is reached, where its children begin (relative to
 * itself, by exclusive or), and whether an entry ends there; the entry's value is then in
 * the child of byte 0. Every step is checked against the array's end.
 */
#include "text/charsmap.h"

#include <string.h>
#include <utf8proc.h>

#define IS_VALUE 0x80000000u

void jc_charsmap_free(jc_charsmap *map)
{
    jc_free(map->unit);
    jc_free(map->texts.data);
    *map = (jc_charsmap){0};
}

static uint32_t little(const unsigned char *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

jc_status jc_charsmap_read(jc_charsmap *map, const void *data, size_t n, const char *path,
                           jc_error *err)
{
    const unsigned char *bytes = data;

    *map = (jc_charsmap){0};
    if (n == 0)
        return JC_OK;
    uint32_t size = n >= 4 ? little(bytes) : 0;
    const unsigned char *texts = n >= 4 && size <= n - 4 ? bytes + 4 + size : NULL;
    size_t n_texts = texts ? n - 4 - size : 0;
    if (n_texts == 0 || size == 0 || size % 4 || texts[n_texts - 1] != 0)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': its precompiled charsmap of %zu bytes does not "
                       "fit together",
                       path, n);
    if (jc_utf8_span((const char *)texts, n_texts) < n_texts)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': its precompiled charsmap is not UTF-8", path);
    map->n_units = size / 4;
    map->unit = jc_alloc_array(map->n_units, sizeof *map->unit);
    if (!map->unit || !jc_bytes_add(&map->texts, texts, n_texts)) {
        jc_charsmap_free(map);
        return jc_fail_nomem(err, "a charsmap");
    }
    for (size_t i = 0; i < map->n_units; i++)
        map->unit[i] = little(bytes + 4 + 4 * i);
    return JC_OK;
}

/* The value of a digit of base64, -1 for none. */
static int digit(char c)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

jc_status jc_charsmap_read_base64(jc_charsmap *map, const char *text, size_t n,
                                  const char *path, jc_error *err)
{
    unsigned char *bytes = jc_alloc(n / 4 * 3 + 3);
    size_t length = 0, used = n;
    uint32_t group = 0;

    *map = (jc_charsmap){0};
    if (!bytes)
        return jc_fail_nomem(err, "a charsmap");
    while (used > 0 && text[used - 1] == '=')
        used--;
    for (size_t i = 0; i < used; i++) {
        int value = digit(text[i]);
        if (value < 0) {
            jc_free(bytes);
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read '%s': its precompiled charsmap is not base64",
                           path);
        }
        group = group << 6 | (uint32_t)value;
        if (i % 4 > 0)
            bytes[length++] = (unsigned char)(group >> (6 - 2 * (i % 4)));
    }
    jc_status st = jc_charsmap_read(map, bytes, length, path, err);
    jc_free(bytes);
    return st;
}

static uint32_t children(uint32_t unit)
{
    return unit >> 10 << ((unit & 0x200) >> 6);
}

const char *jc_charsmap_find(const jc_charsmap *map, const char *text, size_t n,
                             bool longest, size_t *used)
{
    const char *found = NULL;

    if (map->n_units == 0)
        return NULL;
    uint32_t at = children(map->unit[0]);
    for (size_t i = 0; i < n && (longest || !found); i++) {
        unsigned char byte = (unsigned char)text[i];
        at ^= byte;
        uint32_t unit = at < map->n_units ? map->unit[at] : IS_VALUE;
        if (byte == 0 || (unit & (IS_VALUE | 0xff)) != byte)
            break;
        at ^= children(unit);
        uint32_t value = unit & 0x100 && at < map->n_units ? map->unit[at] : 0;
        if (value & IS_VALUE && (value & ~IS_VALUE) < map->texts.n) {
            found = map->texts.data + (value & ~IS_VALUE);
            *used = i + 1;
        }
    }
    return found;
}

/* Bytes of the grapheme that text[0..n) begins with; n is 1 or more. */
static size_t grapheme(const char *text, size_t n)
{
    utf8proc_int32_t state = 0;
    uint32_t last = 0, next = 0;
    size_t at = jc_utf8_next(text, n, &last);

    if (at == 0)
        return 1;
    for (;;) {
        size_t length = jc_utf8_next(text + at, n - at, &next);
        if (length == 0 || utf8proc_grapheme_break_stateful((utf8proc_int32_t)last,
                                                            (utf8proc_int32_t)next, &state))
            return at;
        at += length;
        last = next;
    }
}

bool jc_charsmap_graphemes(const jc_charsmap *map, const char *text, size_t n,
                           jc_bytes *out)
{
    for (size_t at = 0, length; at < n; at += length) {
        size_t used;
        uint32_t c;
        const char *to = NULL;
        length = grapheme(text + at, n - at);
        if (length < 6)
            to = jc_charsmap_find(map, text + at, length, false, &used);
        if (to && !jc_bytes_add(out, to, strlen(to)))
            return false;
        for (size_t i = 0, step; !to && i < length; i += step) {
            const char *part = text + at + i;
            step = jc_utf8_next(part, length - i, &c);
            step = step ? step : 1;
            const char *one = jc_charsmap_find(map, part, step, false, &used);
            if (!jc_bytes_add(out, one ? one : part, one ? strlen(one) : step))
                return false;
        }
    }
    return jc_bytes_add(out, "", 0);
}
