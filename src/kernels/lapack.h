/* SPDX-License-Identifier: MIT */
/*
 * lapack.h: the routines of LAPACK that linalg.c calls, as OpenBLAS exports them.
 *
 * They are declared here because liblapacke, which has a header for them, is linked to the
 * system's default BLAS: a second BLAS, with threads of its own, would come into the
 * process. Matrices are by columns. A routine written in Fortran takes the length of each
 * text argument as a value after the others.
 */
#ifndef JC_KERNELS_LAPACK_H
#define JC_KERNELS_LAPACK_H

#include <stddef.h>

/* a = L L' in the triangle `uplo` of a [n, n]. */
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info,
             size_t uplo_length);

/* 1 / condition number of a, whose factor this is; work [3 n], iwork [n]. */
void dpocon_(const char *uplo, const int *n, const double *factor, const int *lda,
             const double *norm1, double *rcond, double *work, int *iwork, int *info,
             size_t uplo_length);

/* The inverse of a, in the place of its factor. */
void dpotri_(const char *uplo, const int *n, double *factor, const int *lda, int *info,
             size_t uplo_length);

/* Eigenvalues, ascending, and with jobz "V" eigenvectors in the place of a. Sizes of -1 ask
 * for the best ones. */
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda,
             double *value, double *work, const int *work_size, int *iwork,
             const int *iwork_size, int *info, size_t jobz_length, size_t uplo_length);

/* a [m, n] = Q R: R and Q as reflectors in the place of a. A size of -1 asks for the best.
 */
void dgeqrf_(const int *m, const int *n, double *a, const int *lda, double *tau,
             double *work, const int *work_size, int *info);

/* The first n columns of Q [m, n] from k of its reflectors. */
void dorgqr_(const int *m, const int *n, const int *k, double *a, const int *lda,
             const double *tau, double *work, const int *work_size, int *info);

#endif
