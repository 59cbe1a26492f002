/* SPDX-License-Identifier: MIT */
/*
 * int8.h: a chunk of unpacked weights times rows of x, of which each run of 32 values is
 * rounded to int8 with a scale of its own. Products of bytes are summed as whole numbers.
 *
 * A prepared row is [runs][32] bytes, then by run its scale, its start and its sum.
 */
#ifndef JC_FEW_INT8_H
#define JC_FEW_INT8_H

#include "kernels/few/blocks.h"

typedef struct int_row {
    size_t scale, start, sum, bytes; /* offsets */
} int_row;

INLINE int_row int_layout(panel_shape shape, size_t n_in)
{
    size_t runs = n_in / RUN, part = (runs * sizeof(float) + 63) / 64 * 64;
    int_row at = {.scale = (n_in + 63) / 64 * 64};

    at.start = at.scale + part;
    at.sum = at.start + part * (shape == SHAPE_halves ? 2 : 1);
    at.bytes = at.sum + (shape == SHAPE_least ? part : 0);
    return at;
}

static size_t int_prepared(const jc_few_kernel *kernel, size_t n_in)
{
    return int_layout(kernel->type->shape, n_in).bytes;
}

static void int_prepare(const jc_few_kernel *kernel, size_t n_in, const float *x, void *out)
{
    const panel_type *type = kernel->type;
    const int_row at = int_layout(type->shape, n_in);
    const int parts = type->shape == SHAPE_halves ? 2 : 1;
    signed char *q = out;
    float *scale = (void *)((char *)out + at.scale), *sum = (void *)((char *)out + at.sum);
    int32_t *start = (void *)((char *)out + at.start);

    for (size_t i = 0; i < n_in / RUN; i++, x += RUN, q += RUN) {
        uint32_t most = 0; /* as bits, which are in the order of sizes */
        int32_t sums[2] = {0, 0};
        for (int k = 0; k < RUN; k++) {
            uint32_t bits;
            memcpy(&bits, &x[k], sizeof bits);
            bits &= 0x7fffffffu;
            most = bits > most ? bits : most;
        }
        float size = float_of_bits(most), times = size < 1e-30f ? 0 : 127.0f / size;
        for (int k = 0; k < RUN; k++) {
            float shifted = x[k] * times + 12582912.0f; /* rounds to a whole number */
            uint32_t bits;
            memcpy(&bits, &shifted, sizeof bits);
            q[k] = (signed char)bits;
        }
        for (int k = 0; k < RUN; k++)
            sums[parts == 2 && k >= 16] += q[k];
        scale[i] = size < 1e-30f ? 0 : size / 127.0f;
        for (int p = 0; p < parts; p++)
            start[(int)i * parts + p] = -(int32_t)type->zero * sums[p];
        if (type->shape == SHAPE_least)
            sum[i] = scale[i] * (float)sums[0];
    }
}

/* out [rows][FEW_PANEL] += one chunk of w times one of x. */
INLINE void int_rows(panel_shape shape, const unpacked *u, size_t run, size_t runs,
                     const int_row *at, const unsigned char *x, size_t x_bytes, int rows,
                     const unsigned char *ahead, size_t lines, float *out)
{
    const int parts = shape == SHAPE_halves ? 2 : 1;
    wf sums[8];

    UNROLL(8)
    for (int r = 0; r < rows; r++)
        sums[r] = wf_load(out + r * FEW_PANEL);
    for (size_t i = 0; i < runs; i++) {
        for (size_t l = 0; l < lines; l++, ahead += 64)
            prefetch(ahead);
        const unsigned char *q = x + (run + i) * RUN;
        const unsigned char *d = x + at->scale + (run + i) * sizeof(float);
        const unsigned char *start =
            x + at->start + (run + i) * (size_t)parts * sizeof(int32_t);
        const unsigned char *s = x + at->sum + (run + i) * sizeof(float);
        UNROLL(2)
        for (int p = 0; p < parts; p++) {
            wf scale = wf_load(u->scale[(int)i * parts + p]);
            wi whole[8];
            UNROLL(8)
            for (int r = 0; r < rows; r++)
                whole[r] = wi_set(bits_at(start + (size_t)r * x_bytes + p * 4));
            UNROLL(8)
            for (int g = p * 8 / parts; g < (p + 1) * 8 / parts; g++) {
                wi w = wi_load(u->w[i] + g * FOURS);
                UNROLL(8)
                for (int r = 0; r < rows; r++)
                    whole[r] =
                        wi_dot(whole[r], w, bits_at(q + (size_t)r * x_bytes + 4 * g));
            }
            UNROLL(8)
            for (int r = 0; r < rows; r++) {
                wf step = wf_set(float_of_bits(bits_at(d + (size_t)r * x_bytes)));
                sums[r] = wf_fma(wf_int(whole[r]), wf_mul(scale, step), sums[r]);
            }
        }
        if (shape == SHAPE_least) {
            wf least = wf_load(u->least[i]);
            UNROLL(8)
            for (int r = 0; r < rows; r++) {
                wf sum = wf_set(float_of_bits(bits_at(s + (size_t)r * x_bytes)));
                sums[r] = wf_fnma(least, sum, sums[r]);
            }
        }
    }
    UNROLL(8)
    for (int r = 0; r < rows; r++)
        wf_store(out + r * FEW_PANEL, sums[r]);
}

/* All rows, eight, four, two and one at a time. */
INLINE void int_chunk(panel_shape shape, const jc_few_work *work, const unpacked *u,
                      size_t run, size_t runs, float *out)
{
    const int_row at = int_layout(shape, work->spec->n_in);
    const size_t stride = work->x_bytes;
    size_t lines = u->lines;

    for (size_t r = 0, step; r < work->rows; r += step, lines = 0) {
        const unsigned char *x = work->x + r * stride;
        float *to = out + r * FEW_PANEL;
        size_t left = work->rows - r;
        step = INT_ROWS >= 8 && left >= 8   ? 8
               : INT_ROWS >= 4 && left >= 4 ? 4
               : left >= 2                  ? 2
                                            : 1;
        switch (step) {
        case 8:
            int_rows(shape, u, run, runs, &at, x, stride, 8, u->ahead, lines, to);
            break;
        case 4:
            int_rows(shape, u, run, runs, &at, x, stride, 4, u->ahead, lines, to);
            break;
        case 2:
            int_rows(shape, u, run, runs, &at, x, stride, 2, u->ahead, lines, to);
            break;
        default:
            int_rows(shape, u, run, runs, &at, x, stride, 1, u->ahead, lines, to);
        }
    }
}

static void int_plain(const jc_few_work *work, const void *u, size_t run, size_t runs,
                      float *out)
{
    int_chunk(SHAPE_plain, work, u, run, runs, out);
}

static void int_least(const jc_few_work *work, const void *u, size_t run, size_t runs,
                      float *out)
{
    int_chunk(SHAPE_least, work, u, run, runs, out);
}

static void int_halves(const jc_few_work *work, const void *u, size_t run, size_t runs,
                       float *out)
{
    int_chunk(SHAPE_halves, work, u, run, runs, out);
}

#endif
