/* SPDX-License-Identifier: MIT */
#include "cli/json_text.h"

#include "base/utf8.h"

void jc_json_string(FILE *f, const char *text, size_t length)
{
    const unsigned char *s = (const unsigned char *)text;
    uint32_t code;

    fputc('"', f);
    for (size_t at = 0, n; at < length; at += n ? n : 1) {
        n = jc_utf8_next(text + at, length - at, &code);
        if (n == 0)
            fputs("\xEF\xBF\xBD", f);
        else if (s[at] == '"' || s[at] == '\\')
            fprintf(f, "\\%c", s[at]);
        else if (s[at] < 0x20 || s[at] == 0x7F)
            fprintf(f, "\\u%04x", s[at]);
        else
            fwrite(s + at, 1, n, f);
    }
    fputc('"', f);
}
