/* SPDX-License-Identifier: MIT */
/*
 * weights.c: the tensors of a model, found and checked by its architecture's rows.
 *
 * Linear layers are packed for the backend and the pages of the file given back, so that a
 * weight is in memory once. Embeddings stay in the mapping and are read row by row.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "model/model.h"

static const jc_weight_row *find_row(const jc_arch *arch, jc_weight_id id)
{
    for (size_t i = 0; i < arch->n_weights; i++)
        if (arch->weights[i].id == id)
            return &arch->weights[i];
    return NULL;
}

static bool per_block(jc_weight_id id)
{
    return id >= JC_W_NORM1 && id < JC_W_FINAL;
}

static size_t dim(const jc_hparams *hp, jc_dim which)
{
    switch (which) {
    case JC_DIM_NONE:
        return 1;
    case JC_DIM_VOCAB:
        return hp->vocab;
    case JC_DIM_CONTEXT:
        return hp->context;
    case JC_DIM_WIDTH:
        return hp->width;
    case JC_DIM_FF:
        return hp->ff_width;
    case JC_DIM_QKV:
        return 3 * (size_t)hp->width;
    }
    return 1;
}

/* The tensor of a row, in the file's spelling of names; `tensor` is NULL when it is not
 * there and the row allows that. */
static jc_status find_tensor(const jc_model *model, const jc_weight_row *row,
                             uint32_t block, const jc_tensor **tensor, jc_error *err)
{
    char name[128], prefixed[160];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the format is a row of a table */
    if (per_block(row->id))
        snprintf(name, sizeof name, row->name, block);
    else
        snprintf(name, sizeof name, "%s", row->name);
#pragma GCC diagnostic pop
    snprintf(prefixed, sizeof prefixed, "%s%s", model->arch->prefix, name);
    *tensor = jc_store_find(model->store, name);
    if (!*tensor)
        *tensor = jc_store_find(model->store, prefixed);
    if (!*tensor && row->flags & JC_WEIGHT_TIED)
        return JC_OK;
    if (!*tensor)
        return jc_fail(err, JC_E_FORMAT, "'%s' has no tensor '%s' (nor '%s')",
                       jc_store_path(model->store), name, prefixed);

    const jc_tensor *t = *tensor;
    size_t a = dim(&model->hp, row->shape[0]), b = dim(&model->hp, row->shape[1]);
    uint32_t n_dims = row->shape[1] == JC_DIM_NONE ? 1 : 2;
    if (row->flags & JC_WEIGHT_IN_OUT) {
        size_t swap = a;
        a = b;
        b = swap;
    }
    if (t->n_dims != n_dims || t->shape[0] != a || t->shape[1] != b)
        return jc_fail(err, JC_E_FORMAT,
                       "tensor '%s' of '%s' is [%zu, %zu] in %u dimensions, and the "
                       "configuration wants [%zu, %zu] in %u",
                       t->name, t->file, t->shape[0], t->shape[1], t->n_dims, a, b, n_dims);
    if (!jc_dtype_real(t->dtype))
        return jc_fail(err, JC_E_UNSUPPORTED, "tensor '%s' of '%s' has the type %s",
                       t->name, t->file, jc_dtype_name(t->dtype));
    return JC_OK;
}

static void count_tensor(jc_model *model, const jc_tensor *tensor)
{
    const char *dtype = jc_dtype_name(tensor->dtype);

    model->info.parameters += tensor->count;
    if (!model->info.stored_dtype)
        model->info.stored_dtype = dtype;
    else if (strcmp(model->info.stored_dtype, dtype) != 0)
        model->info.stored_dtype = "mixed";
}

jc_status jc_weights_check(jc_model *model, jc_error *err)
{
    for (size_t i = 0; i < model->arch->n_weights; i++) {
        const jc_weight_row *row = &model->arch->weights[i];
        uint32_t n = per_block(row->id) ? model->hp.layers : 1;
        for (uint32_t block = 0; block < n; block++) {
            const jc_tensor *tensor;
            jc_status st = find_tensor(model, row, block, &tensor, err);
            if (st)
                return st;
            if (tensor)
                count_tensor(model, tensor);
            if (row->id == JC_W_TOKENS)
                model->tokens = tensor;
            if (row->id == JC_W_POSITIONS)
                model->positions = tensor;
            if (row->id == JC_W_HEAD)
                model->unembed = tensor;
        }
    }
    model->info.tied_head = !model->unembed;
    if (!model->unembed)
        model->unembed = model->tokens;
    return JC_OK;
}

/* ---- loading ---- */

struct tensor_reader {
    const jc_tensor *tensor;
    bool finite;
};

static void read_part(void *arg, size_t first, size_t n, float *out)
{
    struct tensor_reader *reader = arg;

    jc_tensor_read(reader->tensor, first, n, out);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(out[i]))
            reader->finite = false;
}

static jc_status not_finite(const jc_tensor *tensor, jc_error *err)
{
    return jc_fail(err, JC_E_NUMERIC, "tensor '%s' of '%s' has a value that is not finite",
                   tensor->name, tensor->file);
}

jc_status jc_weights_linear(jc_linear **out, const jc_model *model, const jc_tensor *weight,
                            bool in_out, const float *bias, jc_act act, bool add,
                            jc_error *err)
{
    struct tensor_reader reader = {weight, true};
    const jc_linear_spec spec = {.n_in = weight->shape[in_out ? 0 : 1],
                                 .n_out = weight->shape[in_out ? 1 : 0],
                                 .weight = {in_out, &reader, read_part},
                                 .bias = bias,
                                 .act = act,
                                 .add = add,
                                 .precision = model->precision};
    jc_status st = jc_linear_new(out, model->backend, &spec, err);

    jc_map_release(weight->data, weight->bytes);
    if (st == JC_OK && !reader.finite) {
        jc_linear_free(*out);
        *out = NULL;
        st = not_finite(weight, err);
    }
    return st;
}

static jc_status load_vector(const jc_model *model, jc_weight_id id, uint32_t block,
                             float **out, jc_error *err)
{
    const jc_tensor *tensor;
    jc_status st = find_tensor(model, find_row(model->arch, id), block, &tensor, err);

    if (st)
        return st;
    *out = jc_matrix_new(tensor->count, 1, sizeof **out);
    if (!*out)
        return jc_fail_nomem(err, "the weights");
    struct tensor_reader reader = {tensor, true};
    read_part(&reader, 0, tensor->count, *out);
    return reader.finite ? JC_OK : not_finite(tensor, err);
}

static jc_status load_norm(const jc_model *model, jc_weight_id weight, jc_weight_id bias,
                           uint32_t block, jc_norm_weights *out, jc_error *err)
{
    jc_status st = load_vector(model, weight, block, &out->weight, err);

    return st ? st : load_vector(model, bias, block, &out->bias, err);
}

static jc_status load_linear(jc_model *model, jc_weight_id weight, jc_weight_id bias_id,
                             uint32_t block, jc_act act, bool add, jc_linear **out,
                             jc_error *err)
{
    const jc_weight_row *row = find_row(model->arch, weight);
    const jc_tensor *tensor;
    float *bias = NULL;
    jc_status st = load_vector(model, bias_id, block, &bias, err);

    if (st == JC_OK)
        st = find_tensor(model, row, block, &tensor, err);
    if (st == JC_OK)
        st = jc_weights_linear(out, model, tensor, row->flags & JC_WEIGHT_IN_OUT, bias, act,
                               add, err);
    if (st == JC_OK)
        model->info.weight_bytes += jc_linear_bytes(*out);
    jc_free(bias);
    return st;
}

static jc_status load_block(jc_model *model, uint32_t l, jc_error *err)
{
    jc_block *b = &model->blocks[l];
    const jc_hparams *hp = &model->hp;
    jc_status st = load_norm(model, JC_W_NORM1, JC_W_NORM1_BIAS, l, &b->norm1, err);

    if (st == JC_OK)
        st = load_norm(model, JC_W_NORM2, JC_W_NORM2_BIAS, l, &b->norm2, err);
    if (st == JC_OK)
        st = load_linear(model, JC_W_QKV, JC_W_QKV_BIAS, l, JC_ACT_NONE, false, &b->qkv,
                         err);
    if (st == JC_OK)
        st =
            load_linear(model, JC_W_OUT, JC_W_OUT_BIAS, l, JC_ACT_NONE, true, &b->out, err);
    if (st == JC_OK)
        st = load_linear(model, JC_W_UP, JC_W_UP_BIAS, l, hp->act, false, &b->up, err);
    if (st == JC_OK)
        st = load_linear(model, JC_W_DOWN, JC_W_DOWN_BIAS, l, JC_ACT_NONE, true, &b->down,
                         err);
    double scale = hp->scale_attention ? 1 / sqrt((double)hp->head_width) : 1;
    b->attention_scale = (float)(hp->scale_attention_by_layer ? scale / (l + 1) : scale);
    return st;
}

jc_status jc_weights_load(jc_model *model, jc_error *err)
{
    model->blocks = jc_alloc_array(model->hp.layers, sizeof *model->blocks);
    if (!model->blocks)
        return jc_fail_nomem(err, "the weights");
    model->info.weight_bytes = model->tokens->bytes + model->positions->bytes;
    for (uint32_t l = 0; l < model->hp.layers; l++) {
        jc_status st = load_block(model, l, err);
        if (st)
            return st;
    }
    return load_norm(model, JC_W_FINAL, JC_W_FINAL_BIAS, 0, &model->final, err);
}

static void release_norm(jc_norm_weights *norm)
{
    jc_free(norm->weight);
    jc_free(norm->bias);
}

void jc_weights_release(jc_model *model)
{
    for (uint32_t l = 0; model->blocks && l < model->hp.layers; l++) {
        jc_block *b = &model->blocks[l];
        release_norm(&b->norm1);
        release_norm(&b->norm2);
        jc_linear_free(b->qkv);
        jc_linear_free(b->out);
        jc_linear_free(b->up);
        jc_linear_free(b->down);
    }
    jc_free(model->blocks);
    release_norm(&model->final);
}
