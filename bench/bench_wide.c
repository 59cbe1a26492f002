/* SPDX-License-Identifier: MIT */
/* bench_wide.c: four blocks of a model 32 deep and 4096 wide, stored as BF16: the pass
 * through them, and the same with the sums of all layer taps, against the rate of one large
 * product, measured in turn; and a map of that width from its sums, against the rate at
 * which LAPACK's dpotrf factors a matrix of that size with all threads. */
#include <stdio.h>
#include <sys/resource.h>

#include "base/base.h"
#include "bench.h"
#include "ceiling.h"
#include "fit/solve.h"
#include "kernels/lapack.h"

enum { TEXTS = 8, TOKENS = 256, ROUNDS = 3 };

static const bench_shape shape = {BENCH_LLAMA, 4, 4096, 32, 8, 11008, 2048, 1000};
static uint32_t ids[TEXTS * TOKENS];

static double processor_seconds(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void forward(const jc_model *model)
{
    jc_text texts[TEXTS];
    jc_session *session;
    jc_error err;

    if (jc_session_new(&session, model, &err))
        bench_die("wide", &err);
    for (size_t i = 0; i < TEXTS; i++)
        texts[i] = (jc_text){.ids = ids + i * TOKENS, .n = TOKENS};
    for (size_t t = 0; t < TEXTS; t += TEXTS / 2) /* 1,024 tokens together */
        if (jc_session_run(session, texts + t, TEXTS / 2, &err))
            bench_die("wide", &err);
    jc_session_free(session);
}

static void gather(const jc_model *model)
{
    bench_texts texts = {ids, TEXTS, TOKENS, 0};
    jc_samples *samples = bench_samples(model, &texts, "all");
    jc_stats *stats;
    jc_error err;

    if (jc_stats_gather(&stats, model, samples, NULL, &err))
        bench_die("wide", &err);
    jc_stats_free(stats);
    jc_samples_close(samples);
}

/* A correlation matrix far from singular, and anything. */
static void fill(size_t d, double *square, double *other)
{
    jc_rng rng = {4096};

    for (size_t i = 0; i < d; i++)
        for (size_t k = 0; k <= i; k++) {
            double x = (jc_rng_uniform(&rng) - 0.5) / (double)d;
            square[i * d + k] = square[k * d + i] = i == k ? 1 : x;
            other[i * d + k] = other[k * d + i] = x;
        }
}

/* Flops that a factor and d right-hand sides take at least, a second, over dpotrf's. */
static double solve(size_t d)
{
    double *square = jc_matrix_new(d, d, sizeof *square), n = (double)d;
    double *cross = jc_matrix_new(d, d, sizeof *cross), *mean = jc_matrix_new(d, 1, 8);
    double *map = jc_matrix_new(d, d, sizeof *map);
    const jc_source source = {
        .square = square, .mean = mean, .rows = 2 * n, .d = d, .what = "a layer"};
    jc_solver *solver;
    jc_error err;
    int order = (int)d, info;

    if (!square || !cross || !mean || !map)
        bench_die("wide", NULL);
    fill(d, square, cross);
    double start = bench_seconds();
    if (jc_solver_new(&solver, &source, &err))
        bench_die("wide", &err);
    jc_solver_solve(solver, d, cross, mean, map);
    double ours = bench_seconds() - start;
    jc_solver_free(solver);
    start = bench_seconds();
    dpotrf_("L", &order, square, &order, &info, 1);
    double factor = bench_seconds() - start;
    jc_free(square);
    jc_free(cross);
    jc_free(mean);
    jc_free(map);
    return n * n * n * (2 + 1.0 / 3) / ours / (n * n * n / 3 / factor);
}

void bench_wide(json_t *out, const char *dir)
{
    double plain[ROUNDS], sums[ROUNDS], ratio[ROUNDS], extra[ROUNDS], work[ROUNDS];
    double solves[ROUNDS];
    double d = shape.width, flops = bench_forward_flops(&shape, TEXTS, TOKENS);
    double own =
        TEXTS * TOKENS * shape.layers * 3 * d * d; /* crosses, and half of squares */
    jc_model *model;
    jc_error err;
    char path[512];

    snprintf(path, sizeof path, "%s/wide", dir);
    bench_write_model(path, &shape);
    if (jc_model_open(&model, path, NULL, &err))
        bench_die("wide", &err);
    for (size_t i = 0; i < JC_COUNT(ids); i++)
        ids[i] = (uint32_t)(i * 7919 % shape.vocab);
    for (int r = 0; r < ROUNDS; r++) {
        double rate = bench_ceiling(false), start = bench_seconds();
        double before = processor_seconds();
        forward(model);
        plain[r] = bench_seconds() - start;
        double middle = processor_seconds();
        start = bench_seconds();
        gather(model);
        sums[r] = bench_seconds() - start;
        work[r] = (processor_seconds() - middle) / (middle - before) - 1;
        rate = (rate + bench_ceiling(false)) / 2;
        extra[r] = sums[r] / plain[r] - 1;
        ratio[r] = flops / plain[r] / rate;
        sums[r] = (flops + own) / sums[r] / rate;
        solves[r] = solve(shape.width);
    }
    jc_model_close(model);
    json_object_set_new(out, "wide_forward_ratio", json_real(bench_median(ratio, ROUNDS)));
    json_object_set_new(out, "wide_gather_ratio", json_real(bench_median(sums, ROUNDS)));
    json_object_set_new(out, "wide_gather_overhead",
                        json_real(bench_median(extra, ROUNDS)));
    json_object_set_new(out, "wide_solve_ratio", json_real(bench_median(solves, ROUNDS)));
    json_object_set_new(out, "wide_gather_work", json_real(bench_median(work, ROUNDS)));
}
