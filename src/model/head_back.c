/* SPDX-License-Identifier: MIT */
/*
 * head_back.c: from the derivative of a loss by the logits to that by the state, through a
 * soft cap, the unembedding and the final norm.
 *
 * With x the state, s its standard deviation (or root of the mean square, of an RMS norm),
 * n = (x - mean) / s and g the derivative by n, which is that by the norm's output times
 * its weight, that by x is (g - mean(g) - n mean(g n)) / s; an RMS norm has no mean(g).
 */
#include "model/head_back.h"

#include <math.h>
#include <string.h>

#include "model/model.h"
#include "model/unembed.h"

enum { ROWS = 1024 }; /* of the unembedding that are read at a time */

struct jc_head_back {
    const jc_model *model;
    jc_linear *unembed; /* [vocab] -> [width] */
};

/* The rows of the unembedding as they are asked for, in order. */
struct reader {
    const jc_model *model;
    float *rows; /* [ROWS, width] */
    size_t first, n;
    jc_status st;
    jc_error *err;
};

static void read_rows(void *arg, size_t first, size_t n, float *out)
{
    struct reader *r = arg;
    size_t d = r->model->hp.width, row = first / d;

    if (r->st == JC_OK && (row < r->first || row >= r->first + r->n)) {
        size_t left = r->model->hp.vocab - row;
        r->first = row;
        r->n = left < ROWS ? left : ROWS;
        r->st = jc_unembed_rows(r->model, row, r->n, r->rows, r->err);
    }
    if (r->st == JC_OK)
        memcpy(out, r->rows + (row - r->first) * d + first % d, n * sizeof *out);
    else
        memset(out, 0, n * sizeof *out);
}

jc_status jc_head_back_new(jc_head_back **out, const jc_model *model, jc_error *err)
{
    size_t d = model->hp.width, vocab = model->hp.vocab;
    jc_head_back *back = jc_alloc_array(1, sizeof *back);
    struct reader reader = {.model = model, .err = err};
    const jc_linear_spec spec = {
        .n_in = vocab,
        .n_out = d,
        .weight = {.in_out = true, .arg = &reader, .read = read_rows}};

    *out = NULL;
    reader.rows = jc_matrix_new(ROWS, d, sizeof *reader.rows);
    jc_status st = back && reader.rows ? jc_unembed_rows(model, 0, 1, reader.rows, err)
                                       : jc_fail_nomem(err, "the unembedding");
    if (st == JC_OK)
        st = jc_linear_new(&back->unembed, model->backend, &spec, err);
    if (st == JC_OK)
        st = reader.st;
    jc_free(reader.rows);
    if (st) {
        jc_head_back_free(back);
        return st;
    }
    back->model = model;
    *out = back;
    return JC_OK;
}

void jc_head_back_free(jc_head_back *back)
{
    if (back)
        jc_linear_free(back->unembed);
    jc_free(back);
}

/* z = cap tanh(u / cap): dz/du = 1 - (z / cap)^2 */
static void uncap(float cap, size_t n, const float *z, float *dz)
{
    for (size_t i = 0; i < n; i++)
        dz[i] *= 1 - z[i] / cap * (z[i] / cap);
}

/* One row: g [d] is the derivative by the norm's output, and becomes that by x. */
static void norm_back(const jc_model *model, const float *x, float *g)
{
    size_t d = model->hp.width;
    const float *weight = model->final.weight;
    double mean = 0, square = 0, mean_g = 0, mean_gn = 0, n = (double)d;
    bool centred = model->arch->norm == JC_NORM_LAYER;

    for (size_t i = 0; i < d && centred; i++)
        mean += (double)x[i] / n;
    for (size_t i = 0; i < d; i++)
        square += ((double)x[i] - mean) * ((double)x[i] - mean) / n;
    double scale = 1 / sqrt(square + model->hp.eps);
    for (size_t i = 0; i < d; i++) {
        double by_norm = (double)g[i] * (double)weight[i];
        mean_g += centred ? by_norm / n : 0;
        mean_gn += by_norm * ((double)x[i] - mean) * scale / n;
    }
    for (size_t i = 0; i < d; i++) {
        double by_norm = (double)g[i] * (double)weight[i];
        double at = ((double)x[i] - mean) * scale;
        g[i] = (float)((by_norm - mean_g - at * mean_gn) * scale);
    }
}

jc_status jc_head_back_run(const jc_head_back *back, const float *h, const float *z,
                           float *dz, size_t n, float *dh, jc_error *err)
{
    const jc_model *model = back->model;
    size_t d = model->hp.width;

    if (model->hp.logit_softcap > 0)
        uncap((float)model->hp.logit_softcap, n * model->hp.vocab, z, dz);
    jc_status st = jc_linear_run(back->unembed, dz, n, dh, err);
    for (size_t r = 0; r < n && st == JC_OK && model->final.weight; r++)
        norm_back(model, h + r * d, dh + r * d);
    return st;
}
