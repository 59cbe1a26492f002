/* SPDX-License-Identifier: MIT */
/*
 * form_shared.c: one map for several sources: what is shared, of any other form, applied to
 * the state with the map's own scale and shift of each coordinate, if it has them. What is
 * shared stands in the file as `shared.<to>`, and `from.shared.<to>` in the metadata names
 * the taps that share it.
 */
#include "shortcut/map.h"

enum { SCALE, SHIFT };

static jc_status prepare(jc_ready *ready, jc_prepared *pool, jc_error *err)
{
    const jc_map *map = ready->map;

    (void)pool;
    for (size_t i = 0; i < 2; i++) {
        if (!map->tensor[i].data)
            continue;
        ready->vector[i] = jc_matrix_new(1, map->d_in, sizeof(float));
        if (!ready->vector[i])
            return jc_fail_nomem(err, "a map");
        jc_numbers_read(&map->tensor[i], 0, map->d_in, ready->vector[i]);
    }
    return JC_OK;
}

static jc_status run(const jc_ready *ready, const float *x, size_t rows, float *y,
                     jc_error *err)
{
    const float *scale = ready->vector[SCALE], *shift = ready->vector[SHIFT];
    size_t d = ready->map->d_in;

    if (!scale && !shift)
        return jc_ready_run(ready->base, x, rows, y, err);
    float *z = jc_matrix_new(rows, d, sizeof *z);
    if (!z)
        return jc_fail_nomem(err, "a map");
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < d; c++)
            z[r * d + c] = x[r * d + c] * (scale ? scale[c] : 1) + (shift ? shift[c] : 0);
    jc_status st = jc_ready_run(ready->base, z, rows, y, err);
    jc_free(z);
    return st;
}

static jc_status dense(const jc_map *map, float *weight, float *bias, jc_error *err)
{
    size_t d = map->d_in;
    float *scale = jc_matrix_new(2, d, sizeof *scale);
    jc_status st =
        scale ? jc_map_dense(map->base, weight, bias, err) : jc_fail_nomem(err, "a map");

    for (size_t c = 0; c < d && st == JC_OK; c++)
        scale[c] = 1;
    for (size_t i = 0; i < 2 && st == JC_OK; i++)
        if (map->tensor[i].data)
            jc_numbers_read(&map->tensor[i], 0, d, scale + i * d);
    for (size_t row = 0; row < map->d_out && st == JC_OK; row++) {
        double sum = (double)bias[row];
        for (size_t c = 0; c < d; c++) {
            sum += (double)weight[row * d + c] * (double)scale[d + c];
            weight[row * d + c] *= scale[c];
        }
        bias[row] = (float)sum;
    }
    jc_free(scale);
    return st;
}

static uint64_t flops(const jc_map *map)
{
    return map->base->form->flops(map->base) + (map->tensor[0].data ? 2 * map->d_in : 0);
}

const jc_form jc_form_shared = {
    .name = "shared",
    .about = "one map for all layers, perhaps with a scale and shift of each",
    .tensors = {[SCALE] = {"scale", JC_SIDE_IN, JC_SIDE_ONE, true},
                [SHIFT] = {"shift", JC_SIDE_IN, JC_SIDE_ONE, true}},
    .prepare = prepare,
    .run = run,
    .dense = dense,
    .flops = flops,
};
