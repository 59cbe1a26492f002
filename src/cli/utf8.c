/* SPDX-License-Identifier: MIT */
/* utf8.c: what JSON can hold. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t jc_cli_character(const unsigned char *s, size_t n)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = s[0] < 0x80   ? 1
                    : s[0] < 0xC2 ? 0
                    : s[0] < 0xE0 ? 2
                    : s[0] < 0xF0 ? 3
                                  : 4;

    if (length < 2)
        return length;
    if (s[0] > 0xF4 || n < length)
        return 0;
    uint32_t code = s[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3F);
    }
    return code < smallest[length] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)
               ? 0
               : length;
}

char *jc_cli_readable(const char *name)
{
    size_t n = strlen(name), w = 0;
    char *out = malloc(4 * n + 1);

    for (size_t at = 0, length; out && at < n; at += length ? length : 1) {
        length = jc_cli_character((const unsigned char *)name + at, n - at);
        if (length)
            memcpy(out + w, name + at, length);
        else
            snprintf(out + w, 5, "\\x%02x", (unsigned char)name[at]);
        w += length ? length : 4;
    }
    if (out)
        out[w] = '\0';
    return out;
}
