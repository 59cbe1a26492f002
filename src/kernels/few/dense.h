/* SPDX-License-Identifier: MIT */
/*
 * dense.h: rows of weights that become floats one by one (F32, F16, BF16), times rows of
 * float32 x: a lane sums every LANES-th product of an output and a row, in the order of the
 * inputs, and then the lanes are added.
 *
 * DENSE_OUTPUTS outputs by DENSE_ROWS rows are summed in registers. Further rows read the
 * same weights again from the nearest cache, while the next outputs' are fetched.
 */
#ifndef JC_FEW_DENSE_H
#define JC_FEW_DENSE_H

#include "kernels/few/lanes.h"
#include "kernels/few/set.h"

enum {
    STEP = 2 * LANES,
    DENSE_ROWS = 5, /* of a call, at most */
    FETCHING = 2,   /* the first calls of a tile, which ask for the next */
    LINE = 64,
    CACHED = 4096,
    PAGE = 4096,
    SHIFT = PAGE / 4 + LINE
};

/* STEP weights as two vectors, in the order in which `prepare` has put x. */
typedef void dense_load(const unsigned char *w, vf *a, vf *b);

INLINE size_t dense_steps(size_t n_in)
{
    return (n_in + STEP - 1) / STEP;
}

/* Rows of x do not begin a multiple of PAGE apart, or many of them would share the few
 * lines that the cache has for an address. */
INLINE size_t dense_prepared(size_t n_in)
{
    size_t bytes = dense_steps(n_in) * STEP * sizeof(float);

    bytes = (bytes + LINE - 1) / LINE * LINE;
    return bytes + (PAGE + SHIFT - bytes % PAGE) % PAGE;
}

static void dense_plain(const jc_few_kernel *kernel, size_t n_in, const float *x, void *out)
{
    (void)kernel;
    memcpy(out, x, n_in * sizeof *x);
    memset((float *)out + n_in, 0, dense_prepared(n_in) - n_in * sizeof *x);
}

/* One step: sums [outputs][rows] += w x. */
INLINE void dense_step(dense_load *load, const unsigned char *const *w, size_t w_at,
                       const float *x, size_t stride, int rows, vf sums[][DENSE_ROWS])
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
    size_t steps;   /* in `w` */
    uintptr_t next; /* from w to what is read next */
    int from, to;   /* of w: those of which the next is fetched meanwhile */
} dense_tile;

INLINE void dense_rows(dense_load *load, size_t bytes, const dense_tile *tile,
                       const float *x, size_t stride, int rows, vf (*kept)[DENSE_OUTPUTS])
{
    vf sums[DENSE_OUTPUTS][DENSE_ROWS];

    UNROLL(8)
    for (int r = 0; r < rows; r++) {
        UNROLL(8)
        for (int m = 0; m < DENSE_OUTPUTS; m++)
            sums[m][r] = kept[r][m];
    }
    for (size_t i = 0; i < tile->steps; i++) {
        for (int m = tile->from; m < tile->to; m++)
            for (size_t line = 0; line < bytes; line += LINE)
                prefetch(
                    (const void *)((uintptr_t)tile->w[m] + tile->next + i * bytes + line));
        dense_step(load, tile->w, i * bytes, x + i * STEP, stride, rows, sums);
    }
    UNROLL(8)
    for (int r = 0; r < rows; r++)
        UNROLL(8)
    for (int m = 0; m < DENSE_OUTPUTS; m++)
        kept[r][m] = sums[m][r];
}

INLINE int least(int a, int b)
{
    return a < b ? a : b;
}

/* All rows of x, from input `at` on, in calls of about as many rows; `bytes` is a step's.
 * What the next tile reads is asked for early, to be there in time. */
INLINE void dense_all(dense_load *load, size_t bytes, dense_tile *tile,
                      const jc_few_work *work, size_t at, dense_sums kept)
{
    const size_t stride = work->x_bytes / sizeof(float);
    const size_t calls = (work->rows + DENSE_ROWS - 1) / DENSE_ROWS;
    const int fetching = least((int)calls, FETCHING), streams = tile->to;

    for (size_t c = 0, r = 0, rows; c < calls; c++, r += rows) {
        const float *x = (const float *)(const void *)(work->x + r * work->x_bytes) + at;
        rows = (work->rows - r + calls - c - 1) / (calls - c);
        tile->from = streams * least((int)c, fetching) / fetching;
        tile->to = streams * least((int)c + 1, fetching) / fetching;
        switch (rows) {
        case 1:
            dense_rows(load, bytes, tile, x, stride, 1, kept + r);
            break;
        case 2:
            dense_rows(load, bytes, tile, x, stride, 2, kept + r);
            break;
        case 3:
            dense_rows(load, bytes, tile, x, stride, 3, kept + r);
            break;
        case 4:
            dense_rows(load, bytes, tile, x, stride, 4, kept + r);
            break;
        default:
            dense_rows(load, bytes, tile, x, stride, DENSE_ROWS, kept + r);
        }
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

/* Steps that are taken at a time: up to 16 rows of x then stay in the nearest cache, and
 * more of them in the next one. The order of sums stays the same. */
INLINE size_t dense_chunk(size_t rows)
{
    return CACHED / (rows < 4 ? rows : rows > 8 && rows <= 16 ? 8 : 4) / STEP;
}

/* size: bytes of a weight */
INLINE void dense_panel(dense_load *load, size_t size, const jc_few_work *work,
                        size_t first, size_t n, const unsigned char *next, float *out)
{
    const size_t n_in = work->spec->n_in, whole = n_in / STEP, rest = n_in % STEP;
    const size_t bytes = STEP * size, chunk = dense_chunk(work->rows);
    const unsigned char *row[FEW_PANEL];
    dense_sums kept[FEW_PANEL / DENSE_OUTPUTS];

    for (size_t o = 0; o < FEW_PANEL; o++)
        row[o] = work->data + (first + (o < n ? o : n - 1)) * work->row_bytes;
    for (size_t g = 0; g * DENSE_OUTPUTS < n; g++)
        memset(kept[g], 0, work->rows * sizeof **kept);
    for (size_t at = 0; at < whole; at += chunk)
        for (size_t o = 0; o < n; o += DENSE_OUTPUTS) {
            dense_tile tile = {.steps = whole - at < chunk ? whole - at : chunk};
            for (size_t m = 0; m < DENSE_OUTPUTS; m++) {
                tile.w[m] = row[o + m] + at * bytes;
                prefetch(tile.w[m] + FEW_PANEL * work->row_bytes); /* its page */
            }
            tile.next = DENSE_OUTPUTS * work->row_bytes; /* the next outputs, or chunk */
            if (o + DENSE_OUTPUTS >= n)
                tile.next = at + chunk < whole ? chunk * bytes - o * work->row_bytes
                                               : (uintptr_t)next - (uintptr_t)tile.w[0];
            tile.to = DENSE_OUTPUTS;
            dense_all(load, bytes, &tile, work, at * STEP, kept[o / DENSE_OUTPUTS]);
        }
    for (size_t o = 0; o < n; o += DENSE_OUTPUTS) {
        if (rest > 0) {
            unsigned char last[DENSE_OUTPUTS][STEP * sizeof(float)] = {{0}};
            dense_tile tile = {.steps = 1};
            for (size_t m = 0; m < DENSE_OUTPUTS; m++)
                tile.w[m] = memcpy(last[m], row[o + m] + whole * bytes, rest * size);
            dense_all(load, bytes, &tile, work, whole * STEP, kept[o / DENSE_OUTPUTS]);
        }
        dense_finish(work->rows, kept[o / DENSE_OUTPUTS], out + o);
    }
}

static size_t dense_row(const jc_few_kernel *kernel, size_t n_in)
{
    (void)kernel;
    return dense_prepared(n_in);
}

/* The kernel of a type whose x is prepared by `how`. */
#define DENSE_KERNEL(name, load, size, how)                                                \
    static void name##_panel(const jc_few_work *work, size_t first, size_t n,              \
                             const unsigned char *next, float *out)                        \
    {                                                                                      \
        dense_panel(load, size, work, first, n, next, out);                                \
    }                                                                                      \
    static const jc_few_kernel name##_kernel = {1,   size,         NULL, dense_row,        \
                                                how, name##_panel, NULL}

#endif
