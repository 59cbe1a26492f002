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

/* Whether a backend can be used here; says so where it cannot. */
static inline bool usable(const char *name)
{
    jc_error err = {JC_OK, ""};

    if (jc_backend_ready(jc_backend_find(name), &err) == JC_OK)
        return true;
    print_message("skipped: %s\n", err.message);
    return false;
}

#define EACH_BACKEND(name)                                                                 \
    for (const char *const *name = jc_backend_names(); *name; name++)                      \
        if (usable(*name))

/* What is lent to a backend that has memory of its own, until settle(). */
static struct lease {
    jc_buffer *copy;
    float *home;
    size_t n;
} leases[8];
static size_t n_leases;

/* x [rows, cols], rows `stride` apart, as a matrix of a backend; what is written to it is
 * in x after settle(). */
static inline jc_mat lent(jc_buffer *buffer, const jc_backend *backend, float *x,
                          size_t rows, size_t cols, size_t stride)
{
    size_t n = (rows - 1) * stride + cols;

    *buffer = (jc_buffer){.backend = backend, .data = x, .borrowed = true};
    for (size_t i = 0; i < n_leases; i++) /* read and written */
        if (leases[i].home == x && leases[i].n == n)
            *buffer = *leases[i].copy;
    if (!backend->borrows && !backend->open && buffer->borrowed) {
        struct lease *lease = &leases[n_leases++];
        assert_true(n_leases <= JC_COUNT(leases));
        *lease = (struct lease){NULL, x, n};
        assert_int_equal(jc_buffer_new(&lease->copy, backend, n * sizeof *x, "x", NULL), 0);
        assert_int_equal(jc_mat_upload(jc_mat_of(lease->copy, 0, 1, n), x, NULL), JC_OK);
        *buffer = *lease->copy;
    }
    return (jc_mat){buffer, 0, rows, cols, stride, false};
}

static inline void settle(void)
{
    for (size_t i = 0; i < n_leases; i++) {
        const struct lease *l = &leases[i];
        assert_int_equal(jc_mat_download(l->home, jc_mat_of(l->copy, 0, 1, l->n), NULL), 0);
        jc_buffer_free(l->copy);
    }
    n_leases = 0;
}

#endif
