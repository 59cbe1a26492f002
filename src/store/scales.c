/* SPDX-License-Identifier: MIT */
/*
 * scales.c: weights of eight bits whose scales are a tensor of their own, as DeepSeek has
 * them: "x.weight" in F8_E4M3 or F8_E5M2, and "x.weight_scale_inv", one number for each
 * rectangle of it, which the weight is multiplied by.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "store/store_impl.h"

#define SUFFIX "_scale_inv"

enum { NAME = 512 };

static bool is_float8(const jc_tensor *t)
{
    return t->dtype == JC_F8_E4M3 || t->dtype == JC_F8_E5M2;
}

const jc_tensor *jc_store_scales_of(const jc_store *store, const jc_tensor *weight)
{
    char name[NAME];
    int n = snprintf(name, sizeof name, "%s" SUFFIX, weight->name);

    return n > 0 && n < NAME ? jc_store_find(store, name) : NULL;
}

static jc_status check(const jc_tensor *weight, const jc_tensor *scales, size_t rows,
                       size_t columns, jc_error *err)
{
    size_t down = (weight->shape[0] + rows - 1) / rows;
    size_t across = (weight->shape[1] + columns - 1) / columns;

    if (weight->n_dims != 2 || !jc_dtype_real(scales->dtype) || scales->n_dims != 2 ||
        scales->shape[0] != down || scales->shape[1] != across || is_float8(scales))
        return jc_fail(
            err, JC_E_FORMAT,
            "tensor '%.160s' of '%s' does not hold [%zu, %zu] scales for '%.160s', "
            "which is in blocks of [%zu, %zu]",
            scales->name, scales->file, down, across, weight->name, rows, columns);
    return JC_OK;
}

static jc_status make(jc_scales **out, const jc_tensor *weight, const jc_tensor *from,
                      size_t rows, size_t columns, jc_error *err)
{
    jc_scales *scales = jc_alloc_array(1, sizeof *scales);

    *out = scales;
    if (scales)
        scales->x = jc_matrix_new(from->count, 1, sizeof *scales->x);
    if (!scales || !scales->x)
        return jc_fail_nomem(err, weight->name);
    scales->rows = rows;
    scales->columns = columns;
    scales->width = weight->shape[1];
    jc_tensor_read(from, 0, from->count, scales->x);
    for (size_t i = 0; i < from->count; i++)
        if (!isfinite(scales->x[i]))
            return jc_fail(err, JC_E_NUMERIC,
                           "tensor '%s' of '%s' has a value that is not finite", from->name,
                           from->file);
    return JC_OK;
}

static void release(jc_scales *scales)
{
    if (scales)
        jc_free(scales->x);
    jc_free(scales);
}

static jc_status attach(jc_store *store, jc_tensor *weight, size_t rows, size_t columns,
                        jc_error *err)
{
    const jc_tensor *from = jc_store_scales_of(store, weight);
    jc_scales *scales = NULL;

    if (!from) /* who needs the weight says so */
        return JC_OK;
    jc_status st = check(weight, from, rows, columns, err);
    if (st == JC_OK)
        st = make(&scales, weight, from, rows, columns, err);
    if (st == JC_OK && !jc_grow(&store->scales, &store->scales_capacity,
                                store->n_scales + 1, sizeof(jc_scales *)))
        st = jc_fail_nomem(err, weight->name);
    if (st) {
        release(scales);
        return st;
    }
    store->scales[store->n_scales++] = scales;
    weight->scales = scales;
    return JC_OK;
}

jc_status jc_store_scale(jc_store *store, size_t rows, size_t columns, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t f = 0; f < store->n_files; f++)
        for (size_t i = 0; i < jc_safetensors_count(store->files[f]) && st == JC_OK; i++) {
            jc_tensor *t = jc_safetensors_own(store->files[f], i);
            if (is_float8(t))
                st = attach(store, t, rows, columns, err);
        }
    return st;
}

void jc_scales_free(jc_store *store)
{
    for (size_t i = 0; i < store->n_scales; i++)
        release(store->scales[i]);
    jc_free(store->scales);
}
