/* SPDX-License-Identifier: MIT */
/* tuned.c: the coordinates of tuned maps, their start, and a step. */
#include "fit/tuned.h"

#include <math.h>
#include <string.h>

#include "kernels/linalg.h"
#include "stats/moments.h"

#define RIDGE  1e-4 /* on standardised coordinates; also bounds how much P magnifies */
#define BETA1  0.9
#define BETA2  0.98
#define LITTLE 1e-10 /* beside the root mean square of a gradient, which has no unit */

void jc_tuned_free(jc_tuned *t)
{
    if (!t)
        return;
    for (uint32_t l = 0; t->layer && l < t->n; l++) {
        jc_free(t->layer[l].basis);
        jc_free(t->layer[l].mean);
        jc_free(t->layer[l].w);
        jc_free(t->layer[l].moment);
        jc_free(t->layer[l].square);
        jc_free(t->layer[l].best);
    }
    jc_free(t->layer);
    jc_free(t->mean);
    jc_free(t->scale);
    jc_free(t);
}

static bool make_layer(jc_tuned_layer *layer, size_t d)
{
    layer->basis = jc_matrix_new(d, d, sizeof(float));
    layer->mean = jc_matrix_new(d, 1, sizeof(float));
    layer->w = jc_matrix_new(d, d + 1, sizeof(float));
    layer->moment = jc_matrix_new(d, d + 1, sizeof(float));
    layer->square = jc_matrix_new(d, d + 1, sizeof(float));
    layer->best = jc_matrix_new(d, d + 1, sizeof(float));
    return layer->basis && layer->mean && layer->w && layer->moment && layer->square &&
           layer->best;
}

jc_status jc_tuned_new(jc_tuned **out, uint32_t layers, size_t d, jc_error *err)
{
    jc_tuned *t = jc_alloc_array(1, sizeof *t);
    bool made = t != NULL;

    *out = NULL;
    if (made) {
        t->n = layers;
        t->d = d;
        t->layer = jc_alloc_array(layers, sizeof *t->layer);
        t->mean = jc_matrix_new(d, 1, sizeof *t->mean);
        t->scale = jc_matrix_new(d, 1, sizeof *t->scale);
        made = t->layer && t->mean && t->scale;
    }
    for (uint32_t l = 0; made && l < layers; l++)
        made = make_layer(&t->layer[l], d);
    if (!made) {
        jc_tuned_free(t);
        return jc_fail_nomem(err, "maps that are trained");
    }
    *out = t;
    return JC_OK;
}

/* ---- start ---- */

/* sd [d] of the coordinates, 1 where one does not vary. */
static void deviations(const jc_stats *stats, uint32_t tap, double *sd)
{
    for (size_t i = 0; i < stats->width; i++) {
        sd[i] = sqrt(stats->square[tap * stats->width + i] / (double)stats->rows);
        if (!(sd[i] > 0))
            sd[i] = 1;
    }
}

/* P [d, d] in float64 from the sums of a tap. */
static jc_status whiten(const jc_stats *stats, uint32_t tap, const double *sd, double *p,
                        jc_error *err)
{
    size_t d = stats->width;
    const double *square = jc_stats_cross(stats, tap, tap);
    double *value = jc_matrix_new(d, 1, sizeof *value);

    if (!value)
        return jc_fail_nomem(err, "maps that are trained");
    for (size_t i = 0; i < d; i++)
        for (size_t k = 0; k < d; k++)
            p[i * d + k] = square[i * d + k] / (sd[i] * sd[k] * (double)stats->rows);
    jc_status st = jc_eigen(p, d, value, err);
    for (size_t k = 0; k < d && st == JC_OK; k++)
        for (size_t i = 0; i < d; i++)
            p[k * d + i] /= sqrt(fmax(value[k], 0) + RIDGE) * sd[i];
    jc_free(value);
    return st;
}

static jc_status start_layer(jc_tuned *t, uint32_t l, const jc_stats *stats, double *p,
                             double *sd, double *w, jc_error *err)
{
    size_t d = t->d;
    jc_tuned_layer *layer = &t->layer[l];
    const double *cross = jc_stats_cross(stats, l, t->n);

    deviations(stats, l, sd);
    jc_status st = whiten(stats, l, sd, p, err);
    if (st)
        return st;
    jc_dgemm(true, true, d, d, d, cross, p, w); /* [y, u] */
    for (size_t i = 0; i < d * d; i++)
        layer->basis[i] = (float)p[i];
    for (size_t i = 0; i < d; i++) {
        layer->mean[i] = (float)stats->mean[l * d + i];
        for (size_t k = 0; k < d; k++)
            layer->w[i * (d + 1) + k] =
                (float)(w[i * d + k] / ((double)stats->rows * (double)t->scale[i]));
    }
    return JC_OK;
}

jc_status jc_tuned_start(jc_tuned *t, const jc_stats *stats, jc_error *err)
{
    size_t d = t->d;
    double *p = jc_matrix_new(d, d, sizeof *p), *w = jc_matrix_new(d, d, sizeof *w);
    double *sd = jc_matrix_new(d, 1, sizeof *sd);
    jc_status st = p && w && sd ? JC_OK : jc_fail_nomem(err, "maps that are trained");

    if (st == JC_OK) {
        deviations(stats, t->n, sd);
        for (size_t i = 0; i < d; i++) {
            t->mean[i] = (float)stats->mean[t->n * d + i];
            t->scale[i] = (float)sd[i];
        }
    }
    for (uint32_t l = 0; l < t->n && st == JC_OK; l++)
        st = start_layer(t, l, stats, p, sd, w, err);
    jc_free(p);
    jc_free(w);
    jc_free(sd);
    return st;
}

/* ---- maps and steps ---- */

/* The basis of a layer and its numbers w, without the constant, in float64: [2 d, d]. */
static double *widen(const jc_tuned *t, uint32_t l, const float *w)
{
    size_t d = t->d;
    double *wide = jc_matrix_new(2 * d, d, sizeof *wide);

    for (size_t i = 0; wide && i < d * d; i++)
        wide[i] = (double)t->layer[l].basis[i];
    for (size_t i = 0; wide && w && i < d; i++)
        for (size_t k = 0; k < d; k++)
            wide[(d + i) * d + k] = (double)w[i * (d + 1) + k];
    return wide;
}

jc_status jc_tuned_map(const jc_tuned *t, uint32_t l, const float *w, float *weight,
                       float *bias, jc_error *err)
{
    size_t d = t->d;
    double *wide = widen(t, l, w), *product = jc_matrix_new(d, d, sizeof *product);
    bool made = wide && product;

    if (made)
        jc_dgemm(false, false, d, d, d, wide + d * d, wide, product);
    for (size_t i = 0; made && i < d; i++) {
        double scale = (double)t->scale[i];
        double constant = (double)t->mean[i] + scale * (double)w[i * (d + 1) + d];
        for (size_t k = 0; k < d; k++) {
            double a = scale * product[i * d + k];
            weight[i * d + k] = (float)a;
            constant -= (double)weight[i * d + k] * (double)t->layer[l].mean[k];
        }
        bias[i] = (float)constant;
    }
    jc_free(wide);
    jc_free(product);
    return made ? JC_OK : jc_fail_nomem(err, "maps that are trained");
}

/* Adam (Kingma and Ba 2015). The running means begin at 0, which a step allows for. */
struct adam {
    double rate, moment, square; /* what to multiply these by */
};

/* One number. */
static void move(jc_tuned_layer *layer, size_t at, double g, const struct adam *adam)
{
    double m = BETA1 * (double)layer->moment[at] + (1 - BETA1) * g;
    double v = BETA2 * (double)layer->square[at] + (1 - BETA2) * g * g;

    layer->moment[at] = (float)m;
    layer->square[at] = (float)v;
    m *= adam->moment;
    v *= adam->square;
    layer->w[at] = (float)((double)layer->w[at] - adam->rate * m / (sqrt(v) + LITTLE));
}

jc_status jc_tuned_step(jc_tuned *t, uint32_t l, double *by_weight, const double *by_bias,
                        size_t rows, double rate, jc_error *err)
{
    size_t d = t->d;
    jc_tuned_layer *layer = &t->layer[l];
    const struct adam adam = {rate, 1 / (1 - pow(BETA1, (double)t->step)),
                              1 / (1 - pow(BETA2, (double)t->step))};
    double *wide = widen(t, l, NULL);

    if (!wide)
        return jc_fail_nomem(err, "a step");
    for (size_t i = 0; i < d; i++)
        for (size_t k = 0; k < d; k++)
            by_weight[i * d + k] -= by_bias[i] * (double)layer->mean[k];
    jc_dgemm(false, true, d, d, d, by_weight, wide, wide + d * d);
    for (size_t i = 0; i < d; i++) {
        double scale = (double)t->scale[i] / (double)rows;
        for (size_t k = 0; k < d; k++)
            move(layer, i * (d + 1) + k, scale * wide[(d + i) * d + k], &adam);
        move(layer, i * (d + 1) + d, scale * by_bias[i], &adam);
    }
    jc_free(wide);
    return JC_OK;
}
