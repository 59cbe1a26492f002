/* SPDX-License-Identifier: MIT */
/*
 * dense.h: rows of weights that become floats one by one (F32, F16, BF16), times rows of
 * float32 x: a lane sums every LANES-th product of an output and a row, in the order of the
 * inputs, and then the lanes are added.
 *
 * DENSE_OUTPUTS outputs by four rows are summed in registers. Further rows read the
 * same weights again from the nearest cache, while the next outputs' are fetched.
 */
#ifndef JC_FEW_DENSE_H
#define JC_FEW_DENSE_H

#include "kernels/few/lanes.h"
#include "kernels/few/set.h"

enum { STEP = 2 * LANES, LINE = 64, PAGE = 4096 };
enum { NEAR = 1 << 14 }; /* how far ahead lines are fetched at least */

/* STEP weights as two vectors, in the order in which `prepare` has put x. */
typedef void dense_load(const unsigned char *w, vf *a, vf *b);

INLINE size_t dense_steps(size_t n_in)
{
    return (n_in + STEP - 1) / STEP;
}

INLINE size_t dense_prepared(size_t n_in)
{
    size_t bytes = dense_steps(n_in) * STEP * sizeof(float);

    return (bytes + LINE - 1) / LINE * LINE;
}

static void dense_plain(const jc_few_kernel *kernel, size_t n_in, const float *x, void *out)
{
    (void)kernel;
    memcpy(out, x, n_in * sizeof *x);
    memset((float *)out + n_in, 0, dense_prepared(n_in) - n_in * sizeof *x);
}

/* One step: sums [outputs][rows] += w x. */
INLINE void dense_step(dense_load *load, const unsigned char *const *w, size_t w_at,
                       const float *x, size_t stride, int rows, vf sums[][4])
{
    vf a[DENSE_OUTPUTS], b[DENSE_OUTPUTS];

    UNROLL(8)
    for (int m = 0; m < DENSE_OUTPUTS; m++)
        load(w[m] + w_at, &a[m], &b[m]);
    UNROLL(8)
    for (int r = 0; r < rows; r++) {
        vf even = vf_load(x + (size_t)r * stride);
        vf odd = vf_load(x + (size_t)r * stride + LANES);
        UNROLL(8)
        for (int m = 0; m < DENSE_OUTPUTS; m++)
            sums[m][r] = vf_fma(a[m], even, sums[m][r]);
        UNROLL(8)
        for (int m = 0; m < DENSE_OUTPUTS; m++)
            sums[m][r] = vf_fma(b[m], odd, sums[m][r]);
    }
}

/* Sums of DENSE_OUTPUTS outputs, by row, that wait for further inputs. */
typedef vf dense_sums[FEW_ROWS][DENSE_OUTPUTS];

typedef struct dense_tile {
    const unsigned char *w[DENSE_OUTPUTS];
    size_t steps;               /* in `w` */
    const unsigned char *ahead; /* what to fetch meanwhile */
    size_t lines;               /* a step */
} dense_tile;

INLINE void dense_rows(dense_load *load, size_t bytes, const dense_tile *tile,
                       const float *x, size_t stride, int rows, vf (*kept)[DENSE_OUTPUTS])
{
    const unsigned char *ahead = tile->ahead;
    vf sums[DENSE_OUTPUTS][4];

    UNROLL(8)
    for (int r = 0; r < rows; r++)
        UNROLL(8)
    for (int m = 0; m < DENSE_OUTPUTS; m++)
        sums[m][r] = kept[r][m];
    for (size_t i = 0; i < tile->steps; i++) {
        for (size_t l = 0; l < tile->lines; l++, ahead += LINE)
            prefetch(ahead);
        dense_step(load, tile->w, i * bytes, x + i * STEP, stride, rows, sums);
    }
    UNROLL(8)
    for (int r = 0; r < rows; r++)
        UNROLL(8)
    for (int m = 0; m < DENSE_OUTPUTS; m++)
        kept[r][m] = sums[m][r];
}

/* All rows of x, from input `at` on; `bytes` is a step's. */
INLINE void dense_all(dense_load *load, size_t bytes, dense_tile *tile,
                      const jc_few_work *work, size_t at, dense_sums kept)
{
    size_t stride = work->x_bytes / sizeof(float);
    size_t passes = (work->rows + 3) / 4;

    tile->lines = (DENSE_OUTPUTS * bytes / LINE + passes - 1) / passes;
    for (size_t r = 0; r < work->rows; r += 4) {
        const float *x = (const float *)(const void *)(work->x + r * work->x_bytes) + at;
        switch (work->rows - r) {
        case 1:
            dense_rows(load, bytes, tile, x, stride, 1, kept + r);
            break;
        case 2:
            dense_rows(load, bytes, tile, x, stride, 2, kept + r);
            break;
        case 3:
            dense_rows(load, bytes, tile, x, stride, 3, kept + r);
            break;
        default:
            dense_rows(load, bytes, tile, x, stride, 4, kept + r);
        }
        tile->ahead += tile->lines * LINE * tile->steps;
    }
}

INLINE void dense_finish(size_t rows, dense_sums kept, float *out)
{
    for (size_t r = 0; r < rows; r++) {
        float all[4];
        vf four[4];
        UNROLL(4)
        for (int m = 0; m < 4; m++)
            four[m] = kept[r][m % DENSE_OUTPUTS];
        vf_sums(four, all);
        memcpy(out + r * FEW_PANEL, all, DENSE_OUTPUTS * sizeof *all);
    }
}

/* size: bytes of a weight */
INLINE void dense_panel(dense_load *load, size_t size, const jc_few_work *work,
                        size_t first, size_t n, float *out)
{
    const size_t n_in = work->spec->n_in, whole = n_in / STEP, rest = n_in % STEP;

    for (size_t o = 0; o < n; o += DENSE_OUTPUTS) {
        dense_tile tile = {.steps = whole};
        unsigned char last[DENSE_OUTPUTS][STEP * sizeof(float)] = {{0}};
        dense_sums kept;
        memset(kept, 0, work->rows * sizeof *kept);
        for (size_t m = 0; m < DENSE_OUTPUTS; m++)
            tile.w[m] =
                work->data + (first + (o + m < n ? o + m : n - 1)) * work->row_bytes;
        size_t panel = DENSE_OUTPUTS * work->row_bytes;
        tile.ahead = tile.w[0] + (panel > NEAR ? panel : NEAR);
        for (size_t page = 0; page < panel; page += PAGE)
            prefetch(tile.ahead + TOUCH + page);
        dense_all(load, STEP * size, &tile, work, 0, kept);
        if (rest > 0) {
            for (size_t m = 0; m < DENSE_OUTPUTS; m++)
                tile.w[m] = memcpy(last[m], tile.w[m] + whole * STEP * size, rest * size);
            tile.steps = 1;
            dense_all(load, STEP * size, &tile, work, whole * STEP, kept);
        }
        dense_finish(work->rows, kept, out + o);
    }
}

static size_t dense_row(const jc_few_kernel *kernel, size_t n_in)
{
    (void)kernel;
    return dense_prepared(n_in);
}

/* The kernel of a type whose x is prepared by `how`. */
#define DENSE_KERNEL(name, load, size, how)                                                \
    static void name##_panel(const jc_few_work *work, size_t first, size_t n, float *out)  \
    {                                                                                      \
        dense_panel(load, size, work, first, n, out);                                      \
    }                                                                                      \
    static const jc_few_kernel name##_kernel = {1,   size,         NULL, dense_row,        \
                                                how, name##_panel, NULL}

#endif
