/* SPDX-License-Identifier: MIT */
/*
 * solve.c: the least-squares map of least norm, from centred sums.
 *
 * Given S = sum (x-m)(x-m)', C = sum (x-m)(y-p)' over n vectors, and the means m of x and p
 * of y. All rank decisions are made on R = D^-1 S D^-1, D = sqrt(diag S), a correlation
 * matrix, so that they do not depend on the units of a coordinate (GPT-2 has some hundreds
 * of times larger than the rest). Coordinates without spread are left out of R.
 *
 * With intercept. W' solves S W' = C, b = p - W m.
 *
 * Without. (S + n m m') W' = C + n m p' is the same system after a change of rank one,
 *     W' = Wc' + g (p - Wc m)',    S Wc' = C,
 *     g  = n S^+ m / (1 + n m' S^+ m)     when m lies in the range of S,
 *     g  = q / |q|^2, q = m's part off it, otherwise (m is then fitted exactly),
 * so the large direction of the mean never mixes with the small ones that matter, neither
 * in the rank decision nor in rounding.
 *
 * Rank. The sums are products of float32 rows added in blocks of about 500: an entry of R
 * has an error of at most about e = 2^-24 sqrt(500) / 3 = 4e-7 of its size, of random sign.
 * A random matrix whose entries have the size of e R has norm about 2 e rho, rho the
 * largest norm of a row of R (from 1 to sqrt(d)). Eigenvalues under NOISE rho = 2^-20 rho,
 * 1e-6 rho, are thus noise; states of language models have their smallest between 1e-4 and
 * 1e-1. An eigenvalue below zero is noise for sure, and noise is as often above zero as
 * below, so the cut is at least twice the most negative one. Where a Cholesky factor shows
 * that all eigenvalues are above the cut, nothing more is done. Where not, R ~ V L V' with
 * the r eigenvalues kept; D^-1 V L^-1 V' D^-1 C is one solution of many, and its projection
 * on the rows' span, span(D V) in the original coordinates, is the one of least norm.
 *
 * A spread below a few units in the last place of the mean is rounding of a constant.
 *
 * Ridge. S + lambda I replaces S; lambda = ridge mean(diag(S)), of S + n m m' without
 * intercept. A coordinate without spread then has lambda for its square.
 */
#include "fit/solve.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/linalg.h"

#define NOISE      0x1p-20 /* of an eigenvalue of R, over the largest norm of a row of R */
#define MEAN_ROUND 0x1p-22 /* of a coordinate, over its mean: four units of float32 */

#define CORRELATION_MAX 2.0 /* of honest sums: 1, and noise */

struct jc_solver {
    size_t d;
    size_t k;       /* coordinates with spread */
    size_t rank;    /* r <= k */
    size_t *at;     /* [k]: their numbers */
    double *scale;  /* [k]: D */
    double *factor; /* [k, k]: Cholesky factor of R; NULL when left and right are used */
    double *left;   /* [k, r] and [r, k]: S^+ in the coordinates with spread */
    double *right;  /*   is D^-1 left right, row vectors from the left */
    double *gain;   /* [d]: g above; NULL with an intercept */
    const double *mean; /* [d], borrowed */
    bool mean_leaves;   /* the span of the centred vectors */
};

void jc_solver_free(jc_solver *solver)
{
    if (!solver)
        return;
    jc_free(solver->at);
    jc_free(solver->scale);
    jc_free(solver->factor);
    jc_free(solver->left);
    jc_free(solver->right);
    jc_free(solver->gain);
    jc_free(solver);
}

size_t jc_solver_rank(const jc_solver *solver)
{
    return solver->rank;
}

static jc_status check_finite(const jc_source *src, jc_error *err)
{
    double sum =
        0; /* not finite if any number is not; finite numbers of ours do not overflow */

    for (size_t i = 0; i < src->d * src->d; i++)
        sum += fabs(src->square[i]);
    for (size_t i = 0; i < src->d; i++)
        sum += fabs(src->mean[i]);
    if (isfinite(sum))
        return JC_OK;
    return jc_fail(err, JC_E_NUMERIC,
                   "cannot fit: the sums of %s hold a number that is not finite",
                   src->what);
}

static double penalty(const jc_source *src)
{
    double trace = 0;

    for (size_t i = 0; i < src->d; i++) {
        trace += src->square[i * src->d + i];
        if (!src->bias)
            trace += src->rows * src->mean[i] * src->mean[i];
    }
    return src->ridge * trace / (double)src->d;
}

/* Fill at, scale and k: the coordinates that vary. */
static void find_spread(jc_solver *s, const jc_source *src, double lambda)
{
    for (size_t i = 0; i < src->d; i++) {
        double square = src->square[i * src->d + i];
        double round = MEAN_ROUND * src->mean[i];

        if (square <= src->rows * round * round)
            square = 0;
        if (square + lambda > 0) {
            s->at[s->k] = i;
            s->scale[s->k++] = sqrt(square + lambda);
        } else if (src->mean[i] != 0) {
            s->mean_leaves = true;
        }
    }
}

/* R [k, k]; *cut gets the eigenvalue below which all is noise, *norm1 its 1-norm. */
static jc_status correlate(const jc_solver *s, const jc_source *src, double *r, double *cut,
                           double *norm1, jc_error *err)
{
    double rho = 0;

    *norm1 = 0;
    for (size_t i = 0; i < s->k; i++) {
        const double *row = src->square + s->at[i] * src->d;
        double squares = 0, sum = 0;

        for (size_t j = 0; j < s->k; j++) {
            double x = i == j ? 1 : row[s->at[j]] / (s->scale[i] * s->scale[j]);
            if (!(fabs(x) <= CORRELATION_MAX))
                return jc_fail(
                    err, JC_E_NUMERIC,
                    "cannot fit: the sums of %s are of no vectors: coordinates %zu "
                    "and %zu correlate by %.3g",
                    src->what, s->at[i], s->at[j], x);
            r[i * s->k + j] = x;
            squares += x * x;
            sum += fabs(x);
        }
        rho = fmax(rho, squares);
        *norm1 = fmax(*norm1, sum);
    }
    *cut = NOISE * sqrt(rho);
    return JC_OK;
}

/* Keep the factor if it shows that no eigenvalue is below the cut. *r is taken if so. */
static jc_status try_cholesky(jc_solver *s, double **r, double cut, double norm1,
                              bool *done, jc_error *err)
{
    double least = 0;
    jc_status st = JC_OK;

    *done = false;
    if (!jc_cholesky(*r, s->k))
        return JC_OK;
    st = jc_cholesky_least(*r, s->k, norm1, &least, err);
    if (st || least < cut)
        return st;
    s->factor = *r;
    s->rank = s->k;
    *r = NULL;
    *done = true;
    return JC_OK;
}

/* left [k, r] = V L^-1, right [r, k] = V' D^-1, v [r, k] the eigenvectors as rows. */
static void invert_whole(jc_solver *s, const double *v, const double *value)
{
    for (size_t e = 0; e < s->rank; e++) {
        for (size_t i = 0; i < s->k; i++) {
            s->left[i * s->rank + e] = v[e * s->k + i] / value[e];
            s->right[e * s->k + i] = v[e * s->k + i] / s->scale[i];
        }
    }
}

/* left = V L^-1 V' D^-1 Q and right = Q', Q [k, r] an orthonormal basis of span(D V). */
static jc_status invert_part(jc_solver *s, const double *v, const double *value,
                             jc_error *err)
{
    size_t r = s->rank, k = s->k;
    double *part = jc_matrix_new(r, k, sizeof *part);   /* V' D^-1 */
    double *small = jc_matrix_new(r, r, sizeof *small); /* L^-1 V' D^-1 Q */
    jc_status st = JC_OK;

    if (!part || !small) {
        st = jc_fail_nomem(err, "a solver");
        goto done;
    }
    for (size_t e = 0; e < r; e++) {
        for (size_t i = 0; i < k; i++) {
            s->right[e * k + i] = v[e * k + i] * s->scale[i];
            part[e * k + i] = v[e * k + i] / s->scale[i];
        }
    }
    st = jc_orthonormal(s->right, r, k, err);
    if (st)
        goto done;
    jc_dgemm(false, true, r, r, k, part, s->right, small);
    for (size_t e = 0; e < r; e++)
        for (size_t f = 0; f < r; f++)
            small[e * r + f] /= value[e];
    jc_dgemm(true, false, k, r, r, v, small, s->left);
done:
    jc_free(part);
    jc_free(small);
    return st;
}

/* Whether the mean has a part off span(D V) that the noise of V does not explain: the part
 * of u = D^-1 m that lies in the directions kept turns by at most cut |L^-1 V' u|. */
static bool mean_leaves(const jc_solver *s, const double *mean, const double *v,
                        const double *value, double cut, double *u)
{
    double whole = 0, off = 0, turn = 0;

    for (size_t i = 0; i < s->k; i++) {
        u[i] = mean[s->at[i]] / s->scale[i];
        whole += u[i] * u[i];
    }
    for (size_t e = 0; e < s->rank; e++) {
        const double *row = v + e * s->k;
        double along = 0;

        for (size_t i = 0; i < s->k; i++)
            along += row[i] * u[i];
        for (size_t i = 0; i < s->k; i++)
            u[i] -= row[i] * along;
        turn += along * along / (value[e] * value[e]);
    }
    for (size_t i = 0; i < s->k; i++)
        off += u[i] * u[i];
    return sqrt(off) > cut * sqrt(turn) && sqrt(off) > 1e-12 * sqrt(whole);
}

/* r [k, k], symmetric, is spoilt; work is [2, k]. */
static jc_status decompose(jc_solver *s, double *r, double *work, double cut, jc_error *err)
{
    double *value = work, *u = work + s->k;
    size_t k = s->k;
    jc_status st = jc_eigen(r, k, value, err);

    if (st)
        return st;
    cut = fmax(cut, -2 * value[0]);
    size_t first = 0;
    while (first < k && value[first] <= cut)
        first++;
    s->rank = k - first;
    s->left = jc_matrix_new(k, s->rank, sizeof *s->left);
    s->right = jc_matrix_new(s->rank, k, sizeof *s->right);
    if (!s->left || !s->right)
        return jc_fail_nomem(err, "a solver");
    if (s->rank == k) {
        invert_whole(s, r, value);
        return JC_OK;
    }
    s->mean_leaves |= mean_leaves(s, s->mean, r + first * k, value + first, cut, u);
    return invert_part(s, r + first * k, value + first, err);
}

/* x[m, k]: rows of C', over the coordinates with spread, become rows of S^+ C. */
static void solve_rows(const jc_solver *s, double *x, size_t m, double *half)
{
    for (size_t row = 0; row < m; row++)
        for (size_t i = 0; i < s->k; i++)
            x[row * s->k + i] /= s->scale[i];
    if (s->factor) {
        jc_cholesky_solve(s->factor, s->k, x, m);
        for (size_t row = 0; row < m; row++)
            for (size_t i = 0; i < s->k; i++)
                x[row * s->k + i] /= s->scale[i];
    } else {
        jc_dgemm(false, false, m, s->rank, s->k, x, s->left, half);
        jc_dgemm(false, false, m, s->k, s->rank, half, s->right, x);
    }
}

/* q [d]: what the span of the centred vectors leaves of the mean. */
static jc_status mean_remainder(const jc_solver *s, double *q, jc_error *err)
{
    double *along = jc_matrix_new(1, s->k + s->rank, sizeof *along);
    double *part = along + s->k; /* [r] */

    if (!along)
        return jc_fail_nomem(err, "a solver");
    memcpy(q, s->mean, s->d * sizeof *q);
    for (size_t i = 0; i < s->k; i++)
        along[i] = s->mean[s->at[i]];
    if (s->rank < s->k) { /* right is Q' */
        jc_dgemm(false, true, 1, s->rank, s->k, along, s->right, part);
        jc_dgemm(false, false, 1, s->k, s->rank, part, s->right, along);
    }
    for (size_t i = 0; i < s->k; i++)
        q[s->at[i]] -= along[i];
    jc_free(along);
    return JC_OK;
}

/* S^+ m, over [d]. */
static jc_status solve_mean(const jc_solver *s, double *y, jc_error *err)
{
    double *x = jc_matrix_new(1, s->k + s->rank, sizeof *x);

    if (!x)
        return jc_fail_nomem(err, "a solver");
    for (size_t i = 0; i < s->k; i++)
        x[i] = s->mean[s->at[i]];
    solve_rows(s, x, 1, x + s->k);
    for (size_t i = 0; i < s->k; i++)
        y[s->at[i]] = x[i];
    jc_free(x);
    return JC_OK;
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static jc_status find_gain(jc_solver *s, double rows, jc_error *err)
{
    double *g = jc_matrix_new(1, s->d, sizeof *g);

    s->gain = g;
    if (!g)
        return jc_fail_nomem(err, "a solver");
    jc_status st = s->mean_leaves ? mean_remainder(s, g, err) : solve_mean(s, g, err);
    if (st)
        return st;
    double over = s->mean_leaves ? dot(g, g, s->d) : 1 / rows + dot(g, s->mean, s->d);
    for (size_t i = 0; i < s->d; i++)
        g[i] = over > 0 ? g[i] / over : 0;
    return JC_OK;
}

static jc_status factorize(jc_solver *s, const jc_source *src, jc_error *err)
{
    double *r = jc_matrix_new(s->k, s->k, sizeof *r);
    double *work = jc_matrix_new(2, s->k, sizeof *work);
    double cut, norm1;
    bool done = false;
    jc_status st = JC_OK;

    if (!r || !work)
        st = jc_fail_nomem(err, "a solver");
    if (st == JC_OK)
        st = correlate(s, src, r, &cut, &norm1, err);
    if (st == JC_OK)
        st = try_cholesky(s, &r, cut, norm1, &done, err);
    if (st == JC_OK && !done) {
        st = correlate(s, src, r, &cut, &norm1, err); /* the attempt has spoilt it */
        if (st == JC_OK)
            st = decompose(s, r, work, cut, err);
    }
    jc_free(r);
    jc_free(work);
    return st;
}

jc_status jc_solver_new(jc_solver **out, const jc_source *source, jc_error *err)
{
    jc_solver *s = jc_alloc_array(1, sizeof *s);

    if (!s)
        return jc_fail_nomem(err, "a solver");
    s->d = source->d;
    s->mean = source->mean;
    s->at = jc_alloc_array(s->d, sizeof *s->at);
    s->scale = jc_matrix_new(1, s->d, sizeof *s->scale);
    jc_status st =
        s->at && s->scale ? check_finite(source, err) : jc_fail_nomem(err, "a solver");
    if (st == JC_OK)
        find_spread(s, source, penalty(source));
    if (st == JC_OK && s->k > 0)
        st = factorize(s, source, err);
    if (st == JC_OK && !source->bias)
        st = find_gain(s, source->rows, err);
    if (st) {
        jc_solver_free(s);
        return st;
    }
    *out = s;
    return JC_OK;
}

jc_status jc_solver_solve(const jc_solver *solver, const double *cross,
                          const double *mean_y, double *w, jc_error *err)
{
    size_t d = solver->d, k = solver->k;
    double *x = jc_matrix_new(d, k, sizeof *x);
    double *half = solver->factor ? NULL : jc_matrix_new(d, solver->rank, sizeof *half);
    jc_status st = JC_OK;

    if (!x || (!half && !solver->factor)) {
        st = jc_fail_nomem(err, "a solver");
        goto done;
    }
    for (size_t i = 0; i < k; i++)
        for (size_t row = 0; row < d; row++)
            x[row * k + i] = cross[solver->at[i] * d + row];
    solve_rows(solver, x, d, half);
    for (size_t row = 0; row < d; row++) {
        double *to = w + row * d;

        memset(to, 0, d * sizeof *to);
        for (size_t i = 0; i < k; i++)
            to[solver->at[i]] = x[row * k + i];
        if (!solver->gain)
            continue;
        double rest = mean_y[row] - dot(to, solver->mean, d);
        for (size_t i = 0; i < d; i++)
            to[i] += rest * solver->gain[i];
    }
done:
    jc_free(x);
    jc_free(half);
    return st;
}
