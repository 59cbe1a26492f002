/* SPDX-License-Identifier: MIT */
/* form_dense.c: a matrix, y = W x. */
#include "shortcut/map.h"

static jc_status prepare(jc_ready *ready, jc_prepared *pool, jc_error *err)
{
    return jc_ready_linear(pool, &ready->map->tensor[0], NULL, &ready->linear[0], err);
}

static jc_status run(const jc_ready *ready, const float *x, size_t rows, float *y,
                     jc_error *err)
{
    return jc_linear_run(ready->linear[0], x, rows, y, err);
}

static jc_status dense(const jc_map *map, float *weight, float *bias, jc_error *err)
{
    (void)bias;
    (void)err;
    jc_numbers_read(&map->tensor[0], 0, map->d_out * map->d_in, weight);
    return JC_OK;
}

static uint64_t flops(const jc_map *map)
{
    return 2 * (uint64_t)map->d_in * map->d_out;
}

const jc_form jc_form_dense = {
    .name = "dense",
    .about = "one matrix: W h",
    .tensors = {{"weight", JC_SIDE_OUT, JC_SIDE_IN, false}},
    .prepare = prepare,
    .run = run,
    .dense = dense,
    .flops = flops,
};
