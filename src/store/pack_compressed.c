/* SPDX-License-Identifier: MIT */
/*
 * pack_compressed.c: whole numbers as compressed-tensors (llm-compressor, vLLM) has them,
 * w = (q - zero) scale. Scales "x.weight_scale" are [out, groups], or one for all.
 *
 * Packed, of 2, 4 or 8 bits: "x.weight_packed" I32 [out, in / k] has k numbers in a word,
 * from the lowest bits on, "x.weight_shape" is out and in, "x.weight_zero_point"
 * [out / k, groups], if it is there, the zeros, packed along the outputs; without it a zero
 * is the middle. "x.weight_g_idx" [in] may have the group of each input. Or "x.weight" and
 * "x.weight_zero_point" are I8. Weights in E4M3 are those of pack_fp8.c.
 */
#include "store/packs.h"

#include <string.h>

static const char *settle(jc_packing *p, const jc_config *config, const char *section)
{
    p->wide = 8;
    if (!jc_pack_says(config, section, "format",
                      "pack-quantized|int-quantized|float-quantized|naive-quantized|"
                      "mixed-precision|dense"))
        return "its 'format' is none of 'pack-quantized', 'int-quantized', "
               "'float-quantized'";
    return NULL;
}

/* How many groups of inputs there are, from the scales; and what a group is. */
static jc_status find_groups(jc_packing *p, size_t out, size_t in, size_t *n, jc_error *err)
{
    const jc_tensor *s = p->scales;

    *n = s->count == 1 ? 1 : s->shape[1];
    if (s->count != 1 && (*n == 0 || (!p->groups && in % *n != 0)))
        *n = 1; /* which the message wants */
    p->width = in;
    p->columns = p->groups ? in : in / *n;
    if (s->count == 1 && jc_dtype_real(s->dtype))
        return JC_OK;
    if (s->n_dims == 1 && *n == 1)
        return jc_pack_part(p, s, JC_OTHER, out, 0, err);
    return jc_pack_part(p, s, JC_OTHER, out, *n, err);
}

static size_t words(size_t n, unsigned wide)
{
    return n / 32 * wide + (n % 32 * wide + 31) / 32;
}

/* The bits of a number, of which `in` fill as many words. */
static unsigned bits_of(size_t in, size_t n_words)
{
    static const unsigned char all[] = {4, 8, 2};

    for (size_t i = 0; i < JC_COUNT(all); i++)
        if (words(in, all[i]) == n_words)
            return all[i];
    return 0;
}

static uint64_t size_at(const jc_packing *p, size_t i)
{
    uint64_t x;

    memcpy(&x, p->sizes->data + 8 * i, sizeof x);
    return x;
}

static jc_status shape(jc_packing *p, jc_tensor *t, jc_error *err)
{
    const jc_tensor *sizes = p->sizes;
    bool fits = t->dtype == JC_I32 && t->n_dims == 2 && t->count > 0 &&
                sizes->dtype == JC_I64 && sizes->n_dims == 1 && sizes->count == 2 &&
                size_at(p, 0) == t->shape[0] && size_at(p, 1) / 32 <= t->shape[1];
    size_t out = t->shape[0], in = fits ? (size_t)size_at(p, 1) : 0, n;

    p->wide = fits ? bits_of(in, t->shape[1]) : 0;
    if (p->wide == 0)
        return jc_fail(err, JC_E_FORMAT,
                       "tensor '%.160s' of '%s' is not a matrix of I32 with as many words "
                       "as '%.160s' has numbers of 2, 4 or 8 bits",
                       t->name, t->file, sizes->name);
    jc_status st = find_groups(p, out, in, &n, err);
    if (st == JC_OK && p->zeros)
        st = jc_pack_part(p, p->zeros, JC_I32, words(out, p->wide), n, err);
    if (st == JC_OK && p->groups)
        st = jc_pack_groups(p, in, n, err);
    t->shape[1] = in;
    t->out_in = true;
    return st;
}

static jc_status shape_8(jc_packing *p, jc_tensor *t, jc_error *err)
{
    size_t n;

    if (t->n_dims != 2 || t->count == 0)
        return jc_fail(err, JC_E_FORMAT,
                       "tensor '%.160s' of '%s' has scales, and is not a matrix", t->name,
                       t->file);
    jc_status st = find_groups(p, t->shape[0], t->shape[1], &n, err);
    if (st == JC_OK && p->zeros &&
        (p->zeros->dtype != JC_I8 || p->zeros->count != p->scales->count))
        st =
            jc_pack_part(p, p->zeros, JC_I8, p->scales->shape[0], p->scales->shape[1], err);
    t->out_in = true;
    return st;
}

/* Of a group and an output. */
static size_t place(const jc_packing *p, size_t group, size_t o)
{
    return p->scales->count == 1 ? 0 : o * p->scales->shape[1] + group;
}

static float scale_of(const jc_packing *p, size_t group, size_t o)
{
    return jc_pack_real(p->scales, place(p, group, o));
}

static unsigned zero_of(const jc_packing *p, size_t group, size_t o)
{
    const unsigned middle = 1u << (p->wide - 1);

    if (!p->zeros)
        return middle;
    if (p->zeros->dtype == JC_I8)
        return p->zeros->data[place(p, group, o)] ^ 128u;
    return jc_pack_whole(p->zeros, group, p->zeros->shape[1], o, p->wide);
}

static unsigned number(const jc_packing *p, size_t o, size_t in)
{
    if (p->bits->dtype == JC_I8)
        return p->bits->data[o * p->width + in] ^ 128u;
    return jc_pack_whole(p->bits, o * p->bits->shape[1], 1, in, p->wide);
}

static const jc_pack_wholes wholes = {number, zero_of, scale_of, NULL};

const jc_pack jc_pack_compressed = {.methods = "compressed-tensors",
                                    .type = "INT",
                                    .bits = ".weight_packed",
                                    .weight = ".weight",
                                    .scales = ".weight_scale",
                                    .zeros = ".weight_zero_point",
                                    .groups = ".weight_g_idx",
                                    .sizes = ".weight_shape",
                                    .any_zeros = true,
                                    .settle = settle,
                                    .shape = shape,
                                    .wholes = &wholes,
                                    .read = jc_pack_read,
                                    .blocks = jc_pack_blocks,
                                    .regroup = jc_pack_regroup};

const jc_pack jc_pack_int8 = {.methods = "compressed-tensors",
                              .dtypes = "I8",
                              .bits = ".weight",
                              .weight = ".weight",
                              .scales = ".weight_scale",
                              .zeros = ".weight_zero_point",
                              .any_zeros = true,
                              .settle = settle,
                              .shape = shape_8,
                              .wholes = &wholes,
                              .read = jc_pack_read,
                              .blocks = jc_pack_blocks,
                              .regroup = jc_pack_regroup};
