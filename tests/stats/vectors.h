/* SPDX-License-Identifier: MIT */
/* vectors.h: made-up states at several taps, and their sums without a model: from the
 * definition in double, and rounded as sums of float32 products are. */
#ifndef JC_TEST_VECTORS_H
#define JC_TEST_VECTORS_H

#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/moments.h"

#define VECTORS_PRINT "0123456789abcdef0123456789abcdef"

typedef struct vectors {
    size_t taps, n, d;
    float *x; /* [taps, n, d] */
} vectors;

static inline vectors vectors_new(size_t taps, size_t n, size_t d)
{
    vectors v = {taps, n, d, calloc(taps * n * d, sizeof *v.x)};

    assert_non_null(v.x);
    return v;
}

static inline float *vectors_at(const vectors *v, size_t tap, size_t row)
{
    return v->x + (tap * v->n + row) * v->d;
}

/* Roughly normal, variance 1. */
static inline double vectors_normal(uint64_t *seed)
{
    double sum = 0;

    for (int i = 0; i < 12; i++)
        sum += (double)check_rand(seed);
    return sum / 2;
}

/* Rows first .. first + n, block by block of `block` rows: a block is centred at its own
 * mean and merged into the rest. `rounded`: its products are summed in float32. */
static inline jc_stats *vectors_block(const vectors *v, size_t first, size_t n,
                                      bool all_pairs, bool rounded)
{
    jc_stats *s;
    size_t d = v->d;
    float *c = calloc(v->taps * n * d + 1, sizeof *c); /* [taps, n, d] centred, rounded */
    double *e = calloc(v->taps * n * d + 1, sizeof *e);

    assert_non_null(c);
    assert_non_null(e);
    assert_int_equal(jc_stats_new(&s, (uint32_t)v->taps, (uint32_t)d, all_pairs,
                                  VECTORS_PRINT, "made-up", NULL),
                     JC_OK);
    s->rows = s->texts = n;
    for (size_t t = 0; t < v->taps; t++) {
        for (size_t i = 0; i < d && n > 0; i++) {
            double mean = 0;

            for (size_t r = 0; r < n; r++)
                mean += (double)vectors_at(v, t, first + r)[i];
            s->mean[t * d + i] = mean /= (double)n;
            for (size_t r = 0; r < n; r++) {
                double x = (double)vectors_at(v, t, first + r)[i] - mean;
                e[(t * n + r) * d + i] = x;
                c[(t * n + r) * d + i] = (float)x;
                s->square[t * d + i] += x * x;
            }
        }
    }
    for (uint32_t t = 0; t < v->taps; t++) {
        for (uint32_t u = t; u < v->taps; u++) {
            double *cross = jc_stats_cross(s, t, u);

            for (size_t i = 0; cross && i < d * d; i++) {
                const size_t a = t * n * d + i / d, b = u * n * d + i % d;
                float sum = 0;
                double exact = 0;

                for (size_t r = 0; r < n; r++) {
                    sum += c[a + r * d] * c[b + r * d];
                    exact += e[a + r * d] * e[b + r * d];
                }
                cross[i] = rounded ? (double)sum : exact;
            }
        }
    }
    free(c);
    free(e);
    return s;
}

static inline jc_stats *vectors_stats(const vectors *v, bool all_pairs, bool rounded)
{
    size_t block = rounded ? 512 : v->n;
    jc_stats *all = vectors_block(v, 0, 0, all_pairs, rounded);

    for (size_t first = 0; first < v->n; first += block) {
        size_t n = v->n - first < block ? v->n - first : block;
        jc_stats *part = vectors_block(v, first, n, all_pairs, rounded);

        assert_int_equal(jc_stats_merge(all, part, NULL), JC_OK);
        jc_stats_free(part);
    }
    return all;
}

#endif
