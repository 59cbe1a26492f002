/* SPDX-License-Identifier: MIT */
/*
 * panel.h: weights in blocks of small whole numbers, times rows of x.
 *
 * FEW_CHUNK inputs of FEW_PANEL outputs are unpacked at a time into the nearest cache, to
 * bytes with four inputs of an output side by side, and used for all rows. A lane is an
 * output, so that nothing is added across lanes; there are two vectors of outputs, so that
 * a number of x is fetched once for both. Types differ in how they are unpacked; a weight
 * is scale * (byte - zero) - least.
 */
#ifndef JC_FEW_PANEL_H
#define JC_FEW_PANEL_H

#include "kernels/few/blocks.h"
#include "kernels/few/int8.h"
#include "kernels/few/real.h"

/* Where HALF outputs begin that are `stride` bytes apart. */
INLINE rows16 half_rows(const unsigned char *data, size_t stride)
{
    return (rows16){{data, data + 4 * stride, data + 8 * stride, data + 12 * stride},
                    stride};
}

/* HALF outputs from `data` on, `stride` bytes apart, or with `halves` 2 twice as many,
 * whose x is fetched once. */
static void panel_part(const jc_few_work *work, const unsigned char *data, size_t stride,
                       int halves, const unsigned char *next, float *out)
{
    const panel_type *type = work->kernel->type;
    const size_t all = work->spec->n_in / RUN;
    const size_t chunk_bytes = FEW_CHUNK / type->values * type->bytes;
    const size_t lines = (HALF * chunk_bytes / RUNS + 63) / 64; /* of a run */
    rows16 row[HALVES];
    unpacked u[HALVES];

    for (int h = 0; h < halves; h++) {
        row[h] = half_rows(data + (size_t)(h * HALF) * stride, stride);
        u[h].ahead = next + (size_t)(h * HALF) * work->row_bytes;
        u[h].lines[0] = halves == 1 ? lines / 2 : 0; /* two are multiplied for longer */
        u[h].lines[1] = lines - u[h].lines[0];
    }
    for (size_t r = 0; r < work->rows; r++)
        memset(out + r * FEW_PANEL, 0, (size_t)(halves * HALF) * sizeof *out);
    for (size_t run = 0; run < all; run += RUNS) {
        size_t runs = all - run < RUNS ? all - run : RUNS;
        for (int h = 0; h < halves; h++) {
            prefetch(u[h].ahead + TOUCH);
            type->unpack(row[h], runs, &u[h]);
            for (int i = 0; i < 4; i++)
                row[h].fourth[i] += chunk_bytes;
        }
        work->kernel->chunk(work, u, halves, run, runs, out);
        for (int h = 0; h < halves; h++)
            u[h].ahead += 64 * u[h].lines[1] * runs;
    }
}

/* Fewer than HALF outputs are found among the HALF that end with the last of them. */
static void panel_rest(const jc_few_work *work, size_t first, size_t n,
                       const unsigned char *next, float *out)
{
    size_t end = first + n, stride = work->row_bytes;
    size_t from = end < HALF ? 0 : end - HALF;

    if (end < HALF) { /* there are not as many: one by one */
        float one[FEW_ROWS * FEW_PANEL];
        for (size_t o = 0; o < n; o++) {
            panel_part(work, work->data + (first + o) * stride, 0, 1, next, one);
            for (size_t r = 0; r < work->rows; r++)
                out[r * FEW_PANEL + o] = one[r * FEW_PANEL];
        }
        return;
    }
    panel_part(work, work->data + from * stride, stride, 1, next, out);
    if (from != first)
        for (size_t r = 0; r < work->rows; r++)
            memmove(out + r * FEW_PANEL, out + r * FEW_PANEL + (first - from),
                    n * sizeof *out);
}

static void panel_run(const jc_few_work *work, size_t first, size_t n,
                      const unsigned char *next, float *out)
{
    if (n >= HALF)
        panel_part(work, work->data + first * work->row_bytes, work->row_bytes,
                   (int)(n / HALF), next, out);
    if (n % HALF != 0)
        panel_rest(work, first + n / HALF * HALF, n % HALF, next, out + n / HALF * HALF);
}

/* The kernels of a type: values and bytes of a block, its shape and its zero. */
#define PANEL_KERNELS(name, count, size, shape, zero)                                      \
    static const panel_type name##_type = {count, size, SHAPE_##shape, zero,               \
                                           name##_unpack};                                 \
    static const jc_few_kernel name##_int = {                                              \
        count, size, &name##_type, int_prepared, int_prepare, panel_run, int_##shape};     \
    static const jc_few_kernel name##_real = {                                             \
        count, size, &name##_type, real_prepared, real_prepare, panel_run, real_##shape}

#endif
