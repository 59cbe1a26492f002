/* SPDX-License-Identifier: MIT */
/*
 * panel.h: weights in blocks of small whole numbers, times rows of x.
 *
 * FEW_CHUNK inputs of FEW_PANEL outputs are unpacked at a time into the nearest cache, to
 * bytes with four inputs of an output side by side, and used for all rows. A lane is an
 * output, so that nothing is added across lanes. Types differ in how they are unpacked; a
 * weight is scale * (byte - zero) - least.
 *
 * x is float32, or int8 with a scale for each run of 32 values.
 */
#ifndef JC_FEW_PANEL_H
#define JC_FEW_PANEL_H

#include "kernels/few/lanes.h"
#include "kernels/few/set.h"

enum { RUN = 32, RUNS = FEW_CHUNK / RUN, FOURS = 4 * FEW_PANEL, RUN_BYTES = 8 * FOURS };

typedef struct unpacked {
    unsigned char w[RUNS][RUN_BYTES]; /* by run [8][FEW_PANEL][4] */
    float scale[2 * RUNS][FEW_PANEL]; /* of runs, or of their halves */
    float least[RUNS][FEW_PANEL];
} unpacked;

/* row: where the chunk begins in each output; runs: in it, 1 .. RUNS */
typedef void panel_unpack(const unsigned char *const *row, size_t runs, unpacked *to);

typedef struct panel_type {
    size_t values, bytes; /* of a block */
    int scaled;           /* inputs that share a scale: 16 or 32 */
    int zero;
    bool least;
    panel_unpack *unpack;
} panel_type;

/* ---- what unpack functions share ---- */

/* The float16 number at `at` in each output. */
INLINE void halves_at(const unsigned char *const *row, size_t at, uint16_t *out)
{
    for (int o = 0; o < FEW_PANEL; o++)
        memcpy(&out[o], row[o] + at, 2);
}

INLINE void halves_to_floats(const uint16_t *in, float *out)
{
    for (int o = 0; o < FEW_PANEL; o += LANES)
        vf_store(out + o, vf_f16((const unsigned char *)(in + o)));
}

/* The float16 number at `at` in each of the chunk's blocks of `size` bytes. */
INLINE void scales_at(const unsigned char *const *row, size_t size, size_t at, size_t runs,
                      float (*out)[FEW_PANEL])
{
    uint16_t halves[RUNS][FEW_PANEL];

    for (size_t i = 0; i < runs; i++)
        halves_at(row, i * size + at, halves[i]);
    for (size_t i = 0; i < runs; i++)
        halves_to_floats(halves[i], out[i]);
}

/* Files have what is added to weights. */
INLINE void negate(size_t runs, float (*least)[FEW_PANEL])
{
    for (size_t i = 0; i < runs; i++)
        for (int o = 0; o < FEW_PANEL; o++)
            least[i][o] = -least[i][o];
}

/* Of 16 bytes an output, the low halves and then the high ones: the run's 32 numbers. */
INLINE void split_nibbles(unsigned char *w)
{
    for (int k = 0; k < RUN_BYTES / 2; k++) {
        w[RUN_BYTES / 2 + k] = w[k] >> 4;
        w[k] &= 15;
    }
}

/* Bit i of the 32 at `at` is bit 4 of number i of the run. */
INLINE void fifth_bits(const unsigned char *const *row, size_t at, unsigned char *w)
{
    uint32_t bits[FEW_PANEL], four[FEW_PANEL];

    for (int o = 0; o < FEW_PANEL; o++)
        memcpy(&bits[o], row[o] + at, 4);
    for (int g = 0; g < 8; g++) {
        memcpy(four, w + g * FOURS, sizeof four);
        for (int o = 0; o < FEW_PANEL; o++) /* four bits to the lowest of four bytes */
            four[o] |= ((bits[o] >> 4 * g & 15) * 0x00204081u & 0x01010101u) << 4;
        memcpy(w + g * FOURS, four, sizeof four);
    }
}

/* Groups 2 k and 2 k + 1 of a K block: the low and the high halves of 32 bytes at `at`. */
INLINE void k_nibbles(const unsigned char *const *row, size_t at,
                      unsigned char (*w)[RUN_BYTES])
{
    columns(row, at, w[0]);
    columns(row, at + 16, w[0] + RUN_BYTES / 2);
    for (int k = 0; k < RUN_BYTES; k++) {
        w[1][k] = w[0][k] >> 4;
        w[0][k] &= 15;
    }
}

/* The 8 scales and least values of a K block, 6 bits each, times d and m: of 12 bytes, the
 * first four groups' lie in bytes 0 to 3 and 4 to 7, the others' low halves in bytes 8 to
 * 11, and their two high bits above those of the first. */
INLINE void k_scales(const unsigned char *const *row, unpacked *to)
{
    enum { LOW6 = 0x3f3f3f3f, LOW4 = 0x0f0f0f0f, LOW2 = 0x03030303 };
    uint32_t head[4][FEW_PANEL], scale[2][FEW_PANEL], least[2][FEW_PANEL];
    uint16_t halves[2][FEW_PANEL];
    float d[FEW_PANEL], m[FEW_PANEL];

    columns(row, 0, (unsigned char *)head);
    for (int o = 0; o < FEW_PANEL; o++) {
        uint32_t a = head[1][o], b = head[2][o], c = head[3][o];
        halves[0][o] = (uint16_t)head[0][o];
        halves[1][o] = (uint16_t)(head[0][o] >> 16);
        scale[0][o] = a & LOW6;
        least[0][o] = b & LOW6;
        scale[1][o] = (c & LOW4) | (a >> 6 & LOW2) << 4;
        least[1][o] = (c >> 4 & LOW4) | (b >> 6 & LOW2) << 4;
    }
    halves_to_floats(halves[0], d);
    halves_to_floats(halves[1], m);
    for (int g = 0; g < 8; g++)
        for (int o = 0; o < FEW_PANEL; o++) {
            to->scale[g][o] = d[o] * (float)(int32_t)(scale[g / 4][o] >> g % 4 * 8 & 255);
            to->least[g][o] = m[o] * (float)(int32_t)(least[g / 4][o] >> g % 4 * 8 & 255);
        }
}

/* ---- int8 x: [runs][32] bytes, then by run its scale, its start, and its sum ---- */

typedef struct int_row {
    size_t scale, start, sum, bytes; /* offsets */
} int_row;

INLINE int_row int_layout(const panel_type *type, size_t n_in)
{
    size_t runs = n_in / RUN, part = (runs * sizeof(float) + 63) / 64 * 64;
    int_row at = {.scale = (n_in + 63) / 64 * 64};

    at.start = at.scale + part;
    at.sum = at.start + part * (size_t)(RUN / type->scaled);
    at.bytes = at.sum + (type->least ? part : 0);
    return at;
}

INLINE void int_prepare(const panel_type *type, size_t n_in, const float *x, void *out)
{
    const int_row at = int_layout(type, n_in);
    const int parts = RUN / type->scaled;
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
            start[(int)i * parts + p] = -type->zero * sums[p];
        if (type->least)
            sum[i] = scale[i] * (float)sums[0];
    }
}

/* out [rows][FEW_PANEL] += one chunk of w times one of x. */
INLINE void int_rows(const panel_type *type, const unpacked *u, size_t run, size_t runs,
                     const int_row *at, const unsigned char *x, size_t x_bytes, int rows,
                     float *out)
{
    const int parts = RUN / type->scaled;

    for (int lane = 0; lane < FEW_PANEL; lane += LANES) {
        vf sums[8];
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++)
            sums[r] = vf_load(out + r * FEW_PANEL + lane);
        for (size_t i = 0; i < runs; i++) {
            const unsigned char *q = x + (run + i) * RUN;
            const unsigned char *d = x + at->scale + (run + i) * sizeof(float);
            const unsigned char *start =
                x + at->start + (run + i) * (size_t)parts * sizeof(int32_t);
            const unsigned char *s = x + at->sum + (run + i) * sizeof(float);
#pragma GCC unroll 2
            for (int p = 0; p < parts; p++) {
                vf scale = vf_load(u->scale[(int)i * parts + p] + lane);
                vi whole[8];
#pragma GCC unroll 8
                for (int r = 0; r < rows; r++) {
                    int32_t from;
                    memcpy(&from, start + (size_t)r * x_bytes + p * 4, 4);
                    whole[r] = vi_set(from);
                }
#pragma GCC unroll 8
                for (int g = p * 8 / parts; g < (p + 1) * 8 / parts; g++)
#pragma GCC unroll 8
                    for (int r = 0; r < rows; r++) {
                        int four;
                        memcpy(&four, q + (size_t)r * x_bytes + 4 * g, 4);
                        whole[r] = vi_dot(whole[r], u->w[i] + g * FOURS + 4 * lane, four);
                    }
#pragma GCC unroll 8
                for (int r = 0; r < rows; r++) {
                    float step;
                    memcpy(&step, d + (size_t)r * x_bytes, 4);
                    sums[r] =
                        vf_fma(vf_int(whole[r]), vf_mul(scale, vf_set(step)), sums[r]);
                }
            }
            if (type->least) {
                vf least = vf_load(u->least[i] + lane);
#pragma GCC unroll 8
                for (int r = 0; r < rows; r++) {
                    float sum;
                    memcpy(&sum, s + (size_t)r * x_bytes, 4);
                    sums[r] = vf_fnma(least, vf_set(sum), sums[r]);
                }
            }
        }
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++)
            vf_store(out + r * FEW_PANEL + lane, sums[r]);
    }
}

/* ---- float32 x: [n_in], then the sum of each run ---- */

INLINE size_t real_sums_at(size_t n_in)
{
    return (n_in * sizeof(float) + 63) / 64 * 64;
}

static size_t real_prepared(size_t n_in)
{
    return real_sums_at(n_in) + real_sums_at(n_in / RUN);
}

static void real_prepare(size_t n_in, const float *x, void *out)
{
    float *sum = (void *)((char *)out + real_sums_at(n_in));

    memcpy(out, x, n_in * sizeof *x);
    for (size_t i = 0; i < n_in / RUN; i++) {
        float part[4] = {0, 0, 0, 0};
        for (int k = 0; k < RUN; k++)
            part[k % 4] += x[i * RUN + (size_t)k];
        sum[i] = (part[0] + part[1]) + (part[2] + part[3]);
    }
}

INLINE void real_rows(const panel_type *type, const unpacked *u, size_t run, size_t runs,
                      size_t sums_at, const unsigned char *x, size_t x_bytes, int rows,
                      float *out)
{
    const int parts = RUN / type->scaled;

    for (int lane = 0; lane < FEW_PANEL; lane += LANES) {
        vf sums[4];
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++)
            sums[r] = vf_load(out + r * FEW_PANEL + lane);
        for (size_t i = 0; i < runs; i++) {
            const unsigned char *from = x + (run + i) * RUN * sizeof(float);
            const unsigned char *s = x + sums_at + (run + i) * sizeof(float);
            for (int p = 0; p < parts; p++) {
                vf scale = vf_load(u->scale[(int)i * parts + p] + lane);
                vf part[4][4];
#pragma GCC unroll 4
                for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
                    for (int j = 0; j < 4; j++)
                        part[r][j] = vf_set(0);
                for (int g = p * 8 / parts; g < (p + 1) * 8 / parts; g++) {
                    vf w[4];
                    vf_bytes(u->w[i] + g * FOURS + 4 * lane, type->zero, w);
#pragma GCC unroll 4
                    for (int r = 0; r < rows; r++) {
                        float four[4];
                        memcpy(four, from + (size_t)r * x_bytes + g * 16, 16);
#pragma GCC unroll 4
                        for (int j = 0; j < 4; j++)
                            part[r][j] = vf_fma(w[j], vf_set(four[j]), part[r][j]);
                    }
                }
#pragma GCC unroll 4
                for (int r = 0; r < rows; r++)
                    sums[r] = vf_fma(scale,
                                     vf_add(vf_add(part[r][0], part[r][1]),
                                            vf_add(part[r][2], part[r][3])),
                                     sums[r]);
            }
            if (type->least) {
                vf least = vf_load(u->least[i] + lane);
#pragma GCC unroll 4
                for (int r = 0; r < rows; r++) {
                    float sum;
                    memcpy(&sum, s + (size_t)r * x_bytes, 4);
                    sums[r] = vf_fnma(least, vf_set(sum), sums[r]);
                }
            }
        }
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++)
            vf_store(out + r * FEW_PANEL + lane, sums[r]);
    }
}

/* ---- a panel ---- */

/* The rows of a chunk, in runs of INT_ROWS or REAL_ROWS, then 4, 2 and 1. */
INLINE void chunk_rows(const panel_type *type, bool int8, const unpacked *u, size_t run,
                       size_t runs, const jc_few_work *work, float *out)
{
    const int_row at = int_layout(type, work->spec->n_in);
    const size_t sums_at = real_sums_at(work->spec->n_in);

    for (size_t r = 0; r < work->rows;) {
        const unsigned char *x = work->x + r * work->x_bytes;
        float *to = out + r * FEW_PANEL;
        size_t left = work->rows - r, stride = work->x_bytes;
        if (int8 && INT_ROWS >= 8 && left >= 8) {
            int_rows(type, u, run, runs, &at, x, stride, 8, to);
            r += 8;
        } else if (int8 && INT_ROWS >= 4 && left >= 4) {
            int_rows(type, u, run, runs, &at, x, stride, 4, to);
            r += 4;
        } else if (int8 && left >= 2) {
            int_rows(type, u, run, runs, &at, x, stride, 2, to);
            r += 2;
        } else if (int8) {
            int_rows(type, u, run, runs, &at, x, stride, 1, to);
            r += 1;
        } else if (REAL_ROWS >= 4 && left >= 4) {
            real_rows(type, u, run, runs, sums_at, x, stride, 4, to);
            r += 4;
        } else if (left >= 2) {
            real_rows(type, u, run, runs, sums_at, x, stride, 2, to);
            r += 2;
        } else {
            real_rows(type, u, run, runs, sums_at, x, stride, 1, to);
            r += 1;
        }
    }
}

INLINE void panel_run(const panel_type *type, bool int8, const jc_few_work *work,
                      size_t first, size_t n, float *out)
{
    const size_t all = work->spec->n_in / RUN;
    const size_t chunk_bytes = FEW_CHUNK / type->values * type->bytes;
    const unsigned char *row[FEW_PANEL];
    const unsigned char *ahead = work->data + (first + FEW_PANEL) * work->row_bytes;
    unpacked u;

    for (size_t o = 0; o < FEW_PANEL; o++)
        row[o] = work->data + (first + (o < n ? o : n - 1)) * work->row_bytes;
    memset(out, 0, work->rows * FEW_PANEL * sizeof *out);
    for (size_t run = 0; run < all; run += RUNS) {
        size_t runs = all - run < RUNS ? all - run : RUNS;
        for (size_t i = 0; i < chunk_bytes * FEW_PANEL; i += 64, ahead += 64)
            prefetch(ahead);
        type->unpack(row, runs, &u);
        chunk_rows(type, int8, &u, run, runs, work, out);
        for (size_t o = 0; o < FEW_PANEL; o++)
            row[o] += chunk_bytes;
    }
}

/* The kernels of a type: values and bytes of a block, then the members of its panel_type
 * from `scaled` on. */
#define PANEL_KERNELS(name, count, size, ...)                                              \
    static const panel_type name##_type = {count, size, __VA_ARGS__, name##_unpack};       \
    static void name##_int_panel(const jc_few_work *work, size_t first, size_t n,          \
                                 float *out)                                               \
    {                                                                                      \
        panel_run(&name##_type, true, work, first, n, out);                                \
    }                                                                                      \
    static void name##_real_panel(const jc_few_work *work, size_t first, size_t n,         \
                                  float *out)                                              \
    {                                                                                      \
        panel_run(&name##_type, false, work, first, n, out);                               \
    }                                                                                      \
    static size_t name##_int_prepared(size_t n_in)                                         \
    {                                                                                      \
        return int_layout(&name##_type, n_in).bytes;                                       \
    }                                                                                      \
    static void name##_int_prepare(size_t n_in, const float *x, void *out)                 \
    {                                                                                      \
        int_prepare(&name##_type, n_in, x, out);                                           \
    }                                                                                      \
    static const jc_few_kernel name##_int = {count, size, name##_int_prepared,             \
                                             name##_int_prepare, name##_int_panel};        \
    static const jc_few_kernel name##_real = {count, size, real_prepared, real_prepare,    \
                                              name##_real_panel}

#endif
