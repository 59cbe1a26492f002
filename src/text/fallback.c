/* SPDX-License-Identifier: MIT */
#include "text/fallback.h"

#include <stdio.h>
#include <string.h>

static int hex(char c)
{
    static const char digits[] = "0123456789ABCDEF0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)((at - digits) % 16) : -1;
}

int jc_fallback_byte(const char *name)
{
    int high = hex(name[3]), low = hex(name[4]);
    bool is = memcmp(name, "<0x", 3) == 0 && name[5] == '>' && high >= 0 && low >= 0;

    return is ? high * 16 + low : -1;
}

void jc_fallback_find(jc_fallback *fallback, const jc_vocab *vocab, bool on)
{
    for (unsigned b = 0; b < 256; b++) {
        char name[8];
        snprintf(name, sizeof name, "<0x%02X>", b & 0xff);
        fallback->byte[b] = on ? jc_vocab_find(vocab, name, 6) : JC_NO_TOKEN;
    }
}

bool jc_fallback_has(const jc_fallback *fallback, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fallback->byte[(unsigned char)text[i]] == JC_NO_TOKEN)
            return false;
    return true;
}

bool jc_fallback_all(const jc_fallback *fallback)
{
    for (size_t b = 0; b < 256; b++)
        if (fallback->byte[b] == JC_NO_TOKEN)
            return false;
    return true;
}

jc_status jc_fallback_fail(const char *text, size_t n, jc_error *err)
{
    char quoted[JC_QUOTED];

    return jc_fail(err, JC_E_FORMAT,
                   "the vocabulary has no token for '%s', and none for what is unknown",
                   jc_quoted(quoted, text, n));
}
