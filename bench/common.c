/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/base.h"
#include "store/store.h"

double bench_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

double bench_median(double *x, size_t n)
{
    qsort(x, n, sizeof *x, ascending);
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

void bench_die(const char *what, const jc_error *err)
{
    fprintf(stderr, "bench: %s: %s\n", what, err ? err->message : strerror(errno));
    exit(1);
}

double bench_forward_flops(const bench_shape *s, size_t texts, size_t n)
{
    double d = s->width, t = (double)n;

    return (double)texts * s->layers * (24 * t * d * d + 2 * d * t * (t + 1));
}

typedef struct row {
    const char *name; /* %u is the block */
    size_t shape[2];
    uint32_t n_dims;
    bool ones; /* a norm's weight */
} row;

static void declare(jc_st_writer *w, const row *r, uint32_t block)
{
    char name[64];
    jc_error err;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the format is a row of a table */
    snprintf(name, sizeof name, r->name, block);
#pragma GCC diagnostic pop
    if (jc_st_writer_declare(w, name, JC_BF16, r->shape, r->n_dims, &err))
        bench_die("model", &err);
}

/* Weights uniform with GPT-2's standard deviation of 0.02, norms as at the start. */
static void write_values(jc_st_writer *w, const row *r, jc_rng *rng)
{
    size_t n = r->shape[0] * (r->n_dims > 1 ? r->shape[1] : 1);
    uint16_t *x = jc_alloc_array(n, sizeof *x);
    jc_error err;

    if (!x)
        bench_die("model", NULL);
    for (size_t i = 0; i < n; i++) {
        float v = r->ones ? 1 : (float)((jc_rng_uniform(rng) - 0.5) * 0.0693);
        uint32_t bits;
        memcpy(&bits, &v, sizeof bits);
        x[i] = (uint16_t)(bits >> 16);
    }
    if (jc_st_writer_data(w, x, n * sizeof *x, &err))
        bench_die("model", &err);
    jc_free(x);
}

static void write_config(const char *dir, const bench_shape *s)
{
    char path[512];

    snprintf(path, sizeof path, "%s/config.json", dir);
    FILE *f = fopen(path, "w");
    if (!f)
        bench_die(path, NULL);
    fprintf(f,
            "{\"model_type\":\"gpt2\",\"n_layer\":%u,\"n_embd\":%u,\"n_head\":%u,"
            "\"n_positions\":%u,\"vocab_size\":%u}\n",
            s->layers, s->width, s->heads, s->context, s->vocab);
    if (fclose(f) != 0)
        bench_die(path, NULL);
}

void bench_write_model(const char *dir, const bench_shape *s)
{
    size_t d = s->width;
    const row embeddings[] = {{"wte.weight", {s->vocab, d}, 2, false},
                              {"wpe.weight", {s->context, d}, 2, false}};
    const row block[] = {{"h.%u.ln_1.weight", {d, 1}, 1, true},
                         {"h.%u.ln_1.bias", {d, 1}, 1, false},
                         {"h.%u.attn.c_attn.weight", {d, 3 * d}, 2, false},
                         {"h.%u.attn.c_attn.bias", {3 * d, 1}, 1, false},
                         {"h.%u.attn.c_proj.weight", {d, d}, 2, false},
                         {"h.%u.attn.c_proj.bias", {d, 1}, 1, false},
                         {"h.%u.ln_2.weight", {d, 1}, 1, true},
                         {"h.%u.ln_2.bias", {d, 1}, 1, false},
                         {"h.%u.mlp.c_fc.weight", {d, 4 * d}, 2, false},
                         {"h.%u.mlp.c_fc.bias", {4 * d, 1}, 1, false},
                         {"h.%u.mlp.c_proj.weight", {4 * d, d}, 2, false},
                         {"h.%u.mlp.c_proj.bias", {d, 1}, 1, false}};
    const row last[] = {{"ln_f.weight", {d, 1}, 1, true}, {"ln_f.bias", {d, 1}, 1, false}};
    const struct {
        const row *rows;
        size_t n;
        uint32_t times;
    } parts[] = {{embeddings, JC_COUNT(embeddings), 1},
                 {block, JC_COUNT(block), s->layers},
                 {last, JC_COUNT(last), 1}};
    char path[512];
    jc_st_writer *w;
    jc_rng rng = {20230316};
    jc_error err;

    if (mkdir(dir, 0777) != 0 && errno != EEXIST)
        bench_die(dir, NULL);
    write_config(dir, s);
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    if (jc_st_writer_new(&w, path, &err))
        bench_die("model", &err);
    for (int pass = 0; pass < 2; pass++) /* declare everything, then write it */
        for (size_t p = 0; p < JC_COUNT(parts); p++)
            for (uint32_t b = 0; b < parts[p].times; b++)
                for (size_t i = 0; i < parts[p].n; i++)
                    if (pass == 0)
                        declare(w, &parts[p].rows[i], b);
                    else
                        write_values(w, &parts[p].rows[i], &rng);
    if (jc_st_writer_commit(w, &err))
        bench_die("model", &err);
}
