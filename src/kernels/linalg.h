/* SPDX-License-Identifier: MIT */
/*
 * linalg.h: the dense linear algebra of the fit, in float64, and one float32 product.
 *
 * Matrices are row-major and contiguous: a[m, n] has rows of n. Widths are below 2^31, as
 * those of models are. Workspaces come from jc_alloc(), never from LAPACK.
 */
#ifndef JC_LINALG_H
#define JC_LINALG_H

#include "base/base.h"

/* c[m, n] = a[m, k] b[n, k]', float32; m of any size. */
void jc_sgemm_nt(size_t m, size_t n, size_t k, const float *a, const float *b, float *c);

/* c[m, n] = a[m, k] b[k, n]; with b_transposed, b is [n, k]; with a_transposed, a is [k,
 * m]. */
void jc_dgemm(bool a_transposed, bool b_transposed, size_t m, size_t n, size_t k,
              const double *a, const double *b, double *c);

/* c[m, n] += a[k, m]' b[k, n], the rows of c being `stride` apart; on the calling thread
 * alone where it is one of jc_parallel()'s. */
void jc_dgemm_add(size_t m, size_t n, size_t k, const double *a, const double *b, double *c,
                  size_t stride);

/* The same of a[k, n] with itself, c[n, n], on and above the diagonal only. */
void jc_dsyrk_add(size_t n, size_t k, const double *a, double *c, size_t stride);

/* Cholesky factor of the symmetric a[n, n] in place. False when it is not positive
 * definite; a is then spoilt. */
bool jc_cholesky(double *a, size_t n) JC_NODISCARD;

/* A lower estimate of the smallest eigenvalue of the matrix whose factor is given:
 * 1 / |A^-1|_1, where norm1 is |A|_1. */
jc_status jc_cholesky_least(const double *factor, size_t n, double norm1, double *least,
                            jc_error *err) JC_NODISCARD;

/* The factor becomes the inverse of the matrix, whole and symmetric. */
void jc_cholesky_invert(double *factor, size_t n);

/* Eigenvalues in ascending order to value[n]; eigenvectors to the rows of a[n, n], which
 * held the symmetric matrix. E_NUMERIC when the iteration does not converge. */
jc_status jc_eigen(double *a, size_t n, double *value, jc_error *err) JC_NODISCARD;

/* Replace the m rows of a[m, n], m <= n and independent, by an orthonormal basis of their
 * span. */
jc_status jc_orthonormal(double *a, size_t m, size_t n, jc_error *err) JC_NODISCARD;

#endif
