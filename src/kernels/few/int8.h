/* SPDX-License-Identifier: MIT */
/*
 * int8.h: a chunk of unpacked weights times rows of x, of which each run of 32 values is
 * rounded to whole numbers q up to MOST with a scale of its own, q = 256 high + low with
 * both in one byte. Products of bytes are summed as whole numbers.
 *
 * A prepared row is [runs][32 high, 32 low], then by run its scale, and by run or half of
 * one its start and its sum.
 */
#ifndef JC_FEW_INT8_H
#define JC_FEW_INT8_H

#include "kernels/few/blocks.h"

enum { BASE_BITS = 8, BASE = 1 << BASE_BITS, MOST = 127 * BASE, INT_ROWS = 4 };

typedef struct int_row {
    size_t scale, start, sum, bytes; /* offsets */
} int_row;

INLINE int_row int_layout(panel_shape shape, size_t n_in)
{
    size_t runs = n_in / RUN, part = (runs * sizeof(float) + 63) / 64 * 64;
    int_row at = {.scale = 2 * n_in};

    at.start = at.scale + part;
    const size_t parts = (size_t)parts_of(shape);
    at.sum = at.start + part * parts;
    at.bytes = at.sum + (has_least(shape) ? part * parts : 0);
    return at;
}

static size_t int_prepared(const jc_few_kernel *kernel, size_t n_in)
{
    return int_layout(kernel->type->shape, n_in).bytes;
}

/* The nearest whole number, of less than 2^22; of others any number that is as small. */
INLINE int32_t nearest(float x)
{
    float shifted = x + 12582912.0f;
    uint32_t bits;

    memcpy(&bits, &shifted, sizeof bits);
    return (int32_t)(bits & 0x7fffffu) - (1 << 22);
}

static void int_prepare(const jc_few_kernel *kernel, size_t n_in, const float *x, void *out)
{
    const panel_type *type = kernel->type;
    const int_row at = int_layout(type->shape, n_in);
    const int parts = parts_of(type->shape);
    signed char *q = out;
    float *scale = (void *)((char *)out + at.scale), *sum = (void *)((char *)out + at.sum);
    int32_t *start = (void *)((char *)out + at.start);

    for (size_t i = 0; i < n_in / RUN; i++, x += RUN, q += 2 * RUN) {
        uint32_t most = 0; /* as bits, which are in the order of sizes */
        int32_t whole[RUN], low = 0, high = 0;
        for (int k = 0; k < RUN; k++) {
            uint32_t bits;
            memcpy(&bits, &x[k], sizeof bits);
            bits &= 0x7fffffffu;
            most = bits > most ? bits : most;
        }
        float size = float_of_bits(most), times = size < 1e-30f ? 0 : (float)MOST / size;
        for (int k = 0; k < RUN; k++) {
            whole[k] = nearest(x[k] * times);
            int32_t first =
                (whole[k] + 128 * BASE + BASE / 2) / BASE - 128; /* low: +-128 */
            q[k] = (signed char)first;
            q[RUN + k] = (signed char)(whole[k] - BASE * first);
        }
        for (int k = 0; k < RUN / 2; k++) {
            low += whole[k];
            high += whole[RUN / 2 + k];
        }
        scale[i] = size < 1e-30f ? 0 : size / (float)MOST;
        const int32_t part[] = {parts == 2 ? low : low + high, high};
        for (size_t p = 0, at_part = i * (size_t)parts; p < (size_t)parts; p++, at_part++) {
            start[at_part] = -(int32_t)type->zero * part[p];
            if (has_least(type->shape))
                sum[at_part] = scale[i] * (float)part[p];
        }
    }
}

/* out [rows][FEW_PANEL] += one chunk of w times one of x. */
INLINE void int_rows(panel_shape shape, const unpacked *u, size_t run, size_t runs,
                     const int_row *at, const unsigned char *x, size_t x_bytes, int rows,
                     int halves, bool first, float *out)
{
    const int parts = parts_of(shape);
    wf sums[INT_ROWS][HALVES];

    UNROLL(8)
    for (int r = 0; r < rows; r++) {
        UNROLL(2)
        for (int h = 0; h < halves; h++)
            sums[r][h] = wf_load(out + r * FEW_PANEL + h * HALF);
    }
    const size_t lines = u->lines[1];
    for (size_t i = 0; i < runs; i++) {
        for (int h = 0; first && h < halves; h++)
            fetch_lines(u[h].ahead + 64 * lines * i, lines);
        const unsigned char *q = x + (run + i) * 2 * RUN;
        const unsigned char *d = x + at->scale + (run + i) * sizeof(float);
        const unsigned char *start =
            x + at->start + (run + i) * (size_t)parts * sizeof(int32_t);
        const unsigned char *s = x + at->sum + (run + i) * (size_t)parts * sizeof(float);
        UNROLL(2)
        for (int p = 0; p < parts; p++) {
            wi whole[INT_ROWS][HALVES], high[INT_ROWS][HALVES];
            UNROLL(8)
            for (int r = 0; r < rows; r++) {
                UNROLL(2)
                for (int h = 0; h < halves; h++) {
                    whole[r][h] = wi_set(bits_at(start + (size_t)r * x_bytes + p * 4));
                    high[r][h] = wi_set(0);
                }
            }
            UNROLL(8)
            for (int g = p * 8 / parts; g < (p + 1) * 8 / parts; g++) {
                wi w[HALVES];
                UNROLL(2)
                for (int h = 0; h < halves; h++)
                    w[h] = wi_load(u[h].w[i] + g * FOURS);
                UNROLL(8)
                for (int r = 0; r < rows; r++) {
                    const unsigned char *four = q + (size_t)r * x_bytes + 4 * g;
                    uint32_t above = bits_at(four), below = bits_at(four + RUN);
                    UNROLL(2)
                    for (int h = 0; h < halves; h++) {
                        high[r][h] = wi_dot(high[r][h], w[h], above);
                        whole[r][h] = wi_dot(whole[r][h], w[h], below);
                    }
                }
            }
            UNROLL(8)
            for (int r = 0; r < rows; r++) {
                wf step = wf_set(float_of_bits(bits_at(d + (size_t)r * x_bytes)));
                UNROLL(2)
                for (int h = 0; h < halves; h++) {
                    wf scale = wf_load(u[h].scale[(int)i * parts + p]);
                    wi all = wi_add(whole[r][h], wi_left(high[r][h], BASE_BITS));
                    sums[r][h] = wf_fma(wf_int(all), wf_mul(scale, step), sums[r][h]);
                }
            }
            if (!has_least(shape))
                continue;
            UNROLL(8)
            for (int r = 0; r < rows; r++) {
                wf sum = wf_set(float_of_bits(bits_at(s + (size_t)r * x_bytes + p * 4)));
                UNROLL(2)
                for (int h = 0; h < halves; h++) {
                    wf least = wf_load(u[h].least[(int)i * parts + p]);
                    sums[r][h] = wf_fnma(least, sum, sums[r][h]);
                }
            }
        }
    }
    UNROLL(8)
    for (int r = 0; r < rows; r++) {
        UNROLL(2)
        for (int h = 0; h < halves; h++)
            wf_store(out + r * FEW_PANEL + h * HALF, sums[r][h]);
    }
}

/* In functions of their own, which compilers treat better than one large one. */
#define INT_ROWS_OF(shape, rows, halves)                                                   \
    static NOINLINE void int_##shape##_##rows##_##halves(                                  \
        const unpacked *u, size_t run, size_t runs, const int_row *at,                     \
        const unsigned char *x, size_t x_bytes, bool first, float *out)                    \
    {                                                                                      \
        int_rows(SHAPE_##shape, u, run, runs, at, x, x_bytes, rows, halves, first, out);   \
    }

/* All rows, INT_ROWS at a time, then what is left of them. */
#define INT_CHUNK(shape)                                                                   \
    INT_ROWS_OF(shape, 4, 2)                                                               \
    INT_ROWS_OF(shape, 3, 2)                                                               \
    INT_ROWS_OF(shape, 2, 2)                                                               \
    INT_ROWS_OF(shape, 1, 2)                                                               \
    INT_ROWS_OF(shape, 4, 1)                                                               \
    INT_ROWS_OF(shape, 3, 1)                                                               \
    INT_ROWS_OF(shape, 2, 1)                                                               \
    INT_ROWS_OF(shape, 1, 1)                                                               \
    static void int_##shape(const jc_few_work *work, const void *unpacked_chunk,           \
                            int halves, size_t run, size_t runs, float *out)               \
    {                                                                                      \
        const int_row at = int_layout(SHAPE_##shape, work->spec->n_in);                    \
        const unpacked *u = unpacked_chunk;                                                \
        const unsigned char *x = work->x;                                                  \
        size_t bytes = work->x_bytes;                                                      \
        void (*const some[4][HALVES])(const unpacked *, size_t, size_t, const int_row *,   \
                                      const unsigned char *, size_t, bool,                 \
                                      float *) = {{int_##shape##_1_1, int_##shape##_1_2},  \
                                                  {int_##shape##_2_1, int_##shape##_2_2},  \
                                                  {int_##shape##_3_1, int_##shape##_3_2},  \
                                                  {int_##shape##_4_1, int_##shape##_4_2}}; \
        for (size_t left = work->rows, rows; left > 0; left -= rows) {                     \
            rows = left < INT_ROWS ? left : INT_ROWS;                                      \
            some[rows - 1][halves - 1](u, run, runs, &at, x, bytes, left == work->rows,    \
                                       out);                                               \
            x += rows * bytes;                                                             \
            out += rows * FEW_PANEL;                                                       \
        }                                                                                  \
    }

INT_CHUNK(plain)
INT_CHUNK(least)
INT_CHUNK(halves)
INT_CHUNK(halves_least)

#endif
