/* SPDX-License-Identifier: MIT */
/* numbers.h: random numbers, matrices of a backend that borrows, and how near two are. */
#ifndef JC_TEST_NUMBERS_H
#define JC_TEST_NUMBERS_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/backend.h"
#include "support/check.h"

static uint64_t seed = 20240516;

static inline float *random_floats(size_t n, float scale)
{
    float *x = jc_matrix_new(n, 1, sizeof *x);

    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = scale * check_rand(&seed);
    return x;
}

/* |got - want| <= tolerance * largest |want| */
static inline void check_near(const float *got, const float *want, size_t n,
                              double tolerance, const char *what)
{
    double largest = 0, worst = 0;

    for (size_t i = 0; i < n; i++) {
        double difference = fabs((double)got[i] - (double)want[i]);
        largest = fmax(largest, fabs((double)want[i]));
        worst = isnan(difference) ? HUGE_VAL : fmax(worst, difference);
    }
    if (worst > tolerance * largest)
        fail_msg("%s is off by %.3g of %.3g", what, worst, largest);
}

/* x [rows, cols], rows `stride` apart, as a matrix of a backend that borrows. */
static inline jc_mat lent(jc_buffer *buffer, const jc_backend *backend, float *x,
                          size_t rows, size_t cols, size_t stride)
{
    *buffer = (jc_buffer){.backend = backend, .data = x, .borrowed = true};
    return (jc_mat){buffer, 0, rows, cols, stride, false};
}

#endif
