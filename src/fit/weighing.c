/* SPDX-License-Identifier: MIT */
/* weighing.c: how the error of a map is weighed: as it is, or by what it does to logits. */
#include <math.h>
#include <string.h>

#include "fit/reduce.h"
#include "kernels/linalg.h"
#include "model/unembed.h"

enum { ROWS = 4096 }; /* of the unembedding at a time */

#define LEAST 1e-12 /* of an eigenvalue, over the largest: below, it is rounding */

/* m [d, d] = G W_U' W_U G */
static jc_status logit_moments(const jc_model *model, size_t d, double *m, jc_error *err)
{
    size_t vocab = jc_model_get_info(model)->vocab;
    const float *scale = jc_unembed_scale(model);
    float *rows = jc_matrix_new(ROWS, d, sizeof *rows);
    double *wide = jc_matrix_new(ROWS, d, sizeof *wide);
    jc_status st = rows && wide ? JC_OK : jc_fail_nomem(err, "the unembedding");

    for (size_t first = 0, n; first < vocab && st == JC_OK; first += n) {
        n = vocab - first < ROWS ? vocab - first : ROWS;
        st = jc_unembed_rows(model, first, n, rows, err);
        for (size_t i = 0; i < n * d && st == JC_OK; i++)
            wide[i] = (double)rows[i] * (scale ? (double)scale[i % d] : 1);
        if (st == JC_OK)
            jc_dsyrk_add(d, n, wide, m, d);
    }
    jc_gram_mirror(m, d);
    jc_free(rows);
    jc_free(wide);
    return st;
}

/* out [d, d] = V' diag(value^power) V, v [d, d] the eigenvectors as rows. */
static jc_status power_of(const double *v, const double *value, size_t d, double power,
                          double *out, jc_error *err)
{
    double *scaled = jc_matrix_new(d, d, sizeof *scaled);

    if (!scaled)
        return jc_fail_nomem(err, "the unembedding");
    for (size_t k = 0; k < d; k++) {
        double factor = pow(fmax(value[k], LEAST * value[d - 1]), power);
        for (size_t i = 0; i < d; i++)
            scaled[k * d + i] = factor * v[k * d + i];
    }
    jc_dgemm(true, false, d, d, d, v, scaled, out);
    jc_free(scaled);
    return JC_OK;
}

jc_status jc_weighing_new(jc_weighing *out, const char *metric, const jc_model *model,
                          size_t d, jc_error *err)
{
    *out = (jc_weighing){.d = d};
    if (!metric || strcmp(metric, "logits") != 0)
        return JC_OK;
    if (!model)
        return jc_fail(err, JC_E_ARG,
                       "metric 'logits' weighs errors by the model's unembedding: name the "
                       "model");
    double *m = jc_matrix_new(d, d, sizeof *m), *value = jc_matrix_new(1, d, sizeof *value);
    out->root = jc_matrix_new(d, d, sizeof *out->root);
    out->inverse = jc_matrix_new(d, d, sizeof *out->inverse);
    jc_status st = m && value && out->root && out->inverse
                       ? logit_moments(model, d, m, err)
                       : jc_fail_nomem(err, "the unembedding");
    if (st == JC_OK)
        st = jc_eigen(m, d, value, err);
    if (st == JC_OK)
        st = power_of(m, value, d, 0.5, out->root, err);
    if (st == JC_OK)
        st = power_of(m, value, d, -0.5, out->inverse, err);
    jc_free(m);
    jc_free(value);
    if (st)
        jc_weighing_release(out);
    return st;
}

void jc_weighing_release(jc_weighing *weighing)
{
    jc_free(weighing->root);
    jc_free(weighing->inverse);
    weighing->root = weighing->inverse = NULL;
}
