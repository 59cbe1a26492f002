/* SPDX-License-Identifier: MIT */
/*
 * pack_fp8.c: weights of eight bits whose scales are a tensor of their own, as DeepSeek and
 * Qwen have them: "x.weight" in F8_E4M3 or F8_E5M2, and "x.weight_scale_inv", one number
 * for each rectangle of it, which the weight is multiplied by.
 */
#include "store/packs.h"

static const char *settle(jc_packing *p, const jc_config *config, const char *section)
{
    uint32_t rows = 0, columns = 0;

    if (!jc_pack_number(config, section, "weight_block_size.0", &rows) ||
        !jc_pack_number(config, section, "weight_block_size.1", &columns) || rows == 0 ||
        columns == 0)
        return "its 'weight_block_size' is not two whole numbers above 0";
    p->rows = rows;
    p->columns = columns;
    if (!jc_pack_says(config, section, "activation_scheme", "dynamic"))
        return "its 'activation_scheme' is not 'dynamic'";
    return NULL;
}

static jc_status shape(jc_packing *p, jc_tensor *t, jc_error *err)
{
    if ((t->dtype != JC_F8_E4M3 && t->dtype != JC_F8_E5M2) || t->n_dims != 2)
        return jc_fail(err, JC_E_FORMAT,
                       "tensor '%.160s' of '%s' has scales, and is not a matrix of 8 bits",
                       t->name, t->file);
    p->width = t->shape[1];
    return jc_pack_part(p, p->scales, JC_OTHER, (t->shape[0] + p->rows - 1) / p->rows,
                        (t->shape[1] + p->columns - 1) / p->columns, err);
}

/* Row by row, a rectangle of each at a time. */
static void read(const jc_packing *p, size_t first, size_t n, float *out)
{
    size_t across = p->scales->shape[1];

    jc_tensor_read(p->bits, first, n, out);
    for (size_t i = 0; i < n;) {
        size_t row = (first + i) / p->width, column = (first + i) % p->width;
        size_t end = (column / p->columns + 1) * p->columns;
        size_t count = (end < p->width ? end : p->width) - column;
        float x = jc_pack_real(p->scales, row / p->rows * across + column / p->columns);
        count = count < n - i ? count : n - i;
        for (size_t k = 0; k < count; k++)
            out[i + k] *= x;
        i += count;
    }
}

const jc_pack jc_pack_fp8 = {.method = "fp8",
                             .type = NULL,
                             .bits = ".weight",
                             .weight = ".weight",
                             .scales = ".weight_scale_inv",
                             .zeros = NULL,
                             .groups = NULL,
                             .settle = settle,
                             .shape = shape,
                             .read = read};
