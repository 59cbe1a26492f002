/* SPDX-License-Identifier: MIT */
/*
 * bert_normal.c: each character on its own, in one pass.
 *
 * Canonical decomposition would also put the marks behind a letter into their order. That
 * is left out: the marks that have an order are dropped here, all but a handful of musical
 * notation.
 */
#include "text/bert_normal.h"

#include <utf8proc.h>

#include "text/chars.h"

#define REPLACEMENT 0xfffdu

static bool put(jc_bytes *out, uint32_t c)
{
    utf8proc_uint8_t bytes[4];
    utf8proc_ssize_t n = utf8proc_encode_char((utf8proc_int32_t)c, bytes);

    return jc_bytes_add(out, bytes, (size_t)n);
}

static bool put_lower(const jc_bert_normal *how, jc_bytes *out, uint32_t c)
{
    if (!how->lower)
        return put(out, c);
    if (c == 0x130) /* the one letter whose small form is two: i with a dot above */
        return put(out, 'i') && put(out, 0x307);
    return put(out, (uint32_t)utf8proc_tolower((utf8proc_int32_t)c));
}

static bool put_letter(const jc_bert_normal *how, jc_bytes *out, uint32_t c)
{
    utf8proc_int32_t part[8]; /* 4 is the longest canonical decomposition */
    int unused = 0;

    if (!how->strip || c < 0x80)
        return put_lower(how, out, c);
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c, part, JC_COUNT(part),
                                                 UTF8PROC_DECOMPOSE, &unused);
    for (utf8proc_ssize_t i = 0; i < n && i < (utf8proc_ssize_t)JC_COUNT(part); i++)
        if (!jc_bert_is_mark((uint32_t)part[i]) && !put_lower(how, out, (uint32_t)part[i]))
            return false;
    return true;
}

bool jc_bert_normalize(const jc_bert_normal *how, const char *text, size_t n, jc_bytes *out)
{
    for (size_t at = 0; at < n;) {
        uint32_t c = REPLACEMENT;
        size_t length = jc_utf8_next(text + at, n - at, &c);
        at += length ? length : 1;
        if (how->clean && (c == 0 || c == REPLACEMENT || jc_bert_is_control(c)))
            continue;
        if (how->clean && jc_char_is_space(c))
            c = ' ';
        bool apart = how->cjk && jc_bert_is_cjk(c);
        if ((apart && !put(out, ' ')) || !put_letter(how, out, c) ||
            (apart && !put(out, ' ')))
            return false;
    }
    return jc_bytes_add(out, "", 0);
}
