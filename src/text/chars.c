/* SPDX-License-Identifier: MIT */
/*
 * chars.c: Unicode's categories, and those of BERT.
 *
 * The reference's tables of BERT's categories are those of Unicode 8: what was made
 * punctuation, a mark or a format character later is a letter to it, and so to the models.
 * The ranges here are all such characters up to Unicode 15; between them is nothing of that
 * category that was known before.
 */
#include "text/chars.h"

#include <stddef.h>
#include <utf8proc.h>

#include "base/base.h"

typedef struct range {
    uint32_t first, last;
} range;

static const range young_control[] = {{0x890, 0x8e2}, {0x110cd, 0x1343f}};

static const range young_punct[] = {
    {0x61d, 0x61d},     {0x9fd, 0xa76},     {0xc77, 0xc84},     {0x1b7d, 0x1b7e},
    {0x2e43, 0x2e5d},   {0x10ead, 0x10f89}, {0x1144b, 0x1145d}, {0x11660, 0x116b9},
    {0x1183b, 0x11fff}, {0x12ff1, 0x12ff2}, {0x16e97, 0x16fe2}, {0x1e95e, 0x1e95f},
};

static const range young_mark[] = {
    {0x7fd, 0x7fd},     {0x898, 0x8e1},     {0x9fe, 0x9fe},     {0xafa, 0xaff},
    {0xb55, 0xb55},     {0xc04, 0xc3c},     {0xd00, 0xd00},     {0xd3b, 0xd3c},
    {0xd81, 0xd81},     {0xeba, 0xeba},     {0xece, 0xece},     {0x180f, 0x1886},
    {0x1abf, 0x1ace},   {0x1df6, 0x1dfb},   {0xa82c, 0xa82c},   {0xa8c5, 0xa8c5},
    {0xa8ff, 0xa8ff},   {0xa9bd, 0xa9bd},   {0x10d24, 0x10f85}, {0x11070, 0x11074},
    {0x110c2, 0x110c2}, {0x111c9, 0x111c9}, {0x111cf, 0x111cf}, {0x1123e, 0x11241},
    {0x1133b, 0x1133b}, {0x11438, 0x1145e}, {0x1182f, 0x13455}, {0x16f4f, 0x16f4f},
    {0x16fe4, 0x16fe4}, {0x1cf00, 0x1cf46}, {0x1e000, 0x1e4ef}, {0x1e944, 0x1e94a},
};

static const range cjk[] = {
    {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xf900, 0xfaff},   {0x20000, 0x2a6df},
    {0x2a700, 0x2b81f}, {0x2b920, 0x2ceaf}, {0x2f800, 0x2fa1f},
};

/* What has a combining class or a decomposition, and had none in Unicode 9, whose tables of
 * normalization the reference has. */
static const range young_form[] = {
    {0x7fd, 0x7fd},     {0x898, 0x89f},     {0x8ca, 0x8d3},     {0x9fe, 0x9fe},
    {0xc3c, 0xc3c},     {0xd3b, 0xd3c},     {0xeba, 0xeba},     {0x1715, 0x1715},
    {0x1abf, 0x1ace},   {0x1df6, 0x1dfa},   {0x32ff, 0x32ff},   {0xa7f2, 0xa7f4},
    {0xa82c, 0xa82c},   {0xab69, 0xab69},   {0x10781, 0x10785}, {0x10787, 0x107b0},
    {0x107b2, 0x107ba}, {0x10d24, 0x10d27}, {0x10eab, 0x10eac}, {0x10efd, 0x10eff},
    {0x10f46, 0x10f50}, {0x10f82, 0x10f85}, {0x11070, 0x11070}, {0x1133b, 0x1133b},
    {0x1145e, 0x1145e}, {0x11839, 0x1183a}, {0x11938, 0x11938}, {0x1193d, 0x1193e},
    {0x11943, 0x11943}, {0x119e0, 0x119e0}, {0x11a34, 0x11a34}, {0x11a47, 0x11a47},
    {0x11a99, 0x11a99}, {0x11d42, 0x11d42}, {0x11d44, 0x11d45}, {0x11d97, 0x11d97},
    {0x11f41, 0x11f42}, {0x16ff0, 0x16ff1}, {0x1e030, 0x1e06d}, {0x1e08f, 0x1e08f},
    {0x1e130, 0x1e136}, {0x1e2ae, 0x1e2ae}, {0x1e2ec, 0x1e2ef}, {0x1e4ec, 0x1e4ef},
    {0x1f16c, 0x1f16c}, {0x1fbf0, 0x1fbf9}};

/* Marks of all kinds that were none then. */
static const range young_any_mark[] = {
    {0x7fd, 0x7fd},     {0x898, 0x8d3},     {0x9fe, 0x9fe},     {0xafa, 0xaff},
    {0xb55, 0xb55},     {0xc04, 0xc3c},     {0xcf3, 0xd00},     {0xd3b, 0xd3c},
    {0xd81, 0xd81},     {0xeba, 0xeba},     {0xece, 0xece},     {0x1715, 0x1715},
    {0x180f, 0x180f},   {0x1abf, 0x1ace},   {0x1cf7, 0x1cf7},   {0x1df6, 0x1dfa},
    {0xa82c, 0xa82c},   {0xa8ff, 0xa8ff},   {0x10d24, 0x10f85}, {0x11070, 0x11074},
    {0x110c2, 0x110c2}, {0x11145, 0x11146}, {0x111c9, 0x111c9}, {0x111ce, 0x111cf},
    {0x11241, 0x11241}, {0x1133b, 0x1133b}, {0x1145e, 0x1145e}, {0x1182c, 0x11a99},
    {0x11d31, 0x13455}, {0x16f4f, 0x16f4f}, {0x16f7f, 0x16f87}, {0x16fe4, 0x16ff1},
    {0x1cf00, 0x1cf46}, {0x1e08f, 0x1e4ef}};

static bool within(uint32_t c, const range *r, size_t n)
{
    for (size_t i = 0; i < n && r[i].first <= c; i++)
        if (c <= r[i].last)
            return true;
    return false;
}

static utf8proc_category_t category(uint32_t c)
{
    return utf8proc_category((utf8proc_int32_t)c);
}

int jc_char_width(uint32_t c)
{
    return utf8proc_charwidth((utf8proc_int32_t)c);
}

bool jc_char_is_space(uint32_t c)
{
    if (c < 0x80)
        return c == ' ' || (c >= 9 && c <= 13);
    utf8proc_category_t is = category(c);
    return c == 0x85 || is == UTF8PROC_CATEGORY_ZS || is == UTF8PROC_CATEGORY_ZL ||
           is == UTF8PROC_CATEGORY_ZP;
}

bool jc_char_is_mark(uint32_t c)
{
    utf8proc_category_t is = category(c);

    if (is >= UTF8PROC_CATEGORY_MN && is <= UTF8PROC_CATEGORY_ME)
        return !within(c, young_any_mark, JC_COUNT(young_any_mark));
    return c == 0x1cf2 || c == 0x1cf3; /* were */
}

bool jc_char_is_young(uint32_t c)
{
    return c >= young_form[0].first && within(c, young_form, JC_COUNT(young_form));
}

bool jc_bert_is_control(uint32_t c)
{
    if (c < 0x80)
        return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
    utf8proc_category_t is = category(c);
    if (is == UTF8PROC_CATEGORY_CF)
        return !within(c, young_control, JC_COUNT(young_control));
    return is == UTF8PROC_CATEGORY_CC || is == UTF8PROC_CATEGORY_CO;
}

bool jc_bert_is_punct(uint32_t c)
{
    if (c < 0x80)
        return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
               (c >= 123 && c <= 126);
    utf8proc_category_t is = category(c);
    if (is >= UTF8PROC_CATEGORY_PC && is <= UTF8PROC_CATEGORY_PO)
        return !within(c, young_punct, JC_COUNT(young_punct));
    return c == 0x166d || c == 0x111c9; /* were, and are something else since */
}

bool jc_bert_is_mark(uint32_t c)
{
    if (category(c) == UTF8PROC_CATEGORY_MN)
        return !within(c, young_mark, JC_COUNT(young_mark));
    return c == 0x1734; /* was */
}

bool jc_bert_is_cjk(uint32_t c)
{
    return c >= 0x3400 && within(c, cjk, JC_COUNT(cjk));
}
