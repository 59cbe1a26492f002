/* SPDX-License-Identifier: MIT */
/* cost.c: counted from the weights as the files have them. */
#include "model/cost.h"

#include "model/model.h"

static bool is_matrix(const jc_weight_row *row)
{
    return row->shape[1] != JC_DIM_NONE;
}

/* Of the rows with ids first..last, in block l from 0. */
static jc_cost count(const jc_model *model, jc_weight_id first, jc_weight_id last,
                     uint32_t l)
{
    const jc_hparams *hp = &model->hp;
    jc_cost sum = {0, 0};

    for (size_t i = 0; i < model->n_weights; i++) {
        const jc_weight_row *row = &model->weights[i];
        const jc_tensor *tensor;
        if (row->id < first || row->id > last || row->flags & JC_WEIGHT_GATES ||
            (model->arch->one_block ? 0 : l) >= jc_rows_blocks(model, row))
            continue;
        bool expert = row->id >= JC_W_EXPERT_UP && row->id <= JC_W_EXPERT_DOWN_BIAS;
        bool mixed = row->id >= JC_W_ROUTER && row->id <= JC_W_EXPERT_DOWN_BIAS;
        bool dense = row->id >= JC_W_UP && row->id <= JC_W_DOWN_BIAS;
        bool sparse = jc_hparams_sparse(hp, l);
        if ((mixed && !sparse) || (dense && sparse) ||
            jc_rows_find(&tensor, model, row, l, 0, NULL))
            continue;
        if (!tensor && row->id == JC_W_HEAD) /* it is tied to the embedding */
            tensor = model->tokens;
        if (!tensor)
            continue;
        jc_tensor part = *tensor;
        if (expert)
            jc_rows_slice(&part, model, row, 0);
        double used = expert ? (double)hp->experts_used : 1;
        sum.flops += is_matrix(row) ? 2 * used * (double)part.count : 0;
        sum.bytes += used * (double)part.bytes;
    }
    return sum;
}

jc_cost jc_cost_block(const jc_model *model, uint32_t block)
{
    return count(model, JC_W_NORM1, JC_W_EXPERT_DOWN_BIAS, block - 1);
}

jc_cost jc_cost_keys(const jc_model *model, uint32_t block)
{
    return count(model, JC_W_NORM1, JC_W_K_NORM_BIAS, block - 1);
}

jc_cost jc_cost_attention(const jc_model *model, uint32_t block, size_t n, size_t size)
{
    const jc_hparams *hp = &model->hp;
    size_t window = jc_hparams_windowed(hp, block - 1) ? hp->window : 0;
    double seen = (double)(window && window < n ? window : n);
    double state = (double)hp->scan_heads * hp->scan_keys * hp->scan_width;

    if (jc_hparams_conv(hp, block - 1)) /* a state is read and written */
        return hp->scan ? (jc_cost){6 * state, 8 * state}
                        : (jc_cost){2 * (double)hp->conv_tokens * hp->width,
                                    (double)hp->conv_tokens * hp->width * (double)size};

    return (jc_cost){4 * (double)hp->q_width * seen,
                     (hp->latent ? 1 : 2) * (double)hp->kv_width * seen * (double)size};
}

jc_cost jc_cost_readout(const jc_model *model)
{
    if (!model->info.has_head)
        return (jc_cost){0, 0};
    return count(model, JC_W_TRANSFORM, JC_W_HEAD_BIAS, 0);
}

/* Of the matrices of a row: vectors take little. */
static uint64_t held(const jc_model *model, const jc_weight_row *row, uint32_t l)
{
    const jc_tensor *tensor;
    bool expert = row->id >= JC_W_EXPERT_UP && row->id <= JC_W_EXPERT_DOWN_BIAS;
    uint32_t experts = expert ? model->hp.experts : 1;
    uint64_t sum = 0;

    if (row->flags & JC_WEIGHT_GATES || !is_matrix(row))
        return 0;
    for (uint32_t e = 0; e < experts; e++) {
        if (jc_rows_find(&tensor, model, row, l, e, NULL))
            return sum;
        if (!tensor && row->id == JC_W_HEAD) /* it is tied to the embedding */
            tensor = model->tokens;
        if (!tensor)
            return sum;
        jc_tensor part = *tensor;
        if (expert)
            jc_rows_slice(&part, model, row, e);
        bool packed = row->id >= JC_W_KV_UP && row->id <= JC_W_V_UP; /* by head */
        sum += packed ? part.count * sizeof(float)
                      : jc_weights_held(model, &part, tensor == model->tokens);
    }
    return sum;
}

static bool of_head(const jc_weight_row *row)
{
    return row->id >= JC_W_TRANSFORM && row->id <= JC_W_HEAD_BIAS;
}

uint64_t jc_cost_memory(const jc_model *model)
{
    const jc_hparams *hp = &model->hp;
    uint64_t sum = model->tokens->bytes + (model->positions ? model->positions->bytes : 0);

    for (size_t i = 0; i < model->n_weights; i++) {
        const jc_weight_row *row = &model->weights[i];
        uint32_t blocks = jc_rows_blocks(model, row);
        bool dense = row->id >= JC_W_UP && row->id <= JC_W_DOWN_BIAS;
        bool mixed = row->id >= JC_W_ROUTER && row->id <= JC_W_EXPERT_DOWN_BIAS;
        if (of_head(row) || row->id == JC_W_TOKENS || row->id == JC_W_POSITIONS)
            continue;
        for (uint32_t l = 0; l < (model->arch->one_block ? 1 : blocks); l++)
            if (jc_hparams_sparse(hp, l) ? !dense : !mixed)
                sum += held(model, row, l);
    }
    return sum;
}

uint64_t jc_cost_head_memory(const jc_model *model)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < model->n_weights && model->info.has_head; i++)
        if (of_head(&model->weights[i]))
            sum += held(model, &model->weights[i], 0);
    return sum;
}
