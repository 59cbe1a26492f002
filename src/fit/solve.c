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
 * Rank. The sums with the targets are products of float32 rows added in blocks of up to
 * 1024: an entry has an error of about e = 2^-24 sqrt(1024) / 3 = 6e-7 of its size, of
 * random sign, which the inverse of an eigenvalue of R makes larger. A random matrix whose
 * entries have the size of e R has norm about 2 e rho, rho the largest norm of a row of R
 * (from 1 to sqrt(d)). What lies along eigenvalues under NOISE rho = 2^-19 rho, 2e-6 rho,
 * is thus noise; states of language models have their smallest between 1e-4 and 1e-1, or,
 * where a norm or a constant holds them in a plane, 1e-14. An eigenvalue below zero is
 * noise for sure, and noise is as often above zero as below, so the cut is at least twice
 * the most negative one. Where a Cholesky factor shows that all eigenvalues are above the
 * cut, nothing more is done. Where not, R ~ V L V' with the r eigenvalues kept; D^-1 V L^-1
 * V' D^-1 C is one solution of many, and its projection on the rows' span, span(D V) in the
 * original coordinates, is the one of least norm.
 *
 * R itself is made of products in float64, of float32 rows less a center: a difference is
 * rounded by 2^-24 of itself, at random. So an entry of R is wrong by about 2^-25 /
 * sqrt(n), and R by 2^-24 rho / sqrt(n); four times that is OWN_NOISE. It says how well the
 * plane of the kept directions is known, and so whether the mean lies in it.
 *
 * A spread below a few units in the last place of the mean is rounding of a constant.
 *
 * Ridge. S + lambda I replaces S; lambda = ridge mean(diag(S)), of S + n m m' without
 * intercept. A coordinate without spread then has lambda for its square.
 */
#include "fit/solve.h"

#include <math.h>
#include <string.h>

#include "kernels/linalg.h"

#define NOISE           0x1p-19 /* of an eigenvalue of R, over the largest norm of a row of R */
#define OWN_NOISE       0x1p-22 /* the same of R's own error, times the root of the rows */
#define MEAN_ROUND      0x1p-22 /* of a coordinate, over its mean: four units of float32 */
#define CORRELATION_MAX 2.0     /* of honest sums: 1, and noise */

struct jc_solver {
    size_t d;
    double *inverse;    /* [d, d]: W = C' inverse, before the mean is seen to */
    double *gain;       /* [d]: g above; NULL with an intercept */
    const double *mean; /* [d], borrowed */
    double rows, lambda;

    /* what the inverse was made of */
    size_t k;         /* coordinates with spread */
    size_t rank;      /* r <= k */
    size_t *at;       /* [k]: their numbers */
    double *scale;    /* [k]: D */
    double *basis;    /* [r, k]: Q', orthonormal, spans the rows; NULL when r = k */
    bool mean_leaves; /* the span of the centred vectors */
};

void jc_solver_free(jc_solver *solver)
{
    if (!solver)
        return;
    jc_free(solver->inverse);
    jc_free(solver->gain);
    jc_free(solver->at);
    jc_free(solver->scale);
    jc_free(solver->basis);
    jc_free(solver);
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

/* inverse [d, d] = D^-1 x D^-1 or, projected, D^-1 x; x [k, k]. */
static void scatter(jc_solver *s, const double *x, bool projected)
{
    for (size_t i = 0; i < s->k; i++)
        for (size_t j = 0; j < s->k; j++)
            s->inverse[s->at[i] * s->d + s->at[j]] =
                x[i * s->k + j] / (projected ? s->scale[i] : s->scale[i] * s->scale[j]);
}

/* Done if a factor of r [k, k] shows that no eigenvalue is below the cut. r is spoilt. */
static jc_status try_cholesky(jc_solver *s, double *r, double cut, double norm1, bool *done,
                              jc_error *err)
{
    double least = 0;
    jc_status st = JC_OK;

    *done = false;
    if (!jc_cholesky(r, s->k))
        return JC_OK;
    st = jc_cholesky_least(r, s->k, norm1, &least, err);
    if (st || least < cut)
        return st;
    jc_cholesky_invert(r, s->k);
    scatter(s, r, false);
    s->rank = s->k;
    *done = true;
    return JC_OK;
}

/* All directions kept: R^-1 = V L^-1 V', v [k, k] the eigenvectors as rows. */
static jc_status invert_whole(jc_solver *s, const double *v, const double *value,
                              jc_error *err)
{
    size_t k = s->k;
    double *over = jc_matrix_new(k, k, sizeof *over); /* L^-1 V' */
    double *x = jc_matrix_new(k, k, sizeof *x);
    jc_status st = JC_OK;

    if (!over || !x) {
        st = jc_fail_nomem(err, "a solver");
        goto done;
    }
    for (size_t e = 0; e < k; e++)
        for (size_t i = 0; i < k; i++)
            over[e * k + i] = v[e * k + i] / value[e];
    jc_dgemm(true, false, k, k, k, v, over, x);
    scatter(s, x, false);
done:
    jc_free(over);
    jc_free(x);
    return st;
}

/* V L^-1 V' D^-1 Q Q', Q [k, r] an orthonormal basis of span(D V), v [r, k] the
 * eigenvectors kept as rows. */
static jc_status invert_part(jc_solver *s, const double *v, const double *value,
                             jc_error *err)
{
    size_t r = s->rank, k = s->k;
    double *q = jc_matrix_new(r, k, sizeof *q);       /* V' D, then Q' */
    double *part = jc_matrix_new(r, k, sizeof *part); /* V' D^-1, then L^-1 V' D^-1 Q Q' */
    double *small = jc_matrix_new(r, r, sizeof *small); /* L^-1 V' D^-1 Q */
    double *x = jc_matrix_new(k, k, sizeof *x);
    jc_status st = JC_OK;

    s->basis = q;
    if (!q || !part || !small || !x) {
        st = jc_fail_nomem(err, "a solver");
        goto done;
    }
    for (size_t e = 0; e < r; e++) {
        for (size_t i = 0; i < k; i++) {
            q[e * k + i] = v[e * k + i] * s->scale[i];
            part[e * k + i] = v[e * k + i] / s->scale[i];
        }
    }
    st = jc_orthonormal(q, r, k, err);
    if (st)
        goto done;
    jc_dgemm(false, true, r, r, k, part, q, small);
    for (size_t e = 0; e < r; e++)
        for (size_t f = 0; f < r; f++)
            small[e * r + f] /= value[e];
    jc_dgemm(false, false, r, k, r, small, q, part);
    jc_dgemm(true, false, k, k, r, v, part, x);
    scatter(s, x, true);
done:
    jc_free(part);
    jc_free(small);
    jc_free(x);
    return st;
}

/* Whether the mean has a part off span(D V) that the noise of V does not explain: the part
 * of u = D^-1 m that lies in the directions kept turns by at most noise |L^-1 V' u|. A
 * LayerNorm keeps states in a plane that passes close by zero, so `noise` must not be
 * larger than it is. */
static bool mean_leaves(const jc_solver *s, const double *mean, const double *v,
                        const double *value, double noise, double *u)
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
    return sqrt(off) > noise * sqrt(turn) && sqrt(off) > 1e-12 * sqrt(whole);
}

/* r [k, k], symmetric, is spoilt; work is [2, k]. */
static jc_status decompose(jc_solver *s, double *r, double *work, double cut, double noise,
                           jc_error *err)
{
    size_t k = s->k;
    double *value = work, *u = work + k;
    jc_status st = jc_eigen(r, k, value, err);

    if (st)
        return st;
    cut = fmax(cut, -2 * value[0]);
    noise = fmax(noise, -2 * value[0]);
    size_t first = 0;
    while (first < k && value[first] <= cut)
        first++;
    s->rank = k - first;
    if (s->rank == k)
        return invert_whole(s, r, value, err);
    s->mean_leaves |= mean_leaves(s, s->mean, r + first * k, value + first, noise, u);
    return invert_part(s, r + first * k, value + first, err);
}

/* q [d]: what the span of the centred vectors leaves of the mean. */
static jc_status mean_remainder(const jc_solver *s, double *q, jc_error *err)
{
    double *along = jc_matrix_new(1, s->k + s->rank, sizeof *along);

    if (!along)
        return jc_fail_nomem(err, "a solver");
    double *part = along + s->k; /* [r] */
    memcpy(q, s->mean, s->d * sizeof *q);
    for (size_t i = 0; i < s->k; i++)
        along[i] = s->mean[s->at[i]];
    if (s->basis) {
        jc_dgemm(false, true, 1, s->rank, s->k, along, s->basis, part);
        jc_dgemm(false, false, 1, s->k, s->rank, part, s->basis, along);
    }
    for (size_t i = 0; i < s->k; i++)
        q[s->at[i]] -= along[i];
    jc_free(along);
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
    if (s->mean_leaves) {
        jc_status st = mean_remainder(s, g, err);
        if (st)
            return st;
    } else {
        jc_dgemm(false, false, 1, s->d, s->d, s->mean, s->inverse, g);
    }
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
        st = try_cholesky(s, r, cut, norm1, &done, err);
    if (st == JC_OK && !done) {
        st = correlate(s, src, r, &cut, &norm1, err); /* the attempt has spoilt it */
        if (st == JC_OK)
            st = decompose(s, r, work, cut, cut / NOISE * OWN_NOISE / sqrt(src->rows), err);
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
    s->rows = source->rows;
    s->lambda = penalty(source);
    s->at = jc_alloc_array(s->d, sizeof *s->at);
    s->scale = jc_matrix_new(1, s->d, sizeof *s->scale);
    s->inverse = jc_matrix_new(s->d, s->d, sizeof *s->inverse);
    jc_status st = JC_OK;
    if (!s->at || !s->scale || !s->inverse)
        st = jc_fail_nomem(err, "a solver");
    if (st == JC_OK)
        st = check_finite(source, err);
    if (st == JC_OK)
        find_spread(s, source, s->lambda);
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

void jc_solver_solve(const jc_solver *solver, size_t d_out, const double *cross,
                     const double *mean_y, double *w)
{
    size_t d = solver->d;

    jc_dgemm(true, false, d_out, d, d, cross, solver->inverse, w);
    for (size_t row = 0; solver->gain && row < d_out; row++) {
        double *to = w + row * d;
        double rest = mean_y[row] - dot(to, solver->mean, d);

        for (size_t i = 0; i < d; i++)
            to[i] += rest * solver->gain[i];
    }
}

/* w solves (S + lambda I) w = c for each coordinate of y, so that w S w' = w c - lambda
 * |w|^2 and the residual is |y|^2 - w c - lambda |w|^2; S, c and |y|^2 are about the means
 * with an intercept and about zero without. */
double jc_solver_r2(const jc_solver *solver, size_t d_out, const double *cross,
                    const double *mean_y, const double *square_y, const double *w)
{
    size_t d = solver->d;
    double n = solver->gain ? solver->rows : 0, total = 0; /* no gain: an intercept */

    for (size_t row = 0; row < d_out; row++) {
        const double *to = w + row * d;
        double along = n * dot(to, solver->mean, d) * mean_y[row];
        for (size_t i = 0; i < d; i++)
            along += to[i] * cross[i * d_out + row];
        double all = square_y[row] + n * mean_y[row] * mean_y[row];
        double residual = all - along - solver->lambda * dot(to, to, d);
        total += square_y[row] > 0 ? 1 - fmax(residual, 0) / square_y[row] : 1;
    }
    return total / (double)d_out;
}
