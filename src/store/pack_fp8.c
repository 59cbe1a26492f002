/* SPDX-License-Identifier: MIT */
/*
 * pack_fp8.c: weights of eight bits whose scales are a tensor of their own, which the
 * weight is multiplied by: "x.weight" in F8_E4M3 or F8_E5M2, and "x.weight_scale_inv", as
 * DeepSeek, Qwen and Mistral have them, or "x.weight_scale": of fbgemm, compressed-tensors
 * and ModelOpt. It has one number for each rectangle of the weight, for each row, or for
 * all.
 */
#include "store/packs.h"

#include <stdio.h>
#include <string.h>

enum { SIDE = 128, RUN = 32, BLOCK = 36 }; /* of rectangles; numbers and bytes of F8_S's */

static const char *settle(jc_packing *p, const jc_config *config, const char *section)
{
    static const char *const sides[] = {
        "weight_block_size.0|config_groups.group_0.weights.block_structure.0",
        "weight_block_size.1|config_groups.group_0.weights.block_structure.1"};
    uint32_t rows = SIDE, columns = SIDE;
    char path[64];

    snprintf(path, sizeof path, "%s.weight_block_size", section);
    p->wide = 8;
    if ((jc_config_has(config, path) && jc_config_length(config, path) != 2) ||
        !jc_pack_number(config, section, sides[0], &rows) ||
        !jc_pack_number(config, section, sides[1], &columns) || rows == 0 || columns == 0)
        return "its 'weight_block_size' is not two whole numbers above 0";
    p->rows = rows;
    p->columns = columns;
    if (!jc_pack_says(config, section, "activation_scheme", "dynamic|static"))
        return "its 'activation_scheme' is neither 'dynamic' nor 'static'";
    if (!jc_pack_says(config, section, "quant_algo", "FP8"))
        return "its 'quant_algo' is not 'FP8'";
    return NULL;
}

static size_t parts(size_t n, size_t size)
{
    return (n + size - 1) / size;
}

/* Scales by rectangle, by group of a row's inputs, by row, or one for all. */
static jc_status shape(jc_packing *p, jc_tensor *t, jc_error *err)
{
    const jc_tensor *s = p->scales;
    size_t out = t->shape[0], in = t->shape[1];

    if (t->n_dims != 2 || t->count == 0)
        return jc_fail(err, JC_E_FORMAT,
                       "tensor '%.160s' of '%s' has scales, and is not a matrix", t->name,
                       t->file);
    p->width = in;
    t->out_in = true;
    if (!jc_dtype_real(s->dtype) || s->n_dims > 2 || s->count == 0 ||
        (s->shape[0] == parts(out, p->rows) && s->shape[1] == parts(in, p->columns) &&
         s->n_dims == 2))
        return jc_pack_part(p, s, JC_OTHER, parts(out, p->rows), parts(in, p->columns),
                            err);
    if (s->count == 1) {
        p->rows = out;
        p->columns = in;
        return JC_OK;
    }
    if (s->shape[0] == out && in % s->shape[1] == 0) {
        p->rows = 1;
        p->columns = in / s->shape[1];
        return JC_OK;
    }
    return jc_pack_part(p, s, JC_OTHER, parts(out, p->rows), parts(in, p->columns), err);
}

static float scale_at(const jc_packing *p, size_t row, size_t column)
{
    size_t across = parts(p->width, p->columns);

    return jc_pack_real(p->scales, row / p->rows * across + column / p->columns);
}

/* Row by row, a rectangle of each at a time. */
static void read(const jc_packing *p, size_t first, size_t n, float *out)
{
    jc_tensor_read(p->bits, first, n, out);
    for (size_t i = 0; i < n;) {
        size_t row = (first + i) / p->width, column = (first + i) % p->width;
        size_t end = (column / p->columns + 1) * p->columns;
        size_t count = (end < p->width ? end : p->width) - column;
        float x = scale_at(p, row, column);
        count = count < n - i ? count : n - i;
        for (size_t k = 0; k < count; k++)
            out[i + k] *= x;
        i += count;
    }
}

static jc_dtype blocks(const jc_packing *p)
{
    bool fits = p->bits->dtype == JC_F8_E4M3 && p->width % RUN == 0 &&
                (p->columns % RUN == 0 || p->columns >= p->width);

    return fits ? JC_F8_S : JC_OTHER;
}

static void regroup(const jc_packing *p, size_t first, size_t n, unsigned char *out)
{
    for (size_t row = first; row < first + n; row++)
        for (size_t column = 0; column < p->width; column += RUN, out += BLOCK) {
            float x = scale_at(p, row, column);
            memcpy(out, &x, sizeof x);
            memcpy(out + sizeof x, p->bits->data + row * p->width + column, RUN);
        }
}

const jc_pack jc_pack_fp8 = {.methods = "fp8|fbgemm_fp8|modelopt|compressed-tensors",
                             .dtypes = "F8_E4M3|F8_E5M2",
                             .bits = ".weight",
                             .weight = ".weight",
                             .scales = ".weight_scale_inv|.weight_scale",
                             .settle = settle,
                             .shape = shape,
                             .read = read,
                             .blocks = blocks,
                             .regroup = regroup};
