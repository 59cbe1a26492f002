/* SPDX-License-Identifier: MIT */
/*
 * least.c: least squares for all maps that are wanted.
 *
 * All maps from the same taps share the matrix of these taps, so it is factored once and
 * used for every target. The threads are those of the products; the loop over taps is
 * serial and holds one factor at a time. Of several taps, the matrix is put together from
 * the sums of each pair of them.
 */
#include "fit/least.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/spill.h"
#include "fit/keep.h"
#include "kernels/linalg.h"
#include "kernels/vector.h"

/* The taps that the solver at hand is of. */
typedef struct source {
    const jc_wanted *of; /* NULL: none yet */
    jc_solver *solver;
    double *own_square, *own_mean; /* [n d, n d], [n d] of several taps; else NULL */
    const double *square, *mean;
    size_t d;
} source;

static bool same_source(const jc_wanted *a, const jc_wanted *b)
{
    return a && a->sums == b->sums && a->n_from == b->n_from &&
           memcmp(a->from, b->from, a->n_from * sizeof *a->from) == 0;
}

static void drop(source *s)
{
    jc_solver_free(s->solver);
    jc_free(s->own_square);
    jc_free(s->own_mean);
    *s = (source){0};
}

/* Entry (i, k) of the products of two nodes, of which one order is kept. */
static const double *products(const jc_stats *s, uint32_t i, uint32_t k, bool *turned)
{
    const double *cross = jc_stats_cross(s, i, k);

    *turned = !cross;
    return cross ? cross : jc_stats_cross(s, k, i);
}

static jc_status put_together(source *s, const jc_wanted *w, jc_error *err)
{
    const jc_stats *sums = w->sums;
    size_t d = sums->width;

    s->own_square = jc_matrix_new(s->d, s->d, sizeof *s->own_square);
    s->own_mean = jc_matrix_new(1, s->d, sizeof *s->own_mean);
    if (!s->own_square || !s->own_mean)
        return jc_fail_nomem(err, "the sums of several taps");
    for (size_t i = 0; i < w->n_from; i++) {
        memcpy(s->own_mean + i * d, sums->mean + w->from[i] * d, d * sizeof(double));
        for (size_t k = 0; k < w->n_from; k++) {
            bool turned;
            const double *from = products(sums, w->from[i], w->from[k], &turned);
            if (!from)
                return jc_fail(err, JC_E_ARG, "the sums lack products of two taps");
            for (size_t a = 0; a < d; a++)
                for (size_t b = 0; b < d; b++)
                    s->own_square[(i * d + a) * s->d + k * d + b] =
                        turned ? from[b * d + a] : from[a * d + b];
        }
    }
    s->square = s->own_square;
    s->mean = s->own_mean;
    return JC_OK;
}

static void describe(const jc_wanted *w, char *text, size_t size)
{
    char tap[JC_TAP_AT_NAME];
    size_t n = (size_t)snprintf(text, size, "layer");

    if (w->place.kind == JC_PLACE_PART) {
        jc_tap_at_name((jc_tap_at){.tap = jc_stats_tap(w->sums, w->from[0])}, tap);
        snprintf(text + n, size - n, " %s", tap);
        return;
    }
    for (size_t i = 0; i < w->n_from && n < size; i++) {
        jc_tap_at_name(w->place.from[i], tap);
        n += (size_t)snprintf(text + n, size - n, "%s%s", i ? "+" : " ", tap);
    }
}

static jc_status prepare(source *s, const jc_fit_job *job, const jc_wanted *w, double ridge)
{
    char what[160];
    jc_status st = JC_OK;

    drop(s);
    s->of = w;
    s->d = w->n_from * w->sums->width;
    s->square = jc_stats_cross(w->sums, w->from[0], w->from[0]);
    s->mean = w->sums->mean + w->from[0] * w->sums->width;
    if (w->n_from > 1)
        st = put_together(s, w, job->err);
    describe(w, what, sizeof what);
    const jc_source from = {.square = s->square,
                            .mean = s->mean,
                            .rows = (double)w->sums->rows,
                            .d = s->d,
                            .bias = job->params->bias,
                            .ridge = ridge,
                            .what = what};
    return st ? st : jc_solver_new(&s->solver, &from, job->err);
}

/* cross [n d, d] of several taps to the target. */
static jc_status put_cross(const jc_wanted *w, double *cross, jc_error *err)
{
    size_t d = w->sums->width;

    for (size_t i = 0; i < w->n_from; i++) {
        bool turned;
        const double *from = products(w->sums, w->from[i], w->to, &turned);
        if (!from)
            return jc_fail(err, JC_E_ARG, "the sums lack products of two taps");
        for (size_t a = 0; a < d; a++)
            for (size_t b = 0; b < d; b++)
                cross[(i * d + a) * d + b] = turned ? from[b * d + a] : from[a * d + b];
    }
    return JC_OK;
}

static jc_status
solve(const source *s, jc_fit_job *job, const jc_wanted *w,
      jc_status (*found)(jc_fit_job *job, const jc_least *least, void *arg), void *arg)
{
    size_t d = w->sums->width;
    const double *kept = jc_stats_cross(w->sums, w->from[0], w->to);
    bool several = w->n_from > 1 || !kept; /* or kept the other way round */
    double *matrix = jc_matrix_new(d, s->d, sizeof *matrix);
    double *own = several ? jc_matrix_new(s->d, d, sizeof *own) : NULL;
    jc_least least = {.wanted = w,
                      .d_in = s->d,
                      .d_out = d,
                      .rows = (double)w->sums->rows,
                      .mean_x = s->mean,
                      .mean_y = w->sums->mean + w->to * d,
                      .square_y = w->sums->square + w->to * d,
                      .square = s->square,
                      .cross = several ? own : kept,
                      .w = matrix};
    jc_status st = !matrix || (several && !own) ? jc_fail_nomem(job->err, "a map") : JC_OK;

    if (st == JC_OK && several)
        st = put_cross(w, own, job->err);
    if (st == JC_OK) {
        jc_solver_solve(s->solver, d, least.cross, least.mean_y, matrix);
        least.r2 =
            jc_solver_r2(s->solver, d, least.cross, least.mean_y, least.square_y, matrix);
        st = found(job, &least, arg);
    }
    jc_free(matrix);
    jc_free(own);
    return st;
}

/* Sums that lie in files are wanted once. */
static void rest(const jc_wanted *w)
{
    for (size_t i = 0; i < w->n_from; i++) {
        jc_stats_rest(w->sums, w->from[i], w->to);
        for (size_t k = i; k < w->n_from; k++)
            jc_stats_rest(w->sums, w->from[i], w->from[k]);
    }
}

jc_status jc_least_each(jc_fit_job *job, double ridge,
                        jc_status (*found)(jc_fit_job *job, const jc_least *least,
                                           void *arg),
                        void *arg)
{
    source s = {0};
    jc_status st = JC_OK;

    for (size_t i = 0; i < job->n && st == JC_OK; i++) {
        const jc_wanted *w = &job->wanted[i];
        if (!same_source(s.of, w)) {
            st = jc_fit_progress(job, i);
            if (st == JC_OK)
                st = prepare(&s, job, w, ridge);
        }
        if (st == JC_OK)
            st = solve(&s, job, w, found, arg);
        rest(w);
    }
    drop(&s);
    return st ? st : jc_fit_progress(job, job->n);
}

jc_status jc_fit_finite(const jc_fit_job *job, const jc_map *map, const float *x, size_t n)
{
    if (jc_vector_get()->finite(n, x))
        return JC_OK;
    return jc_fail(job->err, JC_E_NUMERIC,
                   "cannot fit '%s': it holds a number that is not finite", map->name);
}

/* In float32. The intercept is that of the rounded weights, so that the means meet. */
jc_status jc_least_store(jc_fit_job *job, const jc_least *least, void *arg)
{
    const jc_map_spec spec = {.form = job->params->bias ? &jc_form_affine : &jc_form_dense,
                              .place = least->wanted->place};
    jc_map *map;
    jc_status st = jc_shortcut_add(job->shortcut, &spec, &map, job->err);

    (void)arg;
    if (st)
        return st;
    float *weight = jc_map_fill(map, "weight"), *bias = jc_map_fill(map, "bias");
    for (size_t row = 0; row < least->d_out; row++) {
        double at_mean = 0;

        for (size_t i = 0; i < least->d_in; i++) {
            float w = (float)least->w[row * least->d_in + i];
            weight[row * least->d_in + i] = w;
            at_mean += (double)w * least->mean_x[i];
        }
        if (bias)
            bias[row] = (float)(least->mean_y[row] - at_mean);
    }
    if (map->place.kind != JC_PLACE_PART)
        map->r2 = least->r2;
    st = jc_fit_finite(job, map, weight, least->d_out * least->d_in);
    jc_spill_rest(weight);
    return st || !bias ? st : jc_fit_finite(job, map, bias, least->d_out);
}

/* y - W x - b about the means: |y|^2 - 2 w c + w S w', and what the means are apart. */
static double residual_r2(const jc_wanted *w, const source *s, const double *cross,
                          const double *weight, const float *bias, const double *ws)
{
    size_t d = w->sums->width, in = s->d;
    const double *mean_y = w->sums->mean + w->to * d;
    const double *square_y = w->sums->square + w->to * d;
    double total = 0;

    for (size_t c = 0; c < d; c++) {
        double residual = square_y[c], off = mean_y[c] - (double)bias[c];
        for (size_t i = 0; i < in; i++) {
            residual += weight[c * in + i] * (ws[c * in + i] - 2 * cross[i * d + c]);
            off -= weight[c * in + i] * s->mean[i];
        }
        residual += (double)w->sums->rows * off * off;
        total += square_y[c] > 0 ? 1 - fmax(residual, 0) / square_y[c] : 1;
    }
    return total / (double)d;
}

jc_status jc_least_r2(const jc_wanted *wanted, const jc_map *map, double *r2, jc_error *err)
{
    size_t d = wanted->sums->width, in = wanted->n_from * d;
    source s = {.of = wanted, .d = in};
    float *weight = jc_matrix_new(d + 1, in, sizeof *weight);
    double *wide = jc_matrix_new(2 * d, in, sizeof *wide);
    double *cross = jc_matrix_new(in, d, sizeof *cross);
    jc_status st = weight && wide && cross ? put_together(&s, wanted, err)
                                           : jc_fail_nomem(err, "a map");

    if (st == JC_OK)
        st = put_cross(wanted, cross, err);
    if (st == JC_OK)
        st = jc_map_dense(map, weight, weight + d * in, err);
    if (st == JC_OK) {
        for (size_t i = 0; i < d * in; i++)
            wide[i] = (double)weight[i];
        jc_dgemm(false, false, d, in, in, wide, s.square, wide + d * in);
        *r2 = residual_r2(wanted, &s, cross, wide, weight + d * in, wide + d * in);
    }
    drop(&s);
    jc_free(weight);
    jc_free(wide);
    jc_free(cross);
    return st;
}

jc_status jc_fit_store(const jc_fit_job *job, jc_shortcut *shortcut)
{
    const jc_fit_params *p = job->params;
    double loss = 0, r2 = 0;
    char text[32];
    size_t n = 0;

    if (!p->store || strcmp(p->store, "f32") == 0)
        return JC_OK;
    jc_status st = jc_keep(shortcut, p->store, p->model, p->texts, p->hooks, job->err);
    for (size_t i = 0; i < job->n && st == JC_OK; i++) {
        jc_map *map = jc_shortcut_find_place(shortcut, &job->wanted[i].place);
        if (!map || map->place.kind == JC_PLACE_PART)
            continue;
        st = jc_least_r2(&job->wanted[i], map, &r2, job->err);
        loss += map->r2 - r2;
        map->r2 = r2;
        n++;
    }
    jc_real_format(n ? loss / (double)n : 0, text);
    return st ? st : jc_shortcut_set_meta(shortcut, "store.r2-loss", text, job->err);
}
