/* SPDX-License-Identifier: MIT */
/*
 * panel.h: weights in blocks of small whole numbers, times rows of x.
 *
 * FEW_CHUNK inputs of FEW_PANEL outputs are unpacked at a time into the nearest cache, to
 * bytes with four inputs of an output side by side, and used for all rows. A lane is an
 * output, so that nothing is added across lanes. Types differ in how they are unpacked; a
 * weight is scale * (byte - zero) - least.
 */
#ifndef JC_FEW_PANEL_H
#define JC_FEW_PANEL_H

#include "kernels/few/blocks.h"
#include "kernels/few/int8.h"
#include "kernels/few/real.h"

/* 16 outputs from `data` on, `stride` bytes apart. */
static void sixteen(const jc_few_work *work, const unsigned char *data, size_t stride,
                    const unsigned char *next, float *out)
{
    const panel_type *type = work->kernel->type;
    const size_t all = work->spec->n_in / RUN;
    const size_t chunk_bytes = FEW_CHUNK / type->values * type->bytes;
    rows16 row = {{data, data + 4 * stride, data + 8 * stride, data + 12 * stride}, stride};
    unpacked u;

    u.ahead = next;
    const size_t lines = (FEW_PANEL * chunk_bytes / RUNS + 63) / 64; /* of a run */
    u.lines[0] = lines / 2;
    u.lines[1] = lines - lines / 2;
    memset(out, 0, work->rows * FEW_PANEL * sizeof *out);
    for (size_t run = 0; run < all; run += RUNS) {
        size_t runs = all - run < RUNS ? all - run : RUNS;
        prefetch(u.ahead + TOUCH);
        type->unpack(row, runs, &u);
        work->kernel->chunk(work, &u, run, runs, out);
        u.ahead += 64 * u.lines[1] * runs;
        for (int i = 0; i < 4; i++)
            row.fourth[i] += chunk_bytes;
    }
}

/* Fewer than 16 outputs are found among the 16 that end with the last of them. */
static void panel_run(const jc_few_work *work, size_t first, size_t n,
                      const unsigned char *next, float *out)
{
    size_t end = first + n, stride = work->row_bytes;
    size_t from = n == FEW_PANEL || end < FEW_PANEL ? first : end - FEW_PANEL;

    if (end < FEW_PANEL) { /* there are not 16: one by one */
        float one[FEW_ROWS * FEW_PANEL];
        for (size_t o = 0; o < n; o++) {
            sixteen(work, work->data + (first + o) * stride, 0, next, one);
            for (size_t r = 0; r < work->rows; r++)
                out[r * FEW_PANEL + o] = one[r * FEW_PANEL];
        }
        return;
    }
    sixteen(work, work->data + from * stride, stride, next, out);
    if (from != first)
        for (size_t r = 0; r < work->rows; r++)
            memmove(out + r * FEW_PANEL, out + r * FEW_PANEL + (first - from),
                    n * sizeof *out);
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
