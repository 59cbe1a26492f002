/* SPDX-License-Identifier: MIT */
#include "text/byte_chars.h"

static bool printable(unsigned b)
{
    return (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
}

/* The bytes that are not printable, in order, are U+0100, U+0101, ... */
uint32_t jc_byte_char(unsigned byte)
{
    uint32_t next = 0x100;

    if (printable(byte))
        return byte;
    for (unsigned i = 0; i < byte; i++)
        next += !printable(i);
    return next;
}

int jc_char_byte(uint32_t code)
{
    if (code < 0x100)
        return printable(code) ? (int)code : -1;
    for (unsigned b = 0; b < 256; b++)
        if (!printable(b) && code-- == 0x100)
            return (int)b;
    return -1;
}

bool jc_byte_chars_put(const char *text, size_t n, jc_bytes *out)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t code = jc_byte_char((unsigned char)text[i]);
        char two[2] = {(char)(0xc0 | code >> 6), (char)(0x80 | (code & 0x3f))};
        char one = (char)code;
        if (!jc_bytes_add(out, code < 0x80 ? &one : two, code < 0x80 ? 1 : 2))
            return false;
    }
    return true;
}

bool jc_byte_chars_undo(const char *name, size_t length, char *out, size_t *n)
{
    *n = 0;
    for (size_t at = 0; at < length;) {
        uint32_t code;
        size_t step = jc_utf8_next(name + at, length - at, &code);
        int byte = step ? jc_char_byte(code) : -1;
        if (byte < 0)
            return false;
        out[(*n)++] = (char)byte;
        at += step;
    }
    return true;
}
