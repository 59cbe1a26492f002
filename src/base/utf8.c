/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

size_t jc_utf8_next(const char *text, size_t n, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *s = (const unsigned char *)text;

    if (n == 0)
        return 0;
    if (s[0] < 0x80) {
        *code = s[0];
        return 1;
    }
    size_t length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || n < length)
        return 0;
    uint32_t c = s[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < least[length] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *code = c;
    return length;
}

size_t jc_utf8_span(const char *text, size_t n)
{
    size_t at = 0;

    while (at < n) {
        uint64_t eight;
        if (n - at >= 8 && (memcpy(&eight, text + at, 8), !(eight & 0x8080808080808080u))) {
            at += 8;
            continue;
        }
        uint32_t code;
        size_t length = jc_utf8_next(text + at, n - at, &code);
        if (length == 0)
            break;
        at += length;
    }
    return at;
}

size_t jc_utf8_half(const char *text, size_t n)
{
    for (size_t have = 1; have <= 3 && have <= n; have++) {
        unsigned char c = (unsigned char)text[n - have];
        size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;
        if ((c & 0xc0) != 0x80)
            return c <= 0xf4 && have < want ? have : 0;
    }
    return 0;
}

char *jc_utf8_name(const char *name)
{
    size_t n = strlen(name), at = 0, bad = 0, to = 0;

    for (; at < n; at++, bad++) { /* each turn ends before a byte that is not UTF-8 */
        at += jc_utf8_span(name + at, n - at);
        if (at == n)
            break;
    }
    char *text = jc_alloc(n + 3 * bad + 1);
    if (!text)
        return NULL;
    for (at = 0; at < n; at++) {
        size_t good = jc_utf8_span(name + at, n - at);
        memcpy(text + to, name + at, good);
        at += good;
        to += good;
        if (at == n)
            break;
        to += (size_t)snprintf(text + to, 5, "\\x%02x", (unsigned char)name[at]);
    }
    text[to] = '\0';
    return text;
}
