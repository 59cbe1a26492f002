/* SPDX-License-Identifier: MIT */
/* bench.h: what the benchmarks share: a clock, medians, a model of random weights. */
#ifndef JC_BENCH_H
#define JC_BENCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "jumpcut.h"

extern const char *bench_backend; /* NULL: the default */
double bench_memory_rate(void);   /* bytes a second that the backend could read */

double bench_seconds(void);
double bench_median(double *x, size_t n); /* sorts x */

typedef enum bench_kind { BENCH_GPT2, BENCH_BERT, BENCH_LLAMA } bench_kind;

typedef struct bench_shape {
    bench_kind kind;
    uint32_t layers, width, heads, kv_heads, ff_width, context, vocab;
} bench_shape;

/* Write a model of random weights, stored as BF16, into the folder `path`, which is made.
 * Ends the program with a message on failure, as all benchmarks do. */
void bench_write_model(const char *path, const bench_shape *shape);
/* The same, stored as F32. */
void bench_write_model_f32(const char *path, const bench_shape *shape);

/* Texts of `tokens` ids each, one after another. */
typedef struct bench_texts {
    const uint32_t *ids; /* [n, tokens] */
    size_t n, tokens;
    size_t at; /* the next to be given */
} bench_texts;

/* A stream of them from the first on; `texts` is borrowed until close. */
jc_samples *bench_samples(const jc_model *model, bench_texts *texts, const char *positions);

void bench_die(const char *what, const jc_error *err);

/* Useful flops of `texts` texts of `n` tokens through the blocks: 2 a weight and token,
 * and attention, of which a decoder sees half. */
double bench_forward_flops(const bench_shape *shape, size_t texts, size_t n);

/* Each adds its figures to `out`. `dir` is a folder for their files. */
void bench_forward(json_t *out, const char *dir);
void bench_gather(json_t *out, const char *dir);
void bench_wide(json_t *out, const char *dir);
void bench_parts(json_t *out, const char *dir);
void bench_study(json_t *out, const char *dir);
void bench_lens(json_t *out, const char *dir);
void bench_memory(json_t *out, const char *dir, const char *program);
void bench_weights(json_t *out, const char *dir);
void bench_decode(json_t *out, const char *dir);
void bench_experts(json_t *out, const char *dir);
void bench_few(json_t *out, const char *dir);
void bench_int8(json_t *out); /* what activations as int8 change */

int bench_weights_work(const char *path); /* what bench_weights() runs again and again */

#endif
