/* SPDX-License-Identifier: MIT */
/*
 * weights.c: the weights of a model, read from the tensors of its architecture's rows.
 *
 * A weight is in memory once. Linear layers are packed for the backend and the pages of the
 * file given back; where that would take more memory than the file, the layer reads the
 * file as it runs. Embeddings stay in the mapping and are read row by row.
 */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "model/ops.h"
#include "model/unembed.h"

/* A weight as it is used: the tensors of its rows, one below the other. */
struct stack {
    jc_tensor parts[JC_WEIGHT_PARTS];
    size_t n, n_in, n_out; /* n is 0 where the architecture has no such weight */
    bool in_out, plus_one, by_head, paired, fourths;
    size_t queries;            /* whose gates lie between them, head by head; 0: not so */
    bool gates;                /* of them, the gates */
    bool part;                 /* only some rows as they are stored, */
    size_t first;              /* from this number on */
    size_t head_width, shared; /* heads of queries to one of keys and values */
    bool checked;              /* all values are finite */
    bool once;                 /* in order, so pages that were read are given back */
    const jc_tensor *bad;      /* has a value that is not */
    unsigned char *own[JC_WEIGHT_PARTS]; /* blocks that parts were put into, or NULL */
};

static jc_status find_stack(struct stack *stack, const jc_model *model, jc_weight_id id,
                            uint32_t block, uint32_t expert, jc_error *err)
{
    const jc_weight_row *row = jc_rows_next(model, id, NULL);

    memset(stack, 0, sizeof *stack);
    for (; row; row = jc_rows_next(model, id, row)) {
        const jc_tensor *tensor;
        if (!jc_rows_in_block(model, row, block))
            continue;
        jc_status st = jc_rows_find(&tensor, model, row, block, expert, err);
        if (st)
            return st;
        if (!tensor)
            tensor = model->tokens;
        stack->in_out = row->flags & JC_WEIGHT_IN_OUT && !tensor->out_in;
        stack->plus_one = row->flags & JC_WEIGHT_PLUS_ONE;
        stack->by_head = row->flags & JC_WEIGHT_BY_HEAD;
        stack->head_width = model->hp.head_width;
        stack->shared = model->hp.heads / model->hp.kv_heads;
        stack->paired = row->flags & JC_WEIGHT_PAIRED;
        stack->fourths = row->flags & JC_WEIGHT_FOURTHS;
        jc_tensor *part = &stack->parts[stack->n++];
        bool matrix = row->shape[1] != JC_DIM_NONE;
        if (row->flags & (JC_WEIGHT_QUERIES | JC_WEIGHT_GATES))
            stack->queries = model->hp.q_width;
        stack->gates = row->flags & JC_WEIGHT_GATES;
        *part = *tensor;
        jc_rows_slice(part, model, row, expert);
        stack->in_out &= matrix;
        stack->n_in = part->shape[stack->in_out ? 0 : 1];
        stack->n_out += part->shape[stack->in_out ? 1 : 0];
    }
    stack->n_out -= stack->queries;
    return JC_OK;
}

/* Elements of the tensors as they are stored, one below the other. */
static void read_stored(struct stack *stack, size_t first, size_t n, float *out)
{
    for (size_t p = 0; p < stack->n && n > 0; p++) {
        const jc_tensor *part = &stack->parts[p];
        if (part->count <= first) {
            first -= part->count;
            continue;
        }
        size_t count = part->count - first < n ? part->count - first : n;
        jc_tensor_read(part, first, count, out);
        if (stack->once)
            jc_tensor_release_some(part, first, count);
        for (size_t i = 0; i < count && !stack->checked; i++)
            if (!isfinite(out[i]) && !stack->bad)
                stack->bad = part;
        first = 0;
        out += count;
        n -= count;
    }
}

static size_t stored_fourth(const struct stack *stack, size_t row)
{
    static const size_t place[] = {0, 2, 1}; /* of queries, keys, values */
    size_t third = stack->n_out / 3, fourth = third / 4;
    size_t part = row / third, within = row % third;

    return within / fourth * 3 * fourth + place[part] * fourth + within % fourth;
}

static bool reordered(const struct stack *stack)
{
    return stack->by_head || stack->paired || stack->fourths || stack->queries;
}

/* Where row `row` of the weight as it is used is stored. */
static size_t stored_row(const struct stack *stack, size_t row)
{
    size_t half = stack->n_out / 2;
    size_t w = stack->head_width, shared = stack->shared, head = row / w;
    size_t groups = stack->n_out / w / (shared + 2), queries = groups * shared;
    size_t group = head / shared, within = head % shared; /* of a head of queries */

    if (!reordered(stack))
        return row;
    if (stack->queries)
        return row < stack->queries ? (2 * head + stack->gates) * w + row % w
                                    : row + stack->queries;
    if (stack->fourths)
        return stored_fourth(stack, row);
    if (stack->paired)
        return row < half ? 2 * row : 2 * (row - half) + 1;
    if (head >= queries) {
        group = (head - queries) % groups;
        within = shared + (head - queries) / groups;
    }
    return (group * (shared + 2) + within) * w + row % w;
}

/* The same where each input's outputs lie together, and every other one is of the gate. */
static void read_paired(struct stack *stack, size_t first, size_t n, float *out)
{
    enum { CHUNK = 128 };
    float both[2 * CHUNK] = {0};
    size_t half = stack->n_out / 2;

    while (n > 0) {
        size_t row = first / stack->n_out, at = first % stack->n_out;
        size_t left = at < half ? half - at : stack->n_out - at;
        size_t count = left < n ? left : n;
        count = count < CHUNK ? count : CHUNK;
        read_stored(stack, row * stack->n_out + 2 * (at % half), 2 * count, both);
        for (size_t i = 0; i < count; i++)
            out[i] = both[2 * i + (at >= half)];
        first += count;
        out += count;
        n -= count;
    }
}

/* Elements of the weight as it is used: all queries, all keys, all values. Where they are
 * stored in another order, whole rows of n_in are asked for. */
static void read_stack(void *arg, size_t first, size_t n, float *out)
{
    struct stack *stack = arg;

    if (stack->paired && stack->in_out) {
        read_paired(stack, first, n, out);
        return;
    }
    if (!reordered(stack)) {
        read_stored(stack, stack->first + first, n, out);
        return;
    }
    for (size_t row = first / stack->n_in; n > 0; row++, n -= stack->n_in) {
        read_stored(stack, stored_row(stack, row) * stack->n_in, stack->n_in, out);
        out += stack->n_in;
    }
}

static jc_status check_finite(const struct stack *stack, jc_error *err)
{
    return stack->bad ? jc_fail(err, JC_E_NUMERIC,
                                "tensor '%s' of '%s' has a value that is not finite",
                                stack->bad->name, stack->bad->file)
                      : JC_OK;
}

/* *out stays NULL where the architecture has no such vector. */
jc_status jc_weights_vector(const jc_model *model, jc_weight_id id, uint32_t block,
                            uint32_t expert, float **out, size_t *n, jc_error *err)
{
    struct stack stack;
    jc_status st = find_stack(&stack, model, id, block, expert, err);

    if (st || stack.n == 0)
        return st;
    *n = stack.n_out;
    *out = jc_matrix_new(stack.n_out, 1, sizeof **out);
    if (!*out)
        return jc_fail_nomem(err, "the weights");
    read_stack(&stack, 0, stack.n_out, *out);
    for (size_t i = 0; stack.plus_one && i < stack.n_out; i++)
        (*out)[i] += 1;
    return check_finite(&stack, err);
}

jc_status jc_weights_floats(float **out, const jc_model *model, jc_weight_id id,
                            uint32_t block, jc_error *err)
{
    struct stack stack;
    jc_status st = find_stack(&stack, model, id, block, 0, err);

    *out = NULL;
    if (st || stack.n == 0)
        return st;
    *out = jc_matrix_new(stack.n_out, stack.n_in, sizeof **out);
    if (!*out)
        return jc_fail_nomem(err, "the weights");
    read_stored(&stack, 0, stack.n_out * stack.n_in, *out);
    return check_finite(&stack, err);
}

/* ---- weights that stay where they lie ---- */

/* Whether a packed copy would be much larger than what is stored, or none is wanted.
 * Float16 of folders, which the first, small models are in, is packed all the same: they
 * stay fast. */
static bool keeps(const jc_model *model, const jc_tensor *parts, size_t n)
{
    size_t packed = model->precision == JC_PRECISION_BF16 ? 2 : 4, count = 0, stored = 0;

    if (model->as_stored)
        return true;
    for (size_t p = 0; p < n; p++) {
        if (parts[p].dtype == JC_F16 && !jc_store_gguf(model->store))
            return false;
        count += parts[p].count;
        stored += parts[p].bytes;
    }
    return (double)count * (double)packed > 1.1 * (double)stored;
}

size_t jc_weights_held(const jc_model *model, const jc_tensor *tensor, bool mapped)
{
    size_t packed = model->precision == JC_PRECISION_BF16 ? 2 : 4;

    if (keeps(model, tensor, 1)) {
        size_t blocks = jc_regrouped_bytes(tensor);
        return blocks ? blocks : mapped ? 0 : tensor->bytes;
    }
    return tensor->count * packed;
}

enum { CHUNK = 1 << 15 }; /* numbers that one task checks */

static jc_status check_chunk(void *arg, size_t i, jc_error *err)
{
    const jc_tensor *tensor = arg;
    size_t first = i * CHUNK;
    size_t n = tensor->count - first < CHUNK ? tensor->count - first : CHUNK;
    struct stack bad = {.bad = NULL};
    float *x = jc_matrix_new(n, 1, sizeof *x);

    if (!x)
        return jc_fail_nomem(err, "the weights");
    jc_tensor_read(tensor, first, n, x);
    for (size_t k = 0; k < n; k++)
        if (!isfinite(x[k]))
            bad.bad = tensor;
    jc_free(x);
    return check_finite(&bad, err);
}

/* A part of several tensors is put into blocks where it fits; those are given back. */
static jc_status regroup(struct stack *stack, size_t p, jc_error *err)
{
    jc_tensor *part = &stack->parts[p];
    const jc_packing *packing = part->packing;
    size_t bytes = jc_regrouped_bytes(part), first = part->first;

    if (bytes == 0)
        return JC_OK;
    stack->own[p] = jc_matrix_new(bytes, 1, 1);
    if (!stack->own[p])
        return jc_fail_nomem(err, "the weights");
    jc_status st = jc_regroup(part, stack->own[p], err);
    jc_map_release(packing->bits->data + first * packing->wide / 8,
                   part->count * packing->wide / 8);
    return st;
}

static void drop(void *arg)
{
    struct stack *stack = arg;

    for (size_t p = 0; stack && p < stack->n; p++)
        jc_free(stack->own[p]);
    jc_free(stack);
}

/* A copy of `stack` for a layer to keep, its values checked. */
static jc_status keep(struct stack **out, const struct stack *stack, jc_error *err)
{
    struct stack *copy = jc_alloc(sizeof *copy);
    jc_status st = copy ? JC_OK : jc_fail_nomem(err, "the weights");

    *out = NULL;
    if (st)
        return st;
    *copy = *stack;
    for (size_t p = 0; p < copy->n && st == JC_OK; p++) {
        size_t tasks = (copy->parts[p].count + CHUNK - 1) / CHUNK;
        st = regroup(copy, p, err);
        if (st == JC_OK)
            st = jc_parallel(tasks, check_chunk, &copy->parts[p], err);
    }
    if (st) {
        drop(copy);
        return st;
    }
    copy->checked = true;
    *out = copy;
    return JC_OK;
}

static void read_tensor(const void *tensor, size_t first, size_t n, float *out)
{
    jc_tensor_read(tensor, first, n, out);
}

/* Outputs from `row` on that lie at even distances in one tensor. `stack` outlives the
 * layer if it is kept. */
static jc_stored stored_part(const struct stack *stack, size_t row, bool kept)
{
    size_t at = stored_row(stack, row), side = stack->in_out ? 1 : 0;
    const jc_tensor *tensor = stack->parts;
    jc_stored part = {.n_out = stack->n_out - row, .step = stack->paired ? 2 : 1};

    for (; at >= tensor->shape[side]; tensor++)
        at -= tensor->shape[side];
    size_t left = tensor->shape[side] - at;
    if (stack->paired)
        left = (left + 1) / 2;
    if (stack->by_head || row < stack->queries)
        left = stack->head_width;
    if (stack->fourths)
        left = stack->n_out / 12;
    if (stack->paired && row < stack->n_out / 2)
        part.n_out = stack->n_out / 2 - row;
    part.n_out = left < part.n_out ? left : part.n_out;
    part.type = tensor->packing ? "packed" : jc_dtype_name(tensor->dtype);
    part.order = tensor->order;
    part.from = at * stack->n_in;
    part.data = tensor->data +
                part.from / jc_dtype_block(tensor->dtype) * jc_dtype_bytes(tensor->dtype);
    if (kept && !stack->in_out) {
        part.read = read_tensor;
        part.arg = tensor;
    }
    return part;
}

/* The weight where it lies, for the generation plan, in the order of its outputs. */
static jc_status show_stored(jc_linear_spec *spec, const struct stack *stack, bool kept,
                             jc_stored **memory, jc_error *err)
{
    size_t capacity = 0;

    if ((stack->paired && stack->in_out) || stack->part)
        return JC_OK;
    for (size_t row = 0; row < stack->n_out; row += (*memory)[spec->n_stored++].n_out) {
        if (!jc_grow(memory, &capacity, spec->n_stored + 1, sizeof **memory))
            return jc_fail_nomem(err, "the weights");
        (*memory)[spec->n_stored] = stored_part(stack, row, kept);
    }
    spec->stored = *memory;
    return JC_OK;
}

static jc_status make_linear(jc_linear **out, const jc_model *model, jc_linear_spec *spec,
                             struct stack *stack, jc_error *err)
{
    struct stack *kept = NULL;
    jc_stored *stored = NULL;
    jc_status st = JC_OK;

    spec->weight =
        (jc_weight_source){.in_out = stack->in_out, .arg = stack, .read = read_stack};
    if (!stack->part && keeps(model, stack->parts, stack->n)) {
        st = keep(&kept, stack, err);
        spec->weight.arg = kept;
        spec->weight.release = drop;
        for (size_t p = 0; kept && p < kept->n; p++)
            spec->weight.bytes += kept->parts[p].bytes;
    }
    stack->once = !kept && !stack->part && !stack->in_out && !reordered(stack);
    if (st == JC_OK)
        st = show_stored(spec, kept ? kept : stack, kept, &stored, err);
    if (st == JC_OK)
        st = jc_linear_new(out, model->backend, spec, err);
    if (st)
        drop(kept);
    jc_free(stored);
    for (size_t p = 0; p < stack->n && !kept && !stack->part; p++)
        jc_tensor_release(&stack->parts[p]);
    return st ? st : check_finite(stack, err);
}

static jc_status load_linear(jc_linear **out, const jc_model *model, jc_weight_id id,
                             uint32_t block, uint32_t expert, jc_linear_spec spec,
                             jc_error *err)
{
    struct stack stack;
    float *bias = NULL;
    size_t n;
    jc_status st = find_stack(&stack, model, id, block, expert, err);

    *out = NULL;
    if (st || stack.n == 0)
        return st;
    st = jc_weights_vector(model, (jc_weight_id)(id + 1), block, expert, &bias, &n, err);
    if (st == JC_OK) {
        spec.n_in = stack.n_in;
        spec.n_out = stack.n_out;
        spec.bias = bias;
        st = make_linear(out, model, &spec, &stack, err);
    }
    if (st) {
        jc_linear_free(*out);
        *out = NULL;
    }
    jc_free(bias);
    return st;
}

jc_status jc_weights_linear(jc_linear **out, const jc_model *model, jc_weight_id id,
                            uint32_t block, jc_act act, bool add, jc_error *err)
{
    const jc_linear_spec spec = {.act = act, .add = add, .precision = model->precision};

    return load_linear(out, model, id, block, 0, spec, err);
}

jc_status jc_weights_expert(jc_linear **out, const jc_model *model, jc_weight_id id,
                            uint32_t block, uint32_t expert, jc_error *err)
{
    const jc_linear_spec spec = {.precision = model->precision,
                                 .expert = id == JC_W_EXPERT_UP || id == JC_W_EXPERT_DOWN};

    return load_linear(out, model, id, block, expert, spec, err);
}

jc_status jc_weights_part(jc_linear **out, const jc_model *model, jc_weight_id id,
                          uint32_t block, size_t first, size_t n, bool turned,
                          jc_error *err)
{
    jc_linear_spec spec = {.precision = model->precision};
    struct stack stack;
    jc_status st = find_stack(&stack, model, id, block, 0, err);

    *out = NULL;
    if (st)
        return st;
    stack.part = true;
    stack.first = first * stack.n_in;
    stack.in_out = turned;
    spec.n_in = turned ? n : stack.n_in;
    spec.n_out = turned ? stack.n_in : n;
    stack.n_in = spec.n_in;
    stack.n_out = spec.n_out;
    return make_linear(out, model, &spec, &stack, err);
}

jc_status jc_weights_router(jc_linear **out, const jc_model *model, jc_weight_id id,
                            uint32_t block, jc_error *err)
{
    const jc_linear_spec spec = {.precision = JC_PRECISION_F32};

    return load_linear(out, model, id, block, 0, spec, err);
}

jc_status jc_model_norm(const jc_model *model, const jc_norm_weights *weights, jc_mat x,
                        jc_mat y, jc_error *err)
{
    size_t d = weights->d;
    jc_norm norm = {.kind = model->arch->norm,
                    .eps = model->hp.eps,
                    .d = d,
                    .weight = weights->weight,
                    .bias = weights->bias};
    jc_status st = JC_OK;

    if (weights->pieces == 0)
        return jc_norm_run(&norm, x, y, err);
    for (size_t i = 0; i < weights->pieces && st == JC_OK; i++) {
        norm.weight = weights->weight + i * d;
        norm.bias = weights->bias ? weights->bias + i * d : NULL;
        st = jc_norm_run(&norm, jc_mat_cols(x, i * d, d), jc_mat_cols(y, i * d, d), err);
    }
    return st;
}

jc_status jc_unembed_rows(const jc_model *model, size_t first, size_t n, float *out,
                          jc_error *err)
{
    struct stack stack;
    jc_status st = find_stack(&stack, model, JC_W_TRANSFORM, 0, 0, err);

    if (st)
        return st;
    if (stack.n || !model->info.has_head)
        return jc_fail(
            err, JC_E_UNSUPPORTED,
            "'%s' is not read out by a norm and an unembedding alone, as decoders are: "
            "'--metric logits' and method 'tuned' want that",
            model->path);
    st = find_stack(&stack, model, JC_W_HEAD, 0, 0, err);
    if (st)
        return st;
    read_stack(&stack, first * stack.n_in, n * stack.n_in, out);
    for (size_t i = 0; i < n * stack.n_in; i++)
        out[i] *= (float)model->hp.logit_scale;
    return check_finite(&stack, err);
}

const float *jc_unembed_scale(const jc_model *model)
{
    return model->final.weight;
}

/* An encoder's `final` is within its head. */
static const jc_norm_weights *final_norm(const jc_model *model)
{
    return model->info.causal ? &model->final : &model->last;
}

bool jc_final_norm(const jc_model *model, const float **weight, const float **bias)
{
    *weight = final_norm(model)->weight;
    *bias = final_norm(model)->bias;
    return *weight != NULL;
}

jc_status jc_final_norm_run(const jc_model *model, const float *h, size_t n, float *out,
                            jc_error *err)
{
    size_t d = model->hp.width;
    jc_loan in, to = {.home = NULL};
    jc_status st = jc_loan_read(&in, model->backend, h, n, d, err);

    if (st)
        return st;
    st = jc_loan_write(&to, model->backend, out, n, d, false, err);
    if (st == JC_OK)
        st = jc_model_norm(model, final_norm(model), in.mat, to.mat, err);
    st = jc_loan_end(&to, st, err);
    return jc_loan_end(&in, st, err);
}
