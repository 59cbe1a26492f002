/* SPDX-License-Identifier: MIT */
/*
 * bench_fit.c: all maps of a model from its sums, against one LAPACK gelsd a pair on the
 * vectors (SVD, the solver of the paper's reference code). gelsd is timed on one pair and
 * multiplied by the number of pairs: they are all of one size.
 */
#include "bench_fit.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "jumpcut/fit.h"
#include "stats/moments.h"
#include "support/gelsd.h"

/* States of a chain of layers x [taps, n, d]: each is the last one, turned a little, and
 * noise. Every column has mean zero. */
static void make_states(double *x, size_t taps, size_t n, size_t d)
{
    jc_rng rng = {20230316};

    for (size_t t = 0; t < taps; t++) {
        double *to = x + t * n * d;
        const double *from = t > 0 ? to - n * d : NULL;

        for (size_t k = 0; k < n * d; k++)
            to[k] = jc_rng_uniform(&rng) - 0.5;
        for (size_t k = 0; from && k < n * d; k++)
            to[k] += from[k] + 0.5 * from[k - k % d + (k % d * 7 + 1) % d];
        for (size_t i = 0; i < d; i++) {
            double mean = 0;

            for (size_t r = 0; r < n; r++)
                mean += to[r * d + i] / (double)n;
            for (size_t r = 0; r < n; r++)
                to[r * d + i] -= mean;
        }
    }
}

static jc_stats *sum(const double *x, size_t taps, size_t n, size_t d)
{
    jc_stats *s = NULL;

    if (jc_stats_new(&s, (uint32_t)taps, (uint32_t)d, true,
                     "00000000000000000000000000000000", "made-up", NULL))
        return NULL;
    s->rows = s->texts = n;
    for (uint32_t i = 0; i < taps; i++) {
        for (uint32_t j = i; j < taps; j++) {
            double *cross = jc_stats_cross(s, i, j);

            if (cross)
                cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)d, (int)d, (int)n,
                            1, x + i * n * d, (int)d, x + j * n * d, (int)d, 0, cross,
                            (int)d);
        }
    }
    return s;
}

/* Over the first rows of tap 0. */
static double difference(const jc_shortcut *shortcut, const double *x, const double *w,
                         size_t d)
{
    enum { ROWS = 64 };
    double diff = 0, size = 0;
    float *in = jc_matrix_new(2 * ROWS, d, sizeof *in), *out = in + ROWS * d;

    for (size_t k = 0; in && k < ROWS * d; k++)
        in[k] = (float)x[k];
    if (!in || jc_shortcut_apply(shortcut, 0, 1, in, ROWS, out, NULL)) {
        jc_free(in);
        return HUGE_VAL;
    }
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t j = 0; j < d; j++) {
            double want = 0;

            for (size_t i = 0; i < d; i++)
                want += x[r * d + i] * w[j * d + i];
            size += want * want;
            diff += ((double)out[r * d + j] - want) * ((double)out[r * d + j] - want);
        }
    }
    jc_free(in);
    return sqrt(diff / size);
}

bool bench_fit(size_t layers, size_t width, size_t vectors, bench_fit_result *result)
{
    size_t taps = layers + 1, n = vectors, d = width;
    double *x = jc_matrix_new(taps * n, d, sizeof *x), *w = jc_matrix_new(d, d, sizeof *w);
    jc_stats *stats = NULL;
    jc_shortcut *shortcut = NULL;
    double one = 0;
    bool ok = false;

    if (!x || !w)
        goto done;
    make_states(x, taps, n, d);
    stats = sum(x, taps, n, d);
    if (!stats)
        goto done;
    double start = jc_seconds();
    if (jc_fit(&shortcut, stats, NULL, NULL))
        goto done;
    double fit = jc_seconds() - start;
    start = jc_seconds();
    if (!gelsd(x, x + n * d, n, d, -1, w))
        goto done;
    one = jc_seconds() - start;
    size_t pairs = layers * taps / 2;
    *result = (bench_fit_result){layers,
                                 d,
                                 n,
                                 pairs,
                                 fit,
                                 one * (double)pairs,
                                 one * (double)pairs / fit,
                                 difference(shortcut, x, w, d)};
    ok = true;
done:
    jc_free(x);
    jc_free(w);
    jc_stats_free(stats);
    jc_shortcut_free(shortcut);
    return ok;
}
