/* SPDX-License-Identifier: MIT */
/*
 * pack_blocks.c: whole numbers with a scale and a zero for each group of inputs, as blocks
 * of 32 that have both beside them. Inputs of a group that are scattered (desc_act) are put
 * one after another, and the order is kept.
 */
#include "store/packs.h"

#include <string.h>

enum { RUN = 32, BLOCK_4 = 20, BLOCK_8 = 38 }; /* numbers; bytes of Q4_Z's and Q8_Z's */

size_t jc_pack_group(const jc_packing *p, size_t input)
{
    return p->groups ? jc_pack_word(p->groups, input) : input / p->columns;
}

float jc_pack_scale(const jc_packing *p, size_t group, size_t output)
{
    return jc_pack_real(p->scales, group * p->scales->shape[1] + output);
}

/* Inputs [in, in + n) of output o. */
static void read_row(const jc_packing *p, size_t o, size_t in, size_t n, float *out)
{
    const jc_pack_wholes *wholes = p->wholes;
    size_t last = SIZE_MAX;
    float scale = 0, zero = 0;

    for (size_t i = in; i < in + n; i++) {
        size_t group = jc_pack_group(p, i);
        if (group != last) {
            scale = wholes->scale(p, group, o);
            zero = (float)wholes->zero(p, group, o);
        }
        last = group;
        *out++ = ((float)wholes->number(p, o, i) - zero) * scale;
    }
}

void jc_pack_read(const jc_packing *p, size_t first, size_t n, float *out)
{
    while (n > 0) {
        size_t row = first / p->width, column = first % p->width;
        size_t count = p->width - column < n ? p->width - column : n;
        read_row(p, row, column, count, out);
        first += count;
        out += count;
        n -= count;
    }
}

jc_status jc_pack_groups(const jc_packing *p, size_t in, size_t n, jc_error *err)
{
    jc_status st = jc_pack_part(p, p->groups, JC_I32, in, 0, err);

    for (size_t i = 0; i < in && st == JC_OK; i++)
        if (jc_pack_word(p->groups, i) >= n)
            st = jc_fail(err, JC_E_FORMAT, "tensor '%.160s' of '%s' names group %d of %zu",
                         p->groups->name, p->groups->file, (int)jc_pack_word(p->groups, i),
                         n);
    return st;
}

static bool sorted(const jc_packing *p)
{
    for (size_t i = 1; i < p->width; i++)
        if (jc_pack_group(p, i) < jc_pack_group(p, i - 1))
            return false;
    return true;
}

jc_status jc_pack_order(uint32_t **out, const jc_packing *p, jc_error *err)
{
    size_t n = 0, begin = 0;

    *out = NULL;
    if (!p->groups || sorted(p) || p->width > UINT32_MAX)
        return JC_OK;
    for (size_t i = 0; i < p->width; i++)
        n = jc_pack_group(p, i) >= n ? jc_pack_group(p, i) + 1 : n;
    size_t *next = jc_alloc_array(n, sizeof *next); /* places of the groups' next inputs */
    *out = jc_alloc_array(p->width, sizeof **out);
    if (!next || !*out) {
        jc_free(next);
        jc_free(*out);
        *out = NULL;
        return jc_fail_nomem(err, p->bits->name);
    }
    for (size_t i = 0; i < p->width; i++)
        next[jc_pack_group(p, i)]++;
    for (size_t g = 0; g < n; g++) {
        size_t count = next[g];
        next[g] = begin;
        begin += count;
    }
    for (size_t i = 0; i < p->width; i++)
        (*out)[next[jc_pack_group(p, i)]++] = (uint32_t)i;
    jc_free(next);
    return JC_OK;
}

/* The group of the input at a place of the order. */
static size_t group_at(const jc_packing *p, size_t at)
{
    return jc_pack_group(p, p->order ? p->order[at] : at);
}

jc_dtype jc_pack_blocks(const jc_packing *p)
{
    jc_dtype scales = p->scales->dtype;

    if (p->width % RUN != 0)
        return JC_OTHER;
    for (size_t i = 1; i < p->width; i++)
        if (i % RUN != 0 && group_at(p, i) != group_at(p, i - 1))
            return JC_OTHER;
    return p->wide <= 4 && (scales == JC_F16 || scales == JC_BF16) ? JC_Q4_Z : JC_Q8_Z;
}

/* The 32 numbers from a place of the order on. */
static void take_run(const jc_packing *p, size_t o, size_t at, unsigned char q[RUN])
{
    const jc_pack_wholes *wholes = p->wholes;

    if (wholes->run && !p->order) {
        wholes->run(p, o, at, q);
        return;
    }
    for (size_t i = at; i < at + RUN; i++)
        *q++ = (unsigned char)wholes->number(p, o, p->order ? p->order[i] : i);
}

/* The halves of 16 bytes: the low ones, then the high ones. */
static void put_4(float scale, unsigned zero, const unsigned char *q, unsigned char *out)
{
    memcpy(out, &scale, sizeof scale); /* its lowest byte is 0 */
    out[0] = (unsigned char)zero;
    for (int i = 0; i < RUN / 2; i++)
        out[4 + i] = (unsigned char)(q[i] | q[RUN / 2 + i] << 4);
}

static void put_8(float scale, unsigned zero, const unsigned char *q, unsigned char *out)
{
    memcpy(out, &scale, sizeof scale);
    out[4] = (unsigned char)zero;
    out[5] = (unsigned char)(zero >> 8);
    memcpy(out + 6, q, RUN);
}

/* Rows within runs: the words of neighbouring outputs mostly lie side by side. */
void jc_pack_regroup(const jc_packing *p, size_t first, size_t n, unsigned char *out)
{
    const jc_pack_wholes *wholes = p->wholes;
    const size_t runs = p->width / RUN, bytes = p->blocks == JC_Q4_Z ? BLOCK_4 : BLOCK_8;

    for (size_t r = 0; r < runs; r++) {
        size_t group = group_at(p, r * RUN);
        for (size_t o = first; o < first + n; o++) {
            unsigned char q[RUN];
            take_run(p, o, r * RUN, q);
            (p->blocks == JC_Q4_Z ? put_4 : put_8)(wholes->scale(p, group, o),
                                                   wholes->zero(p, group, o), q,
                                                   out + ((o - first) * runs + r) * bytes);
        }
    }
}
