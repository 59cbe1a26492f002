/* SPDX-License-Identifier: MIT */
/* weights_norm.c: the weights of norms, also of those that a file leaves out. */
#include <string.h>

#include "model/ops.h"

/* n numbers that are x. */
static jc_status fill(float **out, size_t n, float x, jc_error *err)
{
    *out = jc_matrix_new(n, 1, sizeof **out);
    for (size_t i = 0; *out && i < n; i++)
        (*out)[i] = x;
    return *out ? JC_OK : jc_fail_nomem(err, "the weights");
}

/* Weights of all heads, one after another. */
static jc_status each_head(const jc_model *model, const jc_weight_row *row, uint32_t block,
                           jc_norm_weights *out, jc_error *err)
{
    size_t n = jc_rows_experts(model, row), d = model->hp.head_width, length;
    jc_status st = fill(&out->weight, n * d, 1, err);

    out->d = d;
    out->pieces = n;
    for (uint32_t h = 0; h < n && st == JC_OK; h++) {
        float *one = NULL;
        st = jc_weights_vector(model, row->id, block, h, &one, &length, err);
        if (st == JC_OK)
            memcpy(out->weight + h * d, one, d * sizeof *one);
        jc_free(one);
    }
    return st || model->arch->norm == JC_NORM_RMS ? st : fill(&out->bias, n * d, 0, err);
}

/* A LayerNorm's bias is zero where the architecture has none. */
jc_status jc_weights_norm(const jc_model *model, jc_weight_id id, uint32_t block,
                          jc_norm_weights *out, jc_error *err)
{
    const jc_weight_row *row = jc_rows_next(model, id, NULL);
    size_t n;
    jc_status st;

    if (row && row->flags & JC_WEIGHT_ONES && !jc_rows_in_block(model, row, block))
        return JC_OK;
    if (row && row->flags & JC_WEIGHT_EACH_HEAD)
        return each_head(model, row, block, out, err);
    if (row && row->flags & JC_WEIGHT_ONES) {
        out->d = jc_rows_dim(&model->hp, row->shape[0]);
        st = fill(&out->weight, out->d, 1, err);
    } else {
        st = jc_weights_vector(model, id, block, 0, &out->weight, &out->d, err);
    }
    if (st == JC_OK)
        st =
            jc_weights_vector(model, (jc_weight_id)(id + 1), block, 0, &out->bias, &n, err);
    if (st || out->bias || !out->weight || model->arch->norm == JC_NORM_RMS)
        return st;
    return fill(&out->bias, out->d, 0, err);
}
