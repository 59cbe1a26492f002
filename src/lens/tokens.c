/* SPDX-License-Identifier: MIT */
/* tokens.c: tokens as text that can be shown anywhere. */
#include <stdio.h>
#include <string.h>

#include "lens/lens.h"
#include "text/chars.h"
#include "text/text.h"
#include "text/tokenizer.h"

/* The character at data[0..*used) as it is shown. */
static bool add_shown(jc_bytes *out, const char *data, size_t n, size_t *used)
{
    char escape[16];
    uint32_t code;

    *used = jc_utf8_next(data, n, &code);
    if (*used == 0) { /* a byte that begins no character */
        *used = 1;
        code = (unsigned char)data[0];
        snprintf(escape, sizeof escape, "\\x%02X", code);
    } else if (code == '\n') {
        snprintf(escape, sizeof escape, "\xE2\x86\xB5");
    } else if (code < 0x20 || code == 0x7F) {
        snprintf(escape, sizeof escape, "\\x%02X", code);
    } else if (jc_bert_is_control(code) || code == 0x2028 || code == 0x2029) {
        snprintf(escape, sizeof escape, "\\u{%04X}", code);
    } else {
        return jc_bytes_add(out, data, *used);
    }
    return jc_bytes_add(out, escape, strlen(escape));
}

jc_status jc_lens_readable(const char *data, size_t n, char **text, jc_error *err)
{
    jc_bytes out = {0};
    size_t used;

    *text = NULL;
    for (size_t at = 0; at < n; at += used)
        if (!add_shown(&out, data + at, n - at, &used))
            goto nomem;
    if (!jc_bytes_add(&out, "", 1))
        goto nomem;
    *text = out.data;
    return JC_OK;
nomem:
    jc_free(out.data);
    return jc_fail_nomem(err, "a token");
}

jc_status jc_lens_token(const jc_lens *lens, uint32_t id, char **text, jc_error *err)
{
    size_t length;
    const char *name = jc_vocab_name(&lens->tokenizer->vocab, id, &length);
    jc_bytes inside = {0};
    char number[32];

    *text = NULL;
    if (!name) { /* some models have room for more tokens than there are */
        snprintf(number, sizeof number, "<%u>", id);
        return jc_lens_readable(number, strlen(number), text, err);
    }
    jc_status st = jc_tokenizer_token_text(lens->tokenizer, id, &inside, err);
    if (st == JC_OK && inside.n > 0) /* else one of those that stand around a text */
        st = jc_lens_readable(inside.data, inside.n, text, err);
    else if (st == JC_OK)
        st = jc_lens_readable(name, length, text, err);
    jc_free(inside.data);
    return st;
}

size_t jc_lens_width(const char *text, size_t most, size_t *bytes)
{
    size_t n = strlen(text), width = 0, used;
    uint32_t code;

    for (*bytes = 0; *bytes < n; *bytes += used) {
        used = jc_utf8_next(text + *bytes, n - *bytes, &code);
        size_t more = (size_t)jc_char_width(code);
        if (width + more > most)
            break;
        width += more;
    }
    return width;
}
