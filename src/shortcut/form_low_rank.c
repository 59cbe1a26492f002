/* SPDX-License-Identifier: MIT */
/* form_low_rank.c: a matrix of rank r as two narrow ones, y = up (down x) + b. */
#include "shortcut/map.h"

enum { DOWN, UP, BIAS };

static jc_status prepare(jc_ready *ready, jc_prepared *pool, jc_error *err)
{
    const jc_map *map = ready->map;
    jc_status st = jc_ready_linear(pool, &map->tensor[DOWN], NULL, &ready->linear[0], err);

    return st ? st
              : jc_ready_linear(pool, &map->tensor[UP], &map->tensor[BIAS],
                                &ready->linear[1], err);
}

static jc_status run(const jc_ready *ready, const float *x, size_t rows, float *y,
                     jc_error *err)
{
    float *between = jc_matrix_new(rows, ready->map->rank, sizeof *between);
    jc_status st = between ? JC_OK : jc_fail_nomem(err, "a map");

    if (st == JC_OK)
        st = jc_linear_run(ready->linear[0], x, rows, between, err);
    if (st == JC_OK)
        st = jc_linear_run(ready->linear[1], between, rows, y, err);
    jc_free(between);
    return st;
}

static jc_status dense(const jc_map *map, float *weight, float *bias, jc_error *err)
{
    size_t in = map->d_in, out = map->d_out, r = map->rank;
    float *down = jc_matrix_new(r, in, sizeof *down);
    float *up = jc_matrix_new(out, r, sizeof *up);
    double *row = jc_matrix_new(1, in, sizeof *row);
    jc_status st = down && up && row ? JC_OK : jc_fail_nomem(err, "a map");

    if (st == JC_OK) {
        jc_numbers_read(&map->tensor[DOWN], 0, r * in, down);
        jc_numbers_read(&map->tensor[UP], 0, out * r, up);
    }
    for (size_t i = 0; i < out && st == JC_OK; i++) {
        for (size_t c = 0; c < in; c++)
            row[c] = 0;
        for (size_t k = 0; k < r; k++)
            for (size_t c = 0; c < in; c++)
                row[c] += (double)up[i * r + k] * (double)down[k * in + c];
        for (size_t c = 0; c < in; c++)
            weight[i * in + c] = (float)row[c];
    }
    if (st == JC_OK && map->tensor[BIAS].data)
        jc_numbers_read(&map->tensor[BIAS], 0, out, bias);
    jc_free(down);
    jc_free(up);
    jc_free(row);
    return st;
}

static uint64_t flops(const jc_map *map)
{
    uint64_t bias = map->tensor[BIAS].data ? map->d_out : 0;

    return 2 * (uint64_t)map->rank * (map->d_in + map->d_out) + bias;
}

const jc_form jc_form_low_rank = {
    .name = "low-rank",
    .about = "two narrow matrices: U (D h), perhaps with a constant",
    .tensors = {[DOWN] = {"down", JC_SIDE_RANK, JC_SIDE_IN, false},
                [UP] = {"up", JC_SIDE_OUT, JC_SIDE_RANK, false},
                [BIAS] = {"bias", JC_SIDE_OUT, JC_SIDE_ONE, true}},
    .prepare = prepare,
    .run = run,
    .dense = dense,
    .flops = flops,
};
