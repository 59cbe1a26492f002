/* SPDX-License-Identifier: MIT */
/*
 * linalg.c: BLAS and LAPACK behind linalg.h.
 *
 * LAPACK is called by columns: a row-major matrix is the transpose of what LAPACK sees, so
 * symmetric matrices are the same either way, and a block of right-hand sides [m, n] with
 * one to a row is what LAPACK wants as [n, m]. Nothing is transposed on the way.
 *
 * How BLAS cuts a product among threads shows in its last bits. So a product is cut here,
 * into panels of fixed size that one thread computes, and a factor is one thread's work.
 */
#include "kernels/linalg.h"

#include <cblas.h>
#include <math.h>
#include <omp.h>

#include "kernels/kernels.h"
#include "kernels/lapack.h"

#define ROWS_AT_ONCE ((size_t)1 << 20) /* row counts are int in BLAS */
#define PANEL        ((size_t)128)     /* rows of a product that one thread computes */

static int one_thread(void)
{
    int threads = omp_get_max_threads();

    omp_set_num_threads(1);
    return threads;
}

void jc_sgemm_nt(size_t m, size_t n, size_t k, const float *a, const float *b, float *c)
{
    for (size_t first = 0; first < m; first += ROWS_AT_ONCE) {
        size_t rows = m - first < ROWS_AT_ONCE ? m - first : ROWS_AT_ONCE;

        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)n, (int)k, 1,
                    a + first * k, (int)k, b, (int)k, 0, c + first * n, (int)n);
    }
}

struct product {
    CBLAS_TRANSPOSE ta, tb;
    size_t m, n, k, lda, ldb;
    const double *a, *b;
    double *c;
};

static jc_status multiply_panel(void *arg, size_t i, jc_error *err)
{
    const struct product *p = arg;
    size_t first = i * PANEL, rows = p->m - first < PANEL ? p->m - first : PANEL;
    const double *a = p->a + (p->ta == CblasTrans ? first : first * p->k);

    (void)err;
    cblas_dgemm(CblasRowMajor, p->ta, p->tb, (int)rows, (int)p->n, (int)p->k, 1, a,
                (int)p->lda, p->b, (int)p->ldb, 0, p->c + first * p->n, (int)p->n);
    return JC_OK;
}

void jc_dgemm(bool a_transposed, bool b_transposed, size_t m, size_t n, size_t k,
              const double *a, const double *b, double *c)
{
    struct product p = {a_transposed ? CblasTrans : CblasNoTrans,
                        b_transposed ? CblasTrans : CblasNoTrans,
                        m,
                        n,
                        k,
                        a_transposed ? m : k,
                        b_transposed ? k : n,
                        a,
                        b,
                        c};

    if (m == 0 || n == 0)
        return;
    p.lda = p.lda ? p.lda : 1;
    p.ldb = p.ldb ? p.ldb : 1;
    jc_status st = jc_parallel((m + PANEL - 1) / PANEL, multiply_panel, &p, NULL);
    (void)st; /* the tasks cannot fail */
}

void jc_dgemm_add(size_t m, size_t n, size_t k, const double *a, const double *b, double *c,
                  size_t stride)
{
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)m, (int)n, (int)k, 1, a,
                (int)m, b, (int)n, 1, c, (int)stride);
}

void jc_dsyrk_add(size_t n, size_t k, const double *a, double *c, size_t stride)
{
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)n, (int)k, 1, a, (int)n, 1, c,
                (int)stride);
}

bool jc_cholesky(double *a, size_t n)
{
    int threads = one_thread(), order = (int)n, info = 0;

    dpotrf_("L", &order, a, &order, &info, 1);
    omp_set_num_threads(threads);
    return info == 0;
}

jc_status jc_cholesky_least(const double *factor, size_t n, double norm1, double *least,
                            jc_error *err)
{
    double *work = jc_matrix_new(3, n, sizeof *work);
    int *iwork = jc_alloc_array(n, sizeof *iwork);
    int threads = one_thread(), order = (int)n, info = 0;
    jc_status st = JC_OK;
    double rcond = 0;

    if (!work || !iwork)
        st = jc_fail_nomem(err, "a condition estimate");
    else
        dpocon_("L", &order, factor, &order, &norm1, &rcond, work, iwork, &info, 1);
    omp_set_num_threads(threads);
    *least = rcond * norm1;
    jc_free(work);
    jc_free(iwork);
    return st;
}

void jc_cholesky_invert(double *factor, size_t n)
{
    int threads = one_thread(), order = (int)n, info = 0;

    dpotri_("L", &order, factor, &order, &info, 1);
    omp_set_num_threads(threads);
    for (size_t i = 0; i < n; i++) /* by columns the lower triangle, by rows the upper */
        for (size_t j = 0; j < i; j++)
            factor[i * n + j] = factor[j * n + i];
}

jc_status jc_eigen(double *a, size_t n, double *value, jc_error *err)
{
    double want = 0;
    int order = (int)n, ask = -1, iwork_size = 0, info = 0;

    dsyevd_("V", "L", &order, a, &order, value, &want, &ask, &iwork_size, &ask, &info, 1,
            1);
    int work_size = (int)want;
    double *work = jc_alloc_array((size_t)work_size, sizeof *work);
    int *iwork = jc_alloc_array((size_t)iwork_size, sizeof *iwork);
    int threads = one_thread();
    jc_status st = JC_OK;

    if (!work || !iwork)
        st = jc_fail_nomem(err, "eigenvalues");
    else
        dsyevd_("V", "L", &order, a, &order, value, work, &work_size, iwork, &iwork_size,
                &info, 1, 1);
    if (st == JC_OK && info != 0)
        st = jc_fail(err, JC_E_NUMERIC,
                     "eigenvalues of a [%zu, %zu] matrix did not converge", n, n);
    omp_set_num_threads(threads);
    jc_free(work);
    jc_free(iwork);
    return st;
}

jc_status jc_orthonormal(double *a, size_t m, size_t n, jc_error *err)
{
    double want[2] = {0, 0};
    int columns = (int)m, length = (int)n, ask = -1, info = 0;

    if (m == 0)
        return JC_OK;
    dgeqrf_(&length, &columns, a, &length, NULL, &want[0], &ask, &info);
    dorgqr_(&length, &columns, &columns, a, &length, NULL, &want[1], &ask, &info);
    int size = (int)fmax(want[0], want[1]);
    double *work = jc_alloc_array((size_t)size, sizeof *work);
    double *tau = jc_alloc_array(m, sizeof *tau);
    int threads = one_thread();
    jc_status st = JC_OK;

    if (!work || !tau) {
        st = jc_fail_nomem(err, "an orthonormal basis");
    } else {
        dgeqrf_(&length, &columns, a, &length, tau, work, &size, &info);
        dorgqr_(&length, &columns, &columns, a, &length, tau, work, &size, &info);
    }
    omp_set_num_threads(threads);
    jc_free(work);
    jc_free(tau);
    return st;
}
