/* SPDX-License-Identifier: MIT */
/*
 * bench_few.c: the kernels for few rows on the layers of Llamas 2048 wide, whose weights
 * are a mapped file larger than the caches: bytes of weights a second with one row over
 * what reading the same file gives, and the time of a pass with k rows over one row.
 *
 * Rounds alternate what is compared; a figure is the median over rounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/file.h"
#include "bench.h"
#include "kernels/few/few.h"

enum {
    BYTES = 160 << 20,
    PIECE = 1 << 20,
    ROWS = 16,
    WIDE = 5632,
    LAYERS = 400,
    ROUNDS = 5,
    PARTS = 8 /* that the bytes of a layer are read in, as several tasks */
};

static const struct {
    const char *name;
    jc_few_type type;
    size_t values, bytes;
    bool int8;
} types[] = {
    {"f32", JC_FEW_F32, 1, 4, false},
    {"f16", JC_FEW_F16, 1, 2, false},
    {"bf16", JC_FEW_BF16, 1, 2, false},
    {"q8_0", JC_FEW_Q8_0, 32, 34, true},
    {"q4_0", JC_FEW_Q4_0, 32, 18, true},
    {"q4_1", JC_FEW_Q4_1, 32, 20, true},
    {"q5_0", JC_FEW_Q5_0, 32, 22, true},
    {"q5_1", JC_FEW_Q5_1, 32, 24, true},
    {"q4_k", JC_FEW_Q4_K, 256, 144, true},
    {"q5_k", JC_FEW_Q5_K, 256, 176, true},
    {"q6_k", JC_FEW_Q6_K, 256, 210, true},
    {"q2_k", JC_FEW_Q2_K, 256, 84, true},
    {"q3_k", JC_FEW_Q3_K, 256, 110, true},
    {"iq4_nl", JC_FEW_IQ4_NL, 32, 18, true},
    {"iq4_xs", JC_FEW_IQ4_XS, 256, 136, true},
    {"mxfp4", JC_FEW_MXFP4, 32, 17, true},
    {"q4_z", JC_FEW_Q4_Z, 32, 20, true},
    {"q8_z", JC_FEW_Q8_Z, 32, 38, true},
    {"f8_s", JC_FEW_F8_S, 32, 36, false},
    {"q8_0_real", JC_FEW_Q8_0, 32, 34, false},
    {"q4_k_real", JC_FEW_Q4_K, 256, 144, false},
    {"q5_0_real", JC_FEW_Q5_0, 32, 22, false},
    {"q6_k_real", JC_FEW_Q6_K, 256, 210, false},
};
static const size_t shapes[][2] = {{2048, 2048}, {2048, 2048}, {2048, 2048}, {2048, 2048},
                                   {WIDE, 2048}, {WIDE, 2048}, {2048, WIDE}}; /* out, in */

static struct {
    jc_mapped file;
    jc_few *layers[LAYERS];
    const unsigned char *data[LAYERS];
    size_t n, bytes[LAYERS]; /* of their weights */
    float x[ROWS * WIDE], y[ROWS * WIDE];
    uint64_t sums[PARTS];
} b;

/* Random bits, of which each float and float16 number is small. */
static void make_file(const char *dir)
{
    char path[512];
    unsigned char *piece = jc_alloc(PIECE);
    jc_rng rng = {8};
    jc_error err;

    snprintf(path, sizeof path, "%s/few.bin", dir);
    FILE *f = fopen(path, "wb");
    for (size_t i = 0; f && piece && i < BYTES / PIECE; i++) {
        for (size_t k = 0; k < PIECE; k += 8) {
            uint64_t bits = (jc_rng_next(&rng) & 0x1f1f1f1f1f1f1f1fu) | 0x2020202020202020u;
            memcpy(piece + k, &bits, 8);
        }
        if (fwrite(piece, 1, PIECE, f) != PIECE)
            bench_die(path, NULL);
    }
    if (!f || !piece || fclose(f) != 0 || jc_map_open(&b.file, path, &err))
        bench_die(path, NULL);
    jc_free(piece);
}

static jc_status read_part(void *arg, size_t i, jc_error *err)
{
    const size_t *layer = arg, n = b.bytes[*layer] / PARTS / 8;
    const uint64_t *from = (const void *)(b.data[*layer] + i * n * 8);
    uint64_t sum = 0;

    (void)err;
#pragma omp simd reduction(+ : sum)
    for (size_t k = 0; k < n; k++)
        sum += from[k];
    b.sums[i] = sum;
    return JC_OK;
}

static void open_layers(size_t t)
{
    size_t at = 0;
    jc_error err;

    for (b.n = 0; b.n < LAYERS; b.n++) {
        const size_t *shape = shapes[b.n % JC_COUNT(shapes)];
        size_t bytes = shape[0] * shape[1] / types[t].values * types[t].bytes;
        jc_few_spec spec = {.type = types[t].type,
                            .n_in = shape[1],
                            .n_out = shape[0],
                            .data = b.file.data + at,
                            .int8 = types[t].int8};
        if (at + bytes > BYTES)
            break;
        if (jc_few_new(&b.layers[b.n], &spec, &err))
            bench_die(types[t].name, &err);
        b.data[b.n] = b.file.data + at;
        b.bytes[b.n] = bytes;
        at += bytes;
    }
}

static void close_layers(void)
{
    while (b.n > 0)
        jc_few_free(b.layers[--b.n]);
}

/* Each layer once, with so many rows, or read only (0); best [layers] keeps the best times.
 */
static void run_layers(size_t rows, double *best)
{
    jc_error err;

    for (size_t i = 0; i < b.n; i++) {
        const size_t n = shapes[i % JC_COUNT(shapes)][0];
        double start = bench_seconds();
        jc_status st =
            rows ? jc_few_run(b.layers[i], 0, n, b.x, WIDE, rows, false, b.y, WIDE, &err)
                 : jc_parallel(PARTS, read_part, &i, &err);
        double time = bench_seconds() - start;
        if (st != JC_OK)
            bench_die("few rows", &err);
        best[i] = best[i] == 0 || time < best[i] ? time : best[i];
    }
}

static void put(json_t *out, const char *name, const char *what, double x)
{
    char key[64];

    snprintf(key, sizeof key, "few_%s_%s", name, what);
    json_object_set_new(out, key, json_real(x));
}

static void add_type(json_t *out, size_t t)
{
    static const size_t rows[] = {0, 1, 2, 4, 8, 16};
    static double best[JC_COUNT(rows)][LAYERS];
    double sums[JC_COUNT(rows)] = {0}, bytes = 0;
    char what[32];

    open_layers(t);
    memset(best, 0, sizeof best);
    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t k = 0; k < JC_COUNT(rows); k++)
            run_layers(rows[k], best[k]);
    for (size_t i = 0; i < b.n; i++) {
        bytes += (double)b.bytes[i];
        for (size_t k = 0; k < JC_COUNT(rows); k++)
            sums[k] += best[k][i];
    }
    close_layers();
    put(out, types[t].name, "bandwidth", sums[0] / sums[1]);
    for (size_t k = 2; k < JC_COUNT(rows); k++) {
        snprintf(what, sizeof what, "rows_%zu", rows[k]);
        put(out, types[t].name, what, sums[k] / sums[1]);
    }
    if (t == 0)
        put(out, "memory", "gb_s", bytes / sums[0] / 1e9);
}

/* What a call costs that has next to nothing to do, with one task and with several. */
static void add_calls(json_t *out)
{
    enum { CALLS = 2000 };
    static const size_t outs[] = {16, 2048}, in = 32;
    double us[2][ROUNDS];
    jc_error err;

    for (size_t i = 0; i < ROUNDS; i++)
        for (int many = 0; many < 2; many++) {
            jc_few_spec spec = {.type = JC_FEW_F32, .n_in = in, .data = b.file.data};
            jc_few *w;
            spec.n_out = outs[many];
            if (jc_few_new(&w, &spec, &err))
                bench_die("a small layer", &err);
            double start = bench_seconds();
            for (int c = 0; c < CALLS; c++)
                if (jc_few_run(w, 0, spec.n_out, b.x, in, 1, false, b.y, 1, &err))
                    bench_die("a small layer", &err);
            us[many][i] = (bench_seconds() - start) / CALLS * 1e6;
            jc_few_free(w);
        }
    put(out, "call", "us", bench_median(us[0], ROUNDS));
    put(out, "call_of_threads", "us", bench_median(us[1], ROUNDS));
}

void bench_few(json_t *out, const char *dir)
{
    jc_rng rng = {5};

    make_file(dir);
    for (size_t i = 0; i < ROWS * WIDE; i++)
        b.x[i] = (float)jc_rng_uniform(&rng) - 0.5f;
    for (size_t t = 0; t < JC_COUNT(types); t++)
        add_type(out, t);
    add_calls(out);
    jc_map_close(&b.file);
}
