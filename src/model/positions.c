/* SPDX-License-Identifier: MIT */
/*
 * positions.c: what a model computes of positions, other than by turning queries and keys:
 * the slopes of ALiBi (Press et al. 2022), and tables of sines and cosines.
 */
#include <math.h>

#include "model/model.h"

/* 2^(-8 k / n) for k = 1 .. n, where n is a power of two; of other numbers of heads, those
 * of the power below, then every other one of the power above. */
static jc_status load_slopes(jc_model *model, jc_error *err)
{
    const jc_hparams *hp = &model->hp;
    size_t heads = hp->heads, power = 1;
    float scale = hp->alibi_scaled ? (float)(1 / sqrt(hp->head_width)) : 1;

    while (2 * power <= heads)
        power *= 2;
    model->slopes = jc_matrix_new(heads, 1, sizeof *model->slopes);
    if (!model->slopes)
        return jc_fail_nomem(err, "the slopes of positions");
    for (size_t h = 0; h < heads; h++) {
        double exponent = h < power ? 8.0 * (double)(h + 1) / (double)power
                                    : 4.0 * (double)(2 * (h - power) + 1) / (double)power;
        model->slopes[h] = scale * (float)exp2(-exponent);
    }
    return JC_OK;
}

/* Angles are float32, as where the models were trained. */
static jc_status load_sinusoids(jc_model *model, jc_error *err)
{
    size_t n = model->hp.positions, d = model->hp.width, half = d / 2;
    float step = (float)(log(10000) / ((double)half - 1));

    model->sinusoids = jc_matrix_new(n, d, sizeof *model->sinusoids);
    if (!model->sinusoids)
        return jc_fail_nomem(err, "the positions");
    for (size_t i = 0; i < half; i++) {
        float frequency = (float)exp(-(double)((float)i * step));
        for (size_t p = 0; p < n; p++) {
            float angle = (float)p * frequency;
            model->sinusoids[p * d + i] = (float)sin((double)angle);
            model->sinusoids[p * d + half + i] = (float)cos((double)angle);
        }
    }
    model->sinusoid_table = (jc_tensor){.name = "sinusoids",
                                        .dtype = JC_F32,
                                        .n_dims = 2,
                                        .shape = {n, d, 1, 1},
                                        .count = n * d,
                                        .bytes = n * d * sizeof *model->sinusoids,
                                        .data = (const unsigned char *)model->sinusoids,
                                        .file = model->path};
    model->positions = &model->sinusoid_table;
    return JC_OK;
}

jc_status jc_positions_load(jc_model *model, jc_error *err)
{
    const jc_weight_row *row = jc_rows_next(model, JC_W_POSITIONS, NULL);

    if (row && row->flags & JC_WEIGHT_SINUSOIDS)
        return load_sinusoids(model, err);
    return model->hp.alibi ? load_slopes(model, err) : JC_OK;
}
