/* SPDX-License-Identifier: MIT */
/*
 * real.h: a chunk of unpacked weights times rows of float32 x.
 *
 * A prepared row is [n_in] floats, then the sum of each run, or of each half of one.
 */
#ifndef JC_FEW_REAL_H
#define JC_FEW_REAL_H

#include "kernels/few/blocks.h"

INLINE size_t real_sums_at(size_t n_in)
{
    return (n_in * sizeof(float) + 63) / 64 * 64;
}

static size_t real_prepared(const jc_few_kernel *kernel, size_t n_in)
{
    size_t sums = n_in / RUN * (size_t)parts_of(kernel->type->shape);

    return real_sums_at(n_in) + real_sums_at(sums);
}

/* How many of the rows that are left are run at once. */
static size_t real_step(size_t left)
{
    return REAL_ROWS >= 4 && left >= 4 ? 4 : REAL_ROWS >= 2 && left >= 2 ? 2 : 1;
}

static void real_prepare(const jc_few_kernel *kernel, size_t n_in, const float *x,
                         void *out)
{
    float *sum = (void *)((char *)out + real_sums_at(n_in));
    const size_t size = RUN / (size_t)parts_of(kernel->type->shape);

    memcpy(out, x, n_in * sizeof *x);
    for (size_t i = 0; i < n_in / size; i++) {
        float part[4] = {0, 0, 0, 0};
        for (size_t k = 0; k < size; k++)
            part[k % 4] += x[i * size + k];
        sum[i] = (part[0] + part[1]) + (part[2] + part[3]);
    }
}

INLINE void real_rows(panel_shape shape, const unpacked *u, size_t run, size_t runs,
                      size_t sums_at, uint32_t zero, const unsigned char *x, size_t x_bytes,
                      int rows, bool first, float *out)
{
    const int parts = parts_of(shape);
    wf sums[4];

    UNROLL(4)
    for (int r = 0; r < rows; r++)
        sums[r] = wf_load(out + r * FEW_PANEL);
    const unsigned char *ahead = u->ahead;
    const size_t lines = first ? u->lines[1] : 0;
    for (size_t i = 0; i < runs; i++) {
        for (size_t l = 0; l < lines; l++, ahead += 64)
            prefetch(ahead);
        const unsigned char *from = x + (run + i) * RUN * sizeof(float);
        const unsigned char *s = x + sums_at + (run + i) * (size_t)parts * sizeof(float);
        for (int p = 0; p < parts; p++) {
            wf scale = wf_load(u->scale[(int)i * parts + p]);
            wf part[4][4];
            UNROLL(4)
            for (int r = 0; r < rows; r++) {
                UNROLL(4)
                for (int j = 0; j < 4; j++)
                    part[r][j] = wf_set(0);
            }
            for (int g = p * 8 / parts; g < (p + 1) * 8 / parts; g++) {
                wi w = wi_load(u->w[i] + g * FOURS);
                UNROLL(4)
                for (int j = 0; j < 4; j++) {
                    wi byte = wi_and(wi_right(w, 8 * (unsigned)j), 255);
                    wf number = wf_int(wi_sub(byte, zero));
                    UNROLL(4)
                    for (int r = 0; r < rows; r++) {
                        const unsigned char *one =
                            from + (size_t)r * x_bytes + g * 16 + j * 4;
                        part[r][j] =
                            wf_fma(number, wf_set(float_of_bits(bits_at(one))), part[r][j]);
                    }
                }
            }
            UNROLL(4)
            for (int r = 0; r < rows; r++)
                sums[r] = wf_fma(
                    scale,
                    wf_add(wf_add(part[r][0], part[r][1]), wf_add(part[r][2], part[r][3])),
                    sums[r]);
            if (has_least(shape)) {
                wf least = wf_load(u->least[(int)i * parts + p]);
                UNROLL(4)
                for (int r = 0; r < rows; r++) {
                    wf sum =
                        wf_set(float_of_bits(bits_at(s + (size_t)r * x_bytes + p * 4)));
                    sums[r] = wf_fnma(least, sum, sums[r]);
                }
            }
        }
    }
    UNROLL(4)
    for (int r = 0; r < rows; r++)
        wf_store(out + r * FEW_PANEL, sums[r]);
}

/* All rows, four, two and one at a time. */
INLINE void real_chunk(panel_shape shape, const jc_few_work *work, const unpacked *u,
                       size_t run, size_t runs, float *out)
{
    const uint32_t zero = work->kernel->type->zero;
    const size_t stride = work->x_bytes, sums = real_sums_at(work->spec->n_in);

    for (size_t r = 0, step; r < work->rows; r += step) {
        const unsigned char *x = work->x + r * stride;
        float *to = out + r * FEW_PANEL;
        step = real_step(work->rows - r);
        switch (step) {
        case 4:
            real_rows(shape, u, run, runs, sums, zero, x, stride, 4, r == 0, to);
            break;
        case 2:
            real_rows(shape, u, run, runs, sums, zero, x, stride, 2, r == 0, to);
            break;
        default:
            real_rows(shape, u, run, runs, sums, zero, x, stride, 1, r == 0, to);
        }
    }
}

#define REAL_CHUNK(shape)                                                                  \
    static void real_##shape(const jc_few_work *work, const void *unpacked_chunk,          \
                             int halves, size_t run, size_t runs, float *out)              \
    {                                                                                      \
        const unpacked *u = unpacked_chunk;                                                \
        for (int h = 0; h < halves; h++)                                                   \
            real_chunk(SHAPE_##shape, work, &u[h], run, runs, out + h * HALF);             \
    }

REAL_CHUNK(plain)
REAL_CHUNK(least)
REAL_CHUNK(halves)
REAL_CHUNK(halves_least)

#endif
