/* SPDX-License-Identifier: MIT */
/*
 * run.c: maps prepared for a backend, each once: the one way to apply a map.
 *
 * The products are jc_linear's, which give a row the same bits whatever the number of rows.
 */
#include <string.h>

#include "base/file.h"
#include "base/spill.h"
#include "shortcut/map.h"

struct jc_prepared {
    const jc_backend *backend;
    jc_ready **ready; /* [n], by the number of the map; NULL until it is asked for */
    size_t n;
    bool lean; /* matrices are read where they lie whenever they are used */
};

jc_status jc_prepared_new(jc_prepared **out, const jc_backend *backend, size_t n_maps,
                          jc_error *err)
{
    jc_prepared *pool = jc_alloc_array(1, sizeof *pool);

    *out = NULL;
    if (!pool)
        return jc_fail_nomem(err, "maps");
    pool->backend = backend;
    pool->n = n_maps;
    pool->ready = jc_alloc_array(n_maps + 1, sizeof(jc_ready *));
    if (!pool->ready) {
        jc_free(pool);
        return jc_fail_nomem(err, "maps");
    }
    *out = pool;
    return JC_OK;
}

void jc_prepared_lean(jc_prepared *pool)
{
    pool->lean = true;
}

static void free_ready(jc_ready *ready)
{
    if (!ready)
        return;
    for (size_t i = 0; i < JC_COUNT(ready->linear); i++)
        jc_linear_free(ready->linear[i]);
    for (size_t i = 0; i < JC_COUNT(ready->vector); i++)
        jc_free(ready->vector[i]);
    jc_linear_free(ready->whole);
    jc_linear_free(ready->folded);
    jc_free(ready);
}

void jc_prepared_free(jc_prepared *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < pool->n; i++)
        free_ready(pool->ready[i]);
    jc_free(pool->ready);
    jc_free(pool);
}

static void read_numbers(void *arg, size_t first, size_t n, float *out)
{
    jc_numbers_read(arg, first, n, out);
}

static size_t stored_bytes(const jc_numbers *weight)
{
    return weight->rows * weight->cols * jc_dtype_bytes(weight->dtype);
}

/* Where a matrix lies in a file its pages are given back at once. */
static void read_lean(void *arg, size_t first, size_t n, float *out)
{
    const jc_numbers *weight = arg;
    size_t bytes = jc_dtype_bytes(weight->dtype);

    jc_numbers_read(weight, first, n, out);
    if (!weight->own)
        jc_map_release((const char *)weight->data + first * bytes, n * bytes);
}

/* `lean`: the numbers outlive the layer, and it reads them there. */
static jc_status new_linear(const jc_prepared *pool, const jc_numbers *weight,
                            const float *bias, bool lean, jc_linear **out, jc_error *err)
{
    jc_numbers copy = *weight; /* only read */
    jc_numbers *source = lean ? jc_alloc_array(1, sizeof *source) : &copy;

    if (!source)
        return jc_fail_nomem(err, "a map");
    *source = *weight;
    const jc_linear_spec spec = {.n_in = weight->cols,
                                 .n_out = weight->rows,
                                 .weight = {.arg = source,
                                            .read = lean ? read_lean : read_numbers,
                                            .release = lean ? jc_free : NULL,
                                            .bytes = lean ? stored_bytes(weight) : 0},
                                 .bias = bias,
                                 .precision = JC_PRECISION_F32};
    jc_status st = jc_linear_new(out, pool->backend, &spec, err);
    if (st && lean)
        jc_free(source);
    if (weight->own)
        jc_spill_rest(weight->own);
    else
        jc_map_release(weight->data, stored_bytes(weight));
    return st;
}

jc_status jc_ready_linear(jc_prepared *pool, const jc_numbers *weight,
                          const jc_numbers *bias, jc_linear **out, jc_error *err)
{
    float *floats = NULL;

    if (bias && bias->data) {
        floats = jc_matrix_new(1, bias->rows, sizeof *floats);
        if (!floats)
            return jc_fail_nomem(err, "a map");
        jc_numbers_read(bias, 0, bias->rows, floats);
    }
    jc_status st = new_linear(pool, weight, floats, pool->lean, out, err);
    jc_free(floats);
    return st;
}

/* The entry of a map, prepared. */
static jc_status get(jc_prepared *pool, const jc_map *map, jc_ready **out, jc_error *err)
{
    jc_ready **slot = &pool->ready[map->index];

    *out = *slot;
    if (*slot)
        return JC_OK;
    jc_ready *ready = jc_alloc_array(1, sizeof *ready);
    if (!ready)
        return jc_fail_nomem(err, "a map");
    ready->map = map;
    jc_status st = map->base ? jc_prepared_get(pool, map->base, &ready->base, err) : JC_OK;
    if (st == JC_OK)
        st = map->form->prepare(ready, pool, err);
    if (st) {
        free_ready(ready);
        return st;
    }
    *out = *slot = ready;
    return JC_OK;
}

jc_status jc_prepared_get(jc_prepared *pool, const jc_map *map, const jc_ready **ready,
                          jc_error *err)
{
    jc_ready *found;
    jc_status st = get(pool, map, &found, err);

    *ready = found;
    return st;
}

/* The layer of a weight [rows, cols] that is made here; it is copied. */
static jc_status layer_of(jc_prepared *pool, size_t rows, size_t cols, float *weight,
                          float *bias, jc_linear **layer, jc_error *err)
{
    const jc_numbers numbers = {
        .data = weight, .own = weight, .dtype = JC_F32, .rows = rows, .cols = cols};

    return new_linear(pool, &numbers, bias, false, layer, err);
}

/* The map of another form as one layer. */
static jc_status make_whole(jc_prepared *pool, jc_ready *ready, jc_error *err)
{
    const jc_map *map = ready->map;
    float *weight = jc_matrix_new(map->d_out, map->d_in, sizeof *weight);
    float *bias = jc_matrix_new(1, map->d_out, sizeof *bias);
    jc_status st = weight && bias ? JC_OK : jc_fail_nomem(err, "a map");

    if (st == JC_OK)
        st = jc_map_dense(map, weight, bias, err);
    if (st == JC_OK)
        st = layer_of(pool, map->d_out, map->d_in, weight, bias, &ready->whole, err);
    jc_free(weight);
    jc_free(bias);
    return st;
}

jc_status jc_prepared_linear(jc_prepared *pool, const jc_map *map, const jc_linear **linear,
                             jc_error *err)
{
    jc_ready *ready;
    jc_status st = get(pool, map, &ready, err);
    bool one = map->form == &jc_form_dense || map->form == &jc_form_affine;

    if (st == JC_OK && !one && !ready->whole)
        st = make_whole(pool, ready, err);
    if (st == JC_OK)
        *linear = one ? ready->linear[0] : ready->whole;
    return st;
}

/* ---- as few multiply-adds as the form allows ---- */

/* Where the map's matrices stand: in what it shares with others, if it does. */
static const jc_map *matrices_of(const jc_map *map)
{
    return map->base ? map->base : map;
}

/* Its two narrow matrices hold fewer numbers than their product. */
static bool is_narrow(const jc_map *map)
{
    return map->form == &jc_form_low_rank &&
           map->rank * (map->d_in + map->d_out) < map->d_in * map->d_out;
}

jc_cost jc_map_layers_cost(const jc_map *map)
{
    const jc_map *of = matrices_of(map);
    double in = (double)of->d_in, out = (double)of->d_out;
    double n = is_narrow(of) ? (double)of->rank * (in + out) : in * out;

    if (map->form == &jc_form_identity)
        return (jc_cost){0, 0};
    return (jc_cost){2 * n, sizeof(float) * n};
}

/* Of a narrow map with a scale and a shift: weight [rank, d] = down diag(scale), bias
 * [rank] = down shift. */
static void fold(const jc_ready *ready, const jc_map *narrow, float *weight, float *bias)
{
    const float *scale = ready->vector[0], *shift = ready->vector[1];
    size_t d = narrow->d_in;

    jc_numbers_read(jc_map_tensor(narrow, "down"), 0, narrow->rank * d, weight);
    for (size_t r = 0; r < narrow->rank; r++) {
        double sum = 0;
        for (size_t c = 0; c < d; c++) {
            sum += shift ? (double)weight[r * d + c] * (double)shift[c] : 0;
            weight[r * d + c] *= scale ? scale[c] : 1;
        }
        bias[r] = (float)sum;
    }
}

/* The first layer of a narrow map that is shared. */
static jc_status make_folded(jc_prepared *pool, jc_ready *ready, jc_error *err)
{
    const jc_map *narrow = ready->map->base;
    float *weight = jc_matrix_new(narrow->rank, narrow->d_in, sizeof *weight);
    float *bias = jc_matrix_new(1, narrow->rank, sizeof *bias);
    jc_status st = weight && bias ? JC_OK : jc_fail_nomem(err, "a map");

    if (st == JC_OK) {
        fold(ready, narrow, weight, bias);
        st = layer_of(pool, narrow->rank, narrow->d_in, weight, bias, &ready->folded, err);
    }
    jc_free(weight);
    jc_free(bias);
    return st;
}

jc_status jc_prepared_layers(jc_prepared *pool, const jc_map *map, jc_map_layers *layers,
                             jc_error *err)
{
    const jc_map *narrow = matrices_of(map);
    jc_ready *ready;

    *layers = (jc_map_layers){.n = 0};
    if (map->form == &jc_form_identity)
        return JC_OK;
    layers->n = 1;
    if (!is_narrow(narrow))
        return jc_prepared_linear(pool, map, &layers->layer[0], err);
    jc_status st = get(pool, map, &ready, err);
    if (st == JC_OK && map->base && !ready->folded)
        st = make_folded(pool, ready, err);
    if (st)
        return st;
    *layers =
        (jc_map_layers){.layer = {map->base ? ready->folded : ready->linear[0],
                                  map->base ? ready->base->linear[1] : ready->linear[1]},
                        .n = 2,
                        .rank = narrow->rank};
    return JC_OK;
}

jc_status jc_ready_run(const jc_ready *ready, const float *x, size_t rows, float *y,
                       jc_error *err)
{
    return rows ? ready->map->form->run(ready, x, rows, y, err) : JC_OK;
}
