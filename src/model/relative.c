/* SPDX-License-Identifier: MIT */
/*
 * relative.c: encoders whose scores depend on how far apart two tokens are: the classes
 * that distances fall into, and what each class adds: a number for each head (T5, Raffel et
 * al. 2020; MPNet), or products with a key and a query of its own (DeBERTa, He et al.
 * 2021).
 *
 * The keys and queries are those that a block's own layers make of one vector a class. They
 * do not depend on the text, so they are made when the model opens.
 */
#include <math.h>
#include <string.h>

#include "model/model.h"

/* Logarithms are float32, as where the models were trained: they decide at the edges. */
static float logarithm(double x)
{
    return (float)log((double)(float)x);
}

/* T5's class of key - query = x, of n classes: one half for keys behind or here, one for
 * those ahead; of each, one half for distances themselves. */
static uint32_t t5_class(int64_t x, uint32_t n)
{
    uint32_t half = n / 2, exact = half / 2, side = x > 0 ? half : 0;
    uint64_t away = (uint64_t)(x < 0 ? -x : x);

    if (away < exact || exact == 0)
        return side + (away < half ? (uint32_t)away : half - 1);
    float share = logarithm((double)away / exact) / (float)log(128.0 / exact);
    uint32_t class = exact + (uint32_t)(share * (float)(half - exact));
    return side + (class < half ? class : half - 1);
}

/* DeBERTa's class of query - key = x, from the middle of 2 `span` classes on. */
static uint32_t log_class(int64_t x, const jc_hparams *hp)
{
    int64_t span = hp->relative_classes / 2, mid = span / 2, at = x;
    int64_t away = x < 0 ? -x : x;

    if (hp->relative_buckets && away > mid && mid > 0) {
        float share = logarithm((double)away / (double)mid) /
                      logarithm((double)(hp->relative_most - 1) / (double)mid);
        at = (int64_t)ceil((double)(share * (float)(mid - 1))) + mid;
        at = x < 0 ? -at : at;
    }
    at += span;
    return (uint32_t)(at < 0 ? 0 : at < 2 * span ? at : 2 * span - 1);
}

static jc_status make_classes(jc_model *model, jc_error *err)
{
    const jc_hparams *hp = &model->hp;
    size_t reach = hp->context - 1;

    model->relative_which = jc_alloc_array(2 * reach + 1, sizeof *model->relative_which);
    if (!model->relative_which)
        return jc_fail_nomem(err, "the classes of distances");
    for (size_t i = 0; i <= 2 * reach; i++) {
        int64_t x = (int64_t)i - (int64_t)reach;
        model->relative_which[i] = model->arch->relative == JC_RELATIVE_T5
                                       ? t5_class(x, hp->relative_classes)
                                       : log_class(-x, hp);
    }
    model->relative = (jc_relative){
        .n = hp->relative_classes, .reach = reach, .which = model->relative_which};
    return JC_OK;
}

/* Biases by head, which files have by class. */
static jc_status load_bias(jc_model *model, jc_error *err)
{
    size_t n = model->hp.relative_classes, heads = model->hp.heads;
    float *stored;
    jc_status st = jc_weights_floats(&stored, model, JC_W_RELATIVE, 0, err);

    if (st || !stored)
        return st;
    model->relative_bias = jc_matrix_new(heads, n, sizeof(float));
    for (size_t h = 0; model->relative_bias && h < heads; h++)
        for (size_t c = 0; c < n; c++)
            model->relative_bias[h * n + c] = stored[c * heads + h];
    jc_free(stored);
    model->relative.bias = model->relative_bias;
    return model->relative_bias ? JC_OK : jc_fail_nomem(err, "the biases of distances");
}

static jc_status load_distances(jc_model *model, jc_error *err)
{
    size_t n = model->hp.relative_classes, d = model->hp.width;
    jc_norm_weights norm = {.weight = NULL};
    jc_loan x;
    jc_status st = jc_weights_floats(&model->distances, model, JC_W_DISTANCES, 0, err);

    if (st || !model->distances)
        return st;
    st = jc_weights_norm(model, JC_W_DISTANCES_NORM, 0, &norm, err);
    if (st == JC_OK && norm.weight) {
        st = jc_loan_write(&x, model->backend, model->distances, n, d, true, err);
        if (st == JC_OK)
            st = jc_model_norm(model, &norm, x.mat, x.mat, err);
        st = jc_loan_end(&x, st, err);
    }
    jc_weights_free_norm(&norm);
    return st;
}

jc_status jc_relative_load(jc_model *model, jc_error *err)
{
    if (model->arch->relative == JC_RELATIVE_NONE)
        return JC_OK;
    jc_status st = make_classes(model, err);
    if (st == JC_OK)
        st = load_bias(model, err);
    return st ? st : load_distances(model, err);
}

jc_status jc_relative_block(const jc_model *model, jc_block *block, jc_error *err)
{
    size_t n = model->relative.n, d = model->hp.q_width;

    block->relative = model->relative;
    if (!model->distances)
        return JC_OK;
    float *all = jc_matrix_new(n, 3 * d, sizeof *all);
    block->relative_keys = jc_matrix_new(n, d, sizeof(float));
    block->relative_queries = jc_matrix_new(n, d, sizeof(float));
    jc_status st = all && block->relative_keys && block->relative_queries
                       ? jc_linear_run(block->qkv, model->distances, n, all, err)
                       : jc_fail_nomem(err, "keys of distances");
    for (size_t c = 0; st == JC_OK && c < n; c++) {
        memcpy(block->relative_queries + c * d, all + 3 * c * d, d * sizeof *all);
        memcpy(block->relative_keys + c * d, all + (3 * c + 1) * d, d * sizeof *all);
    }
    jc_free(all);
    block->relative.keys = block->relative_keys;
    block->relative.queries = block->relative_queries;
    return st;
}
