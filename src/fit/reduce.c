/* SPDX-License-Identifier: MIT */
#include "fit/reduce.h"

#include <math.h>
#include <string.h>

#include "kernels/linalg.h"

/* s [d, d] = W C W' = W times the moments of sources and targets, as W solves for them. */
static jc_status explained(const jc_least *least, bool bias, double *s, jc_error *err)
{
    size_t d = least->d_out, in = least->d_in;
    double *cross = jc_matrix_new(in, d, sizeof *cross);

    if (!cross)
        return jc_fail_nomem(err, "a narrow map");
    memcpy(cross, least->cross, in * d * sizeof *cross);
    for (size_t i = 0; i < in && !bias; i++)
        for (size_t c = 0; c < d; c++)
            cross[i * d + c] += least->rows * least->mean_x[i] * least->mean_y[c];
    jc_dgemm(false, false, d, d, in, least->w, cross, s);
    for (size_t i = 0; i < d; i++)
        for (size_t k = 0; k < i; k++)
            s[i * d + k] = s[k * d + i] = (s[i * d + k] + s[k * d + i]) / 2;
    jc_free(cross);
    return JC_OK;
}

/* a [d, d] = R a R; work [d, d]. */
static void weigh(double *a, const jc_weighing *w, double *work)
{
    if (!w->root)
        return;
    jc_dgemm(false, false, w->d, w->d, w->d, w->root, a, work);
    jc_dgemm(false, false, w->d, w->d, w->d, work, w->root, a);
}

/* The rows of v [d, d] the other way round: the largest first. */
static void turn(double *v, double *value, size_t d)
{
    for (size_t k = 0; k < d / 2; k++) {
        double *a = v + k * d, *b = v + (d - 1 - k) * d;
        double x = value[k];
        value[k] = value[d - 1 - k];
        value[d - 1 - k] = x;
        for (size_t i = 0; i < d; i++) {
            x = a[i];
            a[i] = b[i];
            b[i] = x;
        }
    }
}

/* R2 of each rank. */
static jc_status find_r2(jc_reduced *out, const jc_least *least, bool bias,
                         const double *value, jc_error *err)
{
    size_t d = out->d;
    double *residual = jc_matrix_new(1, d, sizeof *residual);

    if (!residual)
        return jc_fail_nomem(err, "a narrow map");
    for (size_t c = 0; c < d; c++)
        residual[c] = least->square_y[c] +
                      (bias ? 0 : least->rows * least->mean_y[c] * least->mean_y[c]);
    for (size_t k = 0; k < d; k++) {
        double total = 0;
        for (size_t c = 0; c < d; c++) {
            double u = out->up[k * d + c];
            residual[c] -= fmax(value[k], 0) * u * u;
            total +=
                least->square_y[c] > 0 ? 1 - fmax(residual[c], 0) / least->square_y[c] : 1;
        }
        out->r2[k] = total / (double)d;
    }
    jc_free(residual);
    return JC_OK;
}

jc_status jc_reduce(jc_reduced *out, const jc_least *least, bool bias,
                    const jc_weighing *weighing, jc_error *err)
{
    size_t d = least->d_out, in = least->d_in;
    double *v = jc_matrix_new(d, d, sizeof *v), *work = jc_matrix_new(d, in, sizeof *work);
    double *value = jc_matrix_new(1, d, sizeof *value);
    jc_status st = JC_OK;

    *out = (jc_reduced){.d_in = in, .d = d};
    out->down = jc_matrix_new(d, in, sizeof *out->down);
    out->up = jc_matrix_new(d, d, sizeof *out->up);
    out->r2 = jc_matrix_new(1, d, sizeof *out->r2);
    if (!v || !work || !value || !out->down || !out->up || !out->r2)
        st = jc_fail_nomem(err, "a narrow map");
    if (st == JC_OK)
        st = explained(least, bias, v, err);
    if (st == JC_OK) {
        weigh(v, weighing, work);
        st = jc_eigen(v, d, value, err);
    }
    if (st == JC_OK) {
        turn(v, value, d);
        if (weighing->root) {
            jc_dgemm(false, false, d, in, d, weighing->root, least->w, work);
            jc_dgemm(false, false, d, in, d, v, work, out->down);
            jc_dgemm(false, false, d, d, d, v, weighing->inverse, out->up);
        } else {
            jc_dgemm(false, false, d, in, d, v, least->w, out->down);
            memcpy(out->up, v, d * d * sizeof *v);
        }
        st = find_r2(out, least, bias, value, err);
    }
    jc_free(v);
    jc_free(work);
    jc_free(value);
    if (st)
        jc_reduced_release(out);
    return st;
}

void jc_reduced_release(jc_reduced *reduced)
{
    jc_free(reduced->down);
    jc_free(reduced->up);
    jc_free(reduced->r2);
    *reduced = (jc_reduced){0};
}

/* The intercept is that of the rounded weights, so that the means meet. */
static jc_status fill_bias(const jc_map *map, const jc_least *least, const float *down,
                           const float *up, float *bias, jc_error *err)
{
    double *between = jc_matrix_new(1, map->rank, sizeof *between);

    if (!between)
        return jc_fail_nomem(err, "a narrow map");
    for (size_t k = 0; k < map->rank; k++)
        for (size_t i = 0; i < map->d_in; i++)
            between[k] += (double)down[k * map->d_in + i] * least->mean_x[i];
    for (size_t c = 0; c < map->d_out; c++) {
        double at_mean = 0;
        for (size_t k = 0; k < map->rank; k++)
            at_mean += (double)up[c * map->rank + k] * between[k];
        bias[c] = (float)(least->mean_y[c] - at_mean);
    }
    jc_free(between);
    return JC_OK;
}

jc_status jc_reduced_store(const jc_fit_job *job, jc_shortcut *shortcut,
                           const jc_least *least, const jc_reduced *reduced, size_t rank)
{
    const jc_map_spec spec = {.form = &jc_form_low_rank,
                              .place = least->wanted->place,
                              .rank = rank,
                              .optional = job->params->bias};
    size_t d = reduced->d, in = reduced->d_in;
    jc_map *map;
    jc_status st = jc_shortcut_add(shortcut, &spec, &map, job->err);

    if (st)
        return st;
    float *down = jc_map_fill(map, "down"), *up = jc_map_fill(map, "up");
    float *bias = jc_map_fill(map, "bias");
    for (size_t i = 0; i < rank * in; i++)
        down[i] = (float)reduced->down[i];
    for (size_t c = 0; c < d; c++)
        for (size_t k = 0; k < rank; k++)
            up[c * rank + k] = (float)reduced->up[k * d + c];
    if (bias)
        st = fill_bias(map, least, down, up, bias, job->err);
    if (map->place.kind != JC_PLACE_PART)
        map->r2 = reduced->r2[rank - 1];
    if (st == JC_OK)
        st = jc_fit_finite(job, map, down, rank * in);
    return st ? st : jc_fit_finite(job, map, up, d * rank);
}

jc_status jc_rank_of(const jc_fit_job *job, size_t *rank)
{
    size_t d = job->stats->width;

    *rank = job->params->rank ? job->params->rank : d < 100 ? 1 : d / 100;
    if (*rank > d)
        return jc_fail(job->err, JC_E_ARG, "'rank' must be from 1 to %zu, not %zu", d,
                       *rank);
    return JC_OK;
}
