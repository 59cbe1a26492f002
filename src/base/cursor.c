/* SPDX-License-Identifier: MIT */
#include "base/cursor.h"

bool jc_cursor_bytes(jc_cursor *c, uint64_t n, const unsigned char **out)
{
    if (n > c->size - c->at)
        return false;
    *out = c->data + c->at;
    c->at += (size_t)n;
    return true;
}

bool jc_cursor_u32(jc_cursor *c, uint32_t *out)
{
    const unsigned char *p;

    if (!jc_cursor_bytes(c, 4, &p))
        return false;
    *out = 0;
    for (int i = 3; i >= 0; i--)
        *out = *out << 8 | p[i];
    return true;
}

bool jc_cursor_u64(jc_cursor *c, uint64_t *out)
{
    const unsigned char *p;

    if (!jc_cursor_bytes(c, 8, &p))
        return false;
    *out = 0;
    for (int i = 7; i >= 0; i--)
        *out = *out << 8 | p[i];
    return true;
}
