/* SPDX-License-Identifier: MIT */
/* find.c: the tensors of a model, found and checked by its architecture's rows. */
#include <string.h>

#include "model/names.h"

bool jc_rows_used(const jc_model *model, const jc_weight_row *row)
{
    const jc_hparams *hp = &model->hp;

    return !(row->flags & JC_WEIGHT_IF_ATTENTION_BIAS && !hp->attention_bias) &&
           !(row->flags & JC_WEIGHT_IF_MLP_BIAS && !hp->mlp_bias) &&
           !(row->flags & JC_WEIGHT_IF_NORM_BEFORE && !hp->norm_before) &&
           !(row->flags & JC_WEIGHT_IF_SERIAL && hp->parallel) &&
           !(row->flags & JC_WEIGHT_IF_TYPES && hp->types == 0) &&
           !(row->flags & JC_WEIGHT_IF_CONV_BIAS && !hp->conv_bias) &&
           !(row->flags & JC_WEIGHT_IF_Q_RANK && hp->q_rank == 0) &&
           !(row->flags & JC_WEIGHT_IF_NO_RANK && hp->q_rank > 0) &&
           !(row->flags & JC_WEIGHT_IF_TWO_NORMS &&
             !(hp->parallel && hp->parallel_norms == 2)) &&
           !(row->flags & JC_WEIGHT_IF_QK_NORM && !hp->qk_norm) &&
           !(row->flags & JC_WEIGHT_IF_NARROW && hp->embed_width == hp->width);
}

const jc_weight_row *jc_rows_next(const jc_model *model, jc_weight_id id,
                                  const jc_weight_row *last)
{
    const jc_weight_row *rows = model->weights;

    for (size_t i = last ? (size_t)(last - rows) + 1 : 0; i < model->n_weights; i++)
        if (rows[i].id == id && jc_rows_used(model, &rows[i]))
            return &rows[i];
    return NULL;
}

static bool per_block(jc_weight_id id)
{
    return id >= JC_W_NORM1 && id < JC_W_TRANSFORM;
}

size_t jc_rows_dim(const jc_hparams *hp, jc_dim which)
{
    switch (which) {
    case JC_DIM_NONE:
        return 1;
    case JC_DIM_VOCAB:
        return hp->vocab;
    case JC_DIM_POSITIONS:
        return hp->positions;
    case JC_DIM_TYPES:
        return hp->types;
    case JC_DIM_WIDTH:
        return hp->width;
    case JC_DIM_EMBED:
        return hp->embed_width;
    case JC_DIM_HEAD:
        return hp->head_width;
    case JC_DIM_Q:
        return hp->q_width;
    case JC_DIM_KV:
        return hp->kv_width;
    case JC_DIM_QKV:
        return hp->q_width + 2 * hp->kv_width;
    case JC_DIM_FF:
        return hp->ff_width;
    case JC_DIM_ONE:
        return 1;
    case JC_DIM_EXPERTS:
        return hp->experts;
    case JC_DIM_EXPERT:
        return hp->expert_width;
    case JC_DIM_EXPERT_GATED:
        return 2 * (size_t)hp->expert_width;
    case JC_DIM_SHARED:
        return hp->shared_width;
    case JC_DIM_SHARED_GATED:
        return 2 * (size_t)hp->shared_width;
    case JC_DIM_HEADS:
        return hp->heads;
    case JC_DIM_CLASSES:
        return hp->relative_classes;
    case JC_DIM_Q_RANK:
        return hp->q_rank;
    case JC_DIM_Q_IN:
        return hp->q_rank ? hp->q_rank : hp->width;
    case JC_DIM_Q_RAW:
        return (size_t)hp->heads * (hp->nope + hp->rope);
    case JC_DIM_LATENT:
        return hp->latent;
    case JC_DIM_LATENT_ROPE:
        return (size_t)hp->latent + hp->rope;
    case JC_DIM_KV_RAW:
        return (size_t)hp->heads * (hp->nope + hp->value_width);
    case JC_DIM_CONV:
        return hp->conv_tokens;
    case JC_DIM_CONV_GATED:
        return 3 * (size_t)hp->width;
    case JC_DIM_NOPE:
        return hp->nope;
    case JC_DIM_LATENTS:
        return (size_t)hp->heads * hp->latent;
    case JC_DIM_VALUES:
        return (size_t)hp->heads * hp->value_width;
    case JC_DIM_SCAN_MIXED:
        return (size_t)hp->scan_heads * hp->scan_width +
               2 * (size_t)hp->scan_groups * hp->scan_keys;
    case JC_DIM_SCAN_GATED:
        return 2 * ((size_t)hp->scan_heads * hp->scan_width +
                    (size_t)hp->scan_groups * hp->scan_keys);
    case JC_DIM_SCAN_IN:
        return jc_rows_dim(hp, JC_DIM_SCAN_GATED) +
               (hp->scan == JC_SCAN_DELTA ? 2 : 1) * (size_t)hp->scan_heads;
    case JC_DIM_SCAN_SMALL:
        return 2 * (size_t)hp->scan_heads;
    case JC_DIM_SCAN_VALUES:
        return (size_t)hp->scan_heads * hp->scan_width;
    case JC_DIM_SCAN_HEADS:
        return hp->scan_heads;
    case JC_DIM_SCAN_WIDTH:
        return hp->scan_width;
    case JC_DIM_Q_GATED:
        return 2 * hp->q_width;
    case JC_DIM_GATED:
        return 2 * (size_t)hp->ff_width;
    }
    return 1;
}

uint32_t jc_rows_experts(const jc_model *model, const jc_weight_row *row)
{
    if (row->flags & JC_WEIGHT_EACH_HEAD)
        return row->id < JC_W_K_NORM ? model->hp.heads : model->hp.kv_heads;
    return row->id >= JC_W_EXPERT_UP && row->id < JC_W_TRANSFORM ? model->hp.experts : 1;
}

static bool of_conv(jc_weight_id id)
{
    return (id >= JC_W_CONV_IN && id <= JC_W_SCAN_NORM) || id == JC_W_CONV_OUT ||
           id == JC_W_CONV_OUT_BIAS;
}

/* In dense blocks of a mixture there are no experts, and in the others no dense MLP; a
 * block has attention or a convolution. */
bool jc_rows_in_block(const jc_model *model, const jc_weight_row *row, uint32_t block)
{
    bool sparse = jc_hparams_sparse(&model->hp, block);

    if ((row->flags & JC_WEIGHT_NOT_FIRST && block == 0) ||
        (row->flags & JC_WEIGHT_IF_ROTATED && !jc_hparams_rotated(&model->hp, block)))
        return false;
    if (row->id >= JC_W_QKV && row->id <= JC_W_CONV_OUT_BIAS &&
        of_conv(row->id) != jc_hparams_conv(&model->hp, block))
        return false;
    if (row->id >= JC_W_ROUTER && row->id < JC_W_TRANSFORM)
        return sparse;
    return !sparse || row->id < JC_W_UP || row->id > JC_W_DOWN_BIAS;
}

/* All experts, or heads, in one tensor: of one more dimension than the row has. */
static bool stacked(const jc_model *model, const jc_weight_row *row, const jc_tensor *t)
{
    return (jc_rows_experts(model, row) > 1 || row->flags & JC_WEIGHT_EACH_HEAD) &&
           t->n_dims == (row->shape[1] == JC_DIM_NONE ? 2 : 3);
}

/* A matrix for each head, or for each number of a state: they are rows of one. */
static bool headed(const jc_weight_row *row, const jc_tensor *t)
{
    return (row->id == JC_W_K_UP || row->id == JC_W_V_UP || row->id == JC_W_CONV) &&
           t->n_dims == 3;
}

/* A vector of a recurrence that is stored as a matrix. */
static bool unfolded(const jc_weight_row *row, const jc_tensor *t)
{
    return row->id >= JC_W_SCAN_DECAY && row->id <= JC_W_SCAN_NORM && t->n_dims == 2;
}

static jc_status check_stacked(const jc_model *model, const jc_weight_row *row,
                               const jc_tensor *t, size_t a, size_t b, jc_error *err)
{
    bool vector = row->shape[1] == JC_DIM_NONE;
    uint32_t n = jc_rows_experts(model, row);

    if (t->shape[0] == n && t->shape[1] == a && (vector || t->shape[2] == b) &&
        t->bytes % n == 0)
        return JC_OK;
    return jc_fail(err, JC_E_FORMAT,
                   "tensor '%s' of '%s' is [%zu, %zu, %zu], and the configuration wants "
                   "[%u, %zu, %zu]",
                   t->name, t->file, t->shape[0], t->shape[1], vector ? 1 : t->shape[2], n,
                   a, b);
}

void jc_rows_slice(jc_tensor *t, const jc_model *model, const jc_weight_row *row,
                   uint32_t expert)
{
    if (row->shape[0] == JC_DIM_ONE && t->n_dims == 1) {
        t->shape[1] = t->shape[0];
        t->shape[0] = 1;
        t->n_dims = 2;
    }
    if (headed(row, t)) {
        t->shape[0] *= t->shape[1];
        t->shape[1] = t->shape[2];
        t->shape[2] = 1;
        t->n_dims = 2;
    }
    if (unfolded(row, t)) {
        t->shape[0] = t->count;
        t->shape[1] = 1;
        t->n_dims = 1;
    }
    if (!stacked(model, row, t))
        return;
    t->bytes /= jc_rows_experts(model, row);
    t->count /= jc_rows_experts(model, row);
    t->data += expert * t->bytes;
    t->first = expert * t->count;
    t->n_dims--;
    for (size_t i = 0; i < 3; i++)
        t->shape[i] = t->shape[i + 1];
    t->shape[3] = 1;
}

static jc_status check_shape(const jc_model *model, const jc_weight_row *row,
                             const jc_tensor *t, jc_error *err)
{
    size_t a = jc_rows_dim(&model->hp, row->shape[0]),
           b = jc_rows_dim(&model->hp, row->shape[1]);
    uint32_t n_dims = row->shape[1] == JC_DIM_NONE ? 1 : 2;

    if (row->flags & JC_WEIGHT_IN_OUT && !t->out_in) {
        size_t swap = a;
        a = b;
        b = swap;
    }
    if (stacked(model, row, t))
        return check_stacked(model, row, t, a, b, err);
    if (row->shape[0] == JC_DIM_ONE && t->n_dims == 1 && t->shape[0] == b)
        return JC_OK;
    size_t heads = row->id == JC_W_CONV ? a : model->hp.heads;
    if (headed(row, t) && t->shape[0] == heads && t->shape[2] == b &&
        t->shape[1] == a / heads)
        return JC_OK;
    if (unfolded(row, t) && t->count == a)
        return JC_OK;
    if (t->n_dims == n_dims && t->shape[0] == a && t->shape[1] == b)
        return JC_OK;
    return jc_fail(err, JC_E_FORMAT,
                   "tensor '%s' of '%s' is [%zu, %zu] in %u dimensions, and the "
                   "configuration wants [%zu, %zu] in %u",
                   t->name, t->file, t->shape[0], t->shape[1], t->n_dims, a, b, n_dims);
}

/* In the place of a part that a GGUF file leaves out. */
static const jc_tensor *zeros_of(const jc_model *model, const jc_weight_row *row)
{
    size_t n = jc_rows_dim(&model->hp, row->shape[0]);

    for (size_t i = 0; i < JC_COUNT(model->zeros); i++)
        if (model->zeros[i].count == n)
            return &model->zeros[i];
    return NULL;
}

jc_status jc_rows_find(const jc_tensor **tensor, const jc_model *model,
                       const jc_weight_row *row, uint32_t block, uint32_t expert,
                       jc_error *err)
{
    const jc_tensor *t = *tensor = jc_names_seek(model, row, block, expert);

    if (!t && row->flags & JC_WEIGHT_TIED && model->hp.tied)
        return JC_OK;
    if (!t && row->flags & JC_WEIGHT_OPTIONAL) {
        *tensor = zeros_of(model, row);
        return JC_OK;
    }
    if (!t)
        return jc_rows_missing(model, row, block, expert, err);
    jc_status st = check_shape(model, row, t, err);
    bool float8 = t->dtype == JC_F8_E4M3 || t->dtype == JC_F8_E5M2;
    if (st == JC_OK && float8 && !t->packing)
        st =
            jc_fail(err, JC_E_UNSUPPORTED,
                    "cannot read tensor '%s' of '%s': the type %s is not supported without "
                    "its scales",
                    t->name, t->file, jc_tensor_type(t));
    if ((st || !jc_tensor_real(t)) && jc_quantised_beside(model, t->name))
        return jc_quantised_refuse(model, jc_quantised_beside(model, t->name), err);
    if (st == JC_OK && !jc_tensor_real(t))
        st = jc_fail(err, JC_E_UNSUPPORTED,
                     "cannot read tensor '%s' of '%s': the type %s is not supported",
                     t->name, t->file, jc_tensor_type(t));
    return st;
}

/* Vectors of zeros as long as the biases that GGUF files may leave out. */
static jc_status make_zeros(jc_model *model, jc_error *err)
{
    const jc_hparams *hp = &model->hp;
    const size_t sizes[] = {hp->q_width, hp->kv_width, hp->width, hp->ff_width};
    size_t most = 1;

    _Static_assert(JC_COUNT(sizes) == JC_COUNT(model->zeros), "one for each");
    for (size_t i = 0; i < JC_COUNT(sizes); i++)
        most = sizes[i] > most ? sizes[i] : most;
    model->zero = jc_matrix_new(most, 1, sizeof *model->zero);
    if (!model->zero)
        return jc_fail_nomem(err, "the weights");
    for (size_t i = 0; i < JC_COUNT(sizes); i++)
        model->zeros[i] = (jc_tensor){.name = "zeros",
                                      .dtype = JC_F32,
                                      .n_dims = 1,
                                      .shape = {sizes[i], 1, 1, 1},
                                      .count = sizes[i],
                                      .bytes = sizes[i] * sizeof *model->zero,
                                      .data = (const unsigned char *)model->zero,
                                      .file = model->path};
    return JC_OK;
}

static void count_tensor(jc_model *model, const jc_tensor *tensor)
{
    const char *dtype = jc_tensor_type(tensor);

    model->info.parameters += tensor->count;
    if (!model->info.stored_dtype)
        model->info.stored_dtype = dtype;
    else if (strcmp(model->info.stored_dtype, dtype) != 0)
        model->info.stored_dtype = "mixed";
}

static bool of_head(const jc_weight_row *row)
{
    return row->id >= JC_W_TRANSFORM;
}

/* Whether there is a head. A decoder has one unless neither an unembedding is there nor the
 * embedding is tied to it; where a checkpoint may lack one, any tensor of it tells. */
static bool has_head(const jc_model *model)
{
    bool optional = false, rows = false;

    for (size_t i = 0; i < model->n_weights; i++) {
        const jc_weight_row *row = &model->weights[i];
        optional |= row->flags & JC_WEIGHT_HEAD;
        rows |= row->id == JC_W_HEAD;
        if ((row->flags & JC_WEIGHT_HEAD || row->id == JC_W_HEAD) &&
            jc_names_seek(model, row, 0, 0))
            return true;
    }
    return rows && !optional && model->hp.tied;
}

static jc_status check_row(jc_model *model, const jc_weight_row *row, uint32_t block,
                           uint32_t expert, jc_error *err)
{
    const jc_tensor *tensor;
    jc_status st = jc_rows_find(&tensor, model, row, block, expert, err);

    if (st)
        return st;
    if (row->flags & JC_WEIGHT_GATES) /* counted with the queries */
        return JC_OK;
    if (tensor && tensor->data != (const unsigned char *)model->zero &&
        (expert == 0 || !stacked(model, row, tensor)))
        count_tensor(model, tensor);
    if (tensor && row->id > JC_W_TYPES) /* others are read row by row */
        model->info.step_bytes += tensor->bytes;
    if (row->id == JC_W_TOKENS)
        model->tokens = tensor;
    if (row->id == JC_W_POSITIONS)
        model->positions = tensor;
    if (row->id == JC_W_TYPES)
        model->types = tensor;
    if (row->id == JC_W_HEAD)
        model->info.tied_head = !tensor;
    if (row->id == JC_W_HEAD && !tensor && model->tokens)
        model->info.step_bytes += model->tokens->bytes;
    return JC_OK;
}

jc_status jc_weights_check(jc_model *model, jc_error *err)
{
    jc_status st = make_zeros(model, err);

    jc_names_unwrap(model);
    jc_names_choose(model);
    model->info.has_head = has_head(model);
    for (size_t i = 0; i < model->n_weights; i++) {
        const jc_weight_row *row = &model->weights[i];
        uint32_t n = jc_rows_blocks(model, row);
        if (of_head(row) && !model->info.has_head)
            continue;
        for (uint32_t block = 0; block < n && st == JC_OK; block++)
            for (uint32_t e = 0; e < jc_rows_experts(model, row) && st == JC_OK; e++)
                if (jc_rows_in_block(model, row, block))
                    st = check_row(model, row, block, e, err);
    }
    if (st == JC_OK)
        st = jc_unread_check(model, err);
    return st ? st : jc_unfilled_check(model, err);
}

uint32_t jc_rows_blocks(const jc_model *model, const jc_weight_row *row)
{
    if (!jc_rows_used(model, row) || row->flags & (JC_WEIGHT_ONES | JC_WEIGHT_SINUSOIDS))
        return 0;
    return per_block(row->id) && !model->arch->one_block ? model->hp.layers : 1;
}
