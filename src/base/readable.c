/* SPDX-License-Identifier: MIT */
#include "base/readable.h"

#include <stdio.h>
#include <string.h>

/* The length of the UTF-8 character at s[0..n), n > 0; 0 where there is none. */
static size_t character(const unsigned char *s, size_t n)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = s[0] < 0x80   ? 1
                    : s[0] < 0xc2 ? 0
                    : s[0] < 0xe0 ? 2
                    : s[0] < 0xf0 ? 3
                                  : 4;

    if (length < 2)
        return length;
    if (s[0] > 0xf4 || n < length)
        return 0;
    uint32_t code = s[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3f);
    }
    return code < smallest[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)
               ? 0
               : length;
}

char *jc_readable(const char *text, size_t n)
{
    size_t room, w = 0;
    char *out = jc_mul(n, 4, &room) && jc_add(room, 1, &room) ? jc_alloc(room) : NULL;

    for (size_t at = 0, length; out && at < n; at += length ? length : 1) {
        length = character((const unsigned char *)text + at, n - at);
        if (length)
            memcpy(out + w, text + at, length);
        else
            snprintf(out + w, 5, "\\x%02x", (unsigned char)text[at]);
        w += length ? length : 4;
    }
    if (out)
        out[w] = '\0';
    return out;
}
