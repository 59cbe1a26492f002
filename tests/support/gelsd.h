/* SPDX-License-Identifier: MIT */
/* gelsd.h: least squares of minimum norm by LAPACK's SVD, to compare fits with. Everything
 * that includes it links OpenBLAS. */
#ifndef JC_TESTS_GELSD_H
#define JC_TESTS_GELSD_H

#include <stdbool.h>
#include <stdlib.h>

void dgelsd_(const int *m, const int *n, const int *n_rhs, double *a, const int *lda,
             double *b, const int *ldb, double *s, const double *rcond, int *rank,
             double *work, const int *work_size, int *iwork, int *info);

static inline void gelsd_columns(const double *x, size_t n, size_t d, double *to, size_t ld)
{
    for (size_t r = 0; r < n; r++)
        for (size_t i = 0; i < d; i++)
            to[i * ld + r] = x[r * d + i];
}

/* w [d, d] with y ~ W x, for x and y [n, d]; singular values below rcond times the largest
 * count as zero. False where memory is short or the SVD fails. */
static inline bool gelsd(const double *x, const double *y, size_t n, size_t d, double rcond,
                         double *w)
{
    int rows = (int)n, width = (int)d, ldb = (int)(n > d ? n : d);
    int rank = 0, ask = -1, iwork_size = 0, info = 1;
    double want = 0;

    dgelsd_(&rows, &width, &width, NULL, &rows, NULL, &ldb, NULL, &rcond, &rank, &want,
            &ask, &iwork_size, &info);
    int work_size = (int)want;
    double *a = calloc(n * d, sizeof *a), *b = calloc((size_t)ldb * d, sizeof *b);
    double *s = calloc(d, sizeof *s), *work = calloc((size_t)work_size, sizeof *work);
    int *iwork = calloc((size_t)iwork_size, sizeof *iwork);

    info = 1;
    if (a && b && s && work && iwork) {
        gelsd_columns(x, n, d, a, n);
        gelsd_columns(y, n, d, b, (size_t)ldb);
        dgelsd_(&rows, &width, &width, a, &rows, b, &ldb, s, &rcond, &rank, work,
                &work_size, iwork, &info);
        for (size_t i = 0; i < d; i++)
            for (size_t j = 0; j < d; j++)
                w[i * d + j] = b[i * (size_t)ldb + j];
    }
    free(a);
    free(b);
    free(s);
    free(work);
    free(iwork);
    return info == 0;
}

#endif
