/* SPDX-License-Identifier: MIT */
/*
 * store.c: matrices of maps in fewer bits: float16 and bfloat16 to the nearest, or eight
 * bits with a scale a row, its largest number over 127. Vectors stay as they are.
 */
#include <math.h>
#include <string.h>

#include "base/spill.h"
#include "shortcut/shortcut.h"

/* The nearest float16, ties to even; beyond its range infinity. */
static uint16_t to_f16(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000, rest = bits & 0x7fffffff;
    if (rest < 0x38800000) { /* below the least normal one: a multiple of 2^-24 */
        double whole = nearbyint(fabs((double)x) * 0x1p24);
        return (uint16_t)(sign | (uint32_t)whole);
    }
    rest += 0xfff + (rest >> 13 & 1);
    rest = (rest - ((127 - 15) << 23)) >> 13;
    return (uint16_t)(sign | (rest < 0x7c00 ? rest : 0x7c00));
}

static uint16_t to_bf16(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static void put_halves(const float *x, size_t n, jc_dtype type, uint16_t *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = type == JC_F16 ? to_f16(x[i]) : to_bf16(x[i]);
}

static void put_bytes(const float *x, size_t rows, size_t cols, int8_t *out, float *scale)
{
    for (size_t r = 0; r < rows; r++) {
        float most = 0;
        for (size_t c = 0; c < cols; c++)
            most = fmaxf(most, fabsf(x[r * cols + c]));
        scale[r] = most / 127;
        for (size_t c = 0; c < cols; c++)
            out[r * cols + c] = most > 0 ? (int8_t)lrintf(x[r * cols + c] / scale[r]) : 0;
    }
}

/* |x - stored|^2 and |x|^2 are added. */
static bool add_error(const float *x, const jc_numbers *stored, double *error, double *size)
{
    float some[256];
    bool finite = true;

    for (size_t at = 0, n = stored->rows * stored->cols, k; at < n; at += k) {
        k = n - at < JC_COUNT(some) ? n - at : JC_COUNT(some);
        jc_numbers_read(stored, at, k, some);
        for (size_t i = 0; i < k; i++) {
            finite &= isfinite(some[i]) != 0;
            *error += pow((double)x[at + i] - (double)some[i], 2);
            *size += (double)x[at + i] * (double)x[at + i];
        }
    }
    return finite;
}

static jc_status store_numbers(const jc_map *map, jc_numbers *t, jc_dtype type,
                               double *error, double *size, jc_error *err)
{
    size_t n = t->rows * t->cols;
    float *x = jc_matrix_new(t->rows, t->cols, sizeof *x);
    jc_numbers to = {.dtype = type, .rows = t->rows, .cols = t->cols};

    to.own = jc_matrix_new(t->rows, t->cols, jc_dtype_bytes(type));
    to.data = to.own;
    if (type == JC_I8)
        to.scale = jc_matrix_new(1, t->rows, sizeof *to.scale);
    jc_status st =
        x && to.own && (type != JC_I8 || to.scale) ? JC_OK : jc_fail_nomem(err, "a map");
    if (st == JC_OK) {
        jc_numbers_read(t, 0, n, x);
        if (type == JC_I8)
            put_bytes(x, t->rows, t->cols, to.own, to.scale);
        else if (type == JC_F32)
            memcpy(to.own, x, n * sizeof *x);
        else
            put_halves(x, n, type, to.own);
        if (!add_error(x, &to, error, size))
            st = jc_fail(err, JC_E_NUMERIC,
                         "cannot store '%s' as %s: it has numbers beyond its range",
                         map->name, jc_dtype_name(type));
    }
    jc_free(x);
    jc_numbers *drop = st ? &to : t;
    jc_spill_free(drop->own);
    jc_free(drop->scale);
    if (st == JC_OK)
        *t = to;
    return st;
}

jc_status jc_shortcut_store(jc_shortcut *shortcut, const char *type, double *error,
                            jc_error *err)
{
    if (jc_want(shortcut, "shortcut", err))
        return JC_E_ARG;
    static const struct {
        const char *name;
        jc_dtype dtype;
    } types[] = {{"f32", JC_F32}, {"f16", JC_F16}, {"bf16", JC_BF16}, {"int8", JC_I8}};
    size_t k = 0;
    jc_status st = JC_OK;

    *error = 0;
    while (k < JC_COUNT(types) && strcmp(types[k].name, type) != 0)
        k++;
    if (k == JC_COUNT(types))
        return jc_fail(err, JC_E_ARG, "'store' must be f32, f16, bf16 or int8, not '%.40s'",
                       type);
    jc_prepared_free(shortcut->prepared);
    shortcut->prepared = NULL;
    for (size_t i = 0; i < shortcut->n && st == JC_OK; i++) {
        jc_map *map = shortcut->maps[i];
        double off = 0, size = 0;
        for (size_t t = 0; map->form->tensors[t].name && st == JC_OK; t++)
            if (map->tensor[t].data && map->form->tensors[t].cols != JC_SIDE_ONE &&
                map->tensor[t].dtype != types[k].dtype)
                st = store_numbers(map, &map->tensor[t], types[k].dtype, &off, &size, err);
        *error = size > 0 ? fmax(*error, sqrt(off / size)) : *error;
    }
    return st ? st : jc_shortcut_set_meta(shortcut, "store", type, err);
}
