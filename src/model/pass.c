/* SPDX-License-Identifier: MIT */
/*
 * pass.c: the runner: rows in, through the steps of a route, states out at every tap.
 *
 * Rows of several texts lie one after another without padding, so nothing can leak from one
 * to the next but through attention, and attention is told where each begins and ends.
 */
#include "model/pass.h"

#include <string.h>

#include "model/ops.h"

void jc_pass_release(jc_pass *pass)
{
    jc_buffer_free(pass->buffer);
    jc_free(pass->attended);
    jc_free(pass->host);
    jc_free(pass->positions);
    memset(pass, 0, sizeof *pass);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t widest_mlp(const jc_hparams *hp)
{
    return larger(hp->ff_width,
                  larger(hp->experts ? hp->expert_width : 0, hp->shared_width));
}

/* The most numbers a row has in a register. Any of the first three may be a residual
 * stream, and what a map makes of a part may be as wide. */
static size_t reg_width(const jc_model *model, jc_reg reg)
{
    const jc_hparams *hp = &model->hp;

    switch (reg) {
    case JC_REG_H:
    case JC_REG_B:
    case JC_REG_Y:
        return hp->width;
    case JC_REG_A:
        return hp->latent ? larger(hp->width, (size_t)hp->heads * hp->value_width)
                          : larger(larger(hp->width, hp->q_width),
                                   jc_rows_dim(hp, JC_DIM_SCAN_VALUES));
    case JC_REG_RAW:
        return hp->latent           ? hp->heads * larger(hp->nope + hp->rope, hp->latent)
               : hp->attention_gate ? hp->q_width
                                    : 0;
    case JC_REG_LOW:
        return larger(larger(hp->q_rank, hp->nope), hp->value_width);
    case JC_REG_WIDE:
        return hp->latent ? hp->latent + hp->rope : 0;
    case JC_REG_QKV:
        return larger(hp->q_width +
                          larger(2 * hp->kv_width, hp->attention_gate ? hp->q_width : 0),
                      hp->scan     ? jc_rows_dim(hp, JC_DIM_SCAN_IN)
                      : hp->conv.n ? 3 * (size_t)hp->width
                                   : 0);
    case JC_REG_GATED:
        return model->arch->gated ? 2 * widest_mlp(hp) : 0;
    case JC_REG_FF:
        return larger(widest_mlp(hp), hp->embed_width);
    case JC_REG_ROUTER:
        return hp->experts;
    case JC_REG_MIX:
        return hp->experts ? hp->width : 0;
    case JC_REGS:
        break;
    }
    return 0;
}

jc_mat jc_pass_reg(const jc_pass *pass, jc_reg reg, size_t cols)
{
    return jc_mat_of(pass->buffer, pass->offset[reg], pass->rows, cols);
}

/* Registers begin at multiples of 64 bytes. */
static bool place(size_t *end, size_t *offset, size_t rows, size_t cols)
{
    size_t n;

    *offset = *end;
    return jc_mul(rows, cols, &n) && jc_add(*end, n, end) && jc_add(*end, 15, end) &&
           (*end &= ~(size_t)15, true);
}

static jc_status reserve(jc_pass *pass, const jc_model *model, size_t rows, size_t n_spans,
                         jc_error *err)
{
    size_t end = 0, turns[JC_ROTARIES], bytes, host = larger(model->hp.width, 1);
    bool ok = true;

    for (size_t i = 0; i < JC_ROTARIES; i++)
        host = larger(host, 2 * model->rotary[i].half);
    host = larger(host, model->hp.embed_width);
    if (!jc_mul(rows, host, &host) ||
        !jc_grow(&pass->host, &pass->host_capacity, host, sizeof *pass->host) ||
        !jc_grow(&pass->positions, &pass->positions_capacity, rows,
                 sizeof *pass->positions) ||
        !jc_grow(&pass->attended, &pass->attended_capacity, n_spans,
                 sizeof *pass->attended))
        return jc_fail_nomem(err, "a batch of texts");
    size_t capacity = rows > pass->capacity ? rows : pass->capacity;
    for (jc_reg reg = 0; reg < JC_REGS; reg++)
        ok = ok && place(&end, &pass->offset[reg], capacity, reg_width(model, reg));
    for (size_t i = 0; i < JC_ROTARIES; i++)
        ok = ok && place(&end, &turns[i], capacity, 2 * model->rotary[i].half);
    if (!ok || !jc_mul(end, sizeof(float), &bytes))
        return jc_fail_nomem(err, "a batch of texts");
    if (rows > pass->capacity) {
        jc_buffer_free(pass->buffer);
        pass->buffer = NULL;
        pass->capacity = 0;
        jc_status st =
            jc_buffer_new(&pass->buffer, model->backend, bytes, "a batch of texts", err);
        if (st)
            return st;
        pass->capacity = rows;
    }
    for (size_t i = 0; i < JC_ROTARIES; i++)
        pass->turns[i] = jc_mat_of(pass->buffer, turns[i], rows, 2 * model->rotary[i].half);
    return JC_OK;
}

/* The positions of a span's rows. */
static void number(const jc_span *span, uint32_t *positions)
{
    uint32_t past = (uint32_t)span->past;

    for (size_t i = 0; i < span->n; i++) {
        bool first = span->parents ? span->parents[i] < 0 : i == 0;
        size_t parent = span->parents ? (size_t)span->parents[i] : i - 1;
        positions[i] = first ? past : positions[parent] + 1;
    }
}

static jc_status make_turns(jc_pass *pass, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t k = 0; k < JC_ROTARIES && st == JC_OK; k++) {
        const jc_rotary *rotary = &pass->model->rotary[k];
        if (rotary->half == 0)
            continue;
        for (size_t s = 0; s < pass->n_spans; s++) {
            const jc_span *span = &pass->spans[s];
            /* a text that is being written is taken for as long as it may become */
            size_t length = span->seq ? span->seq->room : span->n;
            for (size_t i = 0; i < span->n; i++)
                jc_rotary_turns(rotary, pass->positions[span->row + i], length,
                                pass->host + (span->row + i) * 2 * rotary->half);
        }
        st = jc_mat_upload(pass->turns[k], pass->host, err);
    }
    return st;
}

jc_status jc_pass_begin(jc_pass *pass, const jc_model *model, jc_plan plan,
                        const jc_span *spans, size_t n_spans, jc_error *err)
{
    size_t rows = 0;

    for (size_t s = 0; s < n_spans; s++)
        rows += spans[s].n;
    jc_status st = reserve(pass, model, rows, n_spans, err);
    if (st)
        return st;
    pass->model = model;
    pass->plan = plan;
    pass->rows = rows;
    pass->spans = spans;
    pass->n_spans = n_spans;
    pass->maps = NULL;
    for (size_t s = 0; s < n_spans; s++) {
        const jc_seq *seq = spans[s].seq;
        if (seq && spans[s].n > seq->room - spans[s].past)
            return jc_fail(err, JC_E_ARG,
                           "a sequence of %zu tokens has no room for %zu more: %zu fit",
                           spans[s].past, spans[s].n, seq->room);
        number(&spans[s], pass->positions + spans[s].row);
    }
    return make_turns(pass, err);
}

/* H is the state at a layer tap: the sink gets it. */
static jc_status show(const jc_pass *pass, uint32_t layer, jc_error *err)
{
    if (!pass->sink.take)
        return JC_OK;
    return pass->sink.take(pass->sink.arg, (jc_tap){layer, JC_POINT_OUT},
                           jc_pass_reg(pass, JC_REG_H, pass->model->hp.width), err);
}

/* ---- embedding ---- */

/* Embeddings being made, in tasks. */
struct lookup {
    const jc_pass *pass;
    size_t d; /* of a row of x */
    float *x;
};

enum { LOOKUP_ROWS = 64 };

/* Add rows of tables to x [rows, d]: LOOKUP_ROWS of them. */
static jc_status add_tables(void *arg, size_t task, jc_error *err)
{
    const struct lookup *job = arg;
    const jc_pass *pass = job->pass;
    const jc_model *model = pass->model;
    size_t d = job->d, end = (task + 1) * LOOKUP_ROWS;
    float *x = job->x, *spare = jc_alloc_array(d, sizeof *spare);

    if (!spare)
        return jc_fail_nomem(err, "an embedding");
    for (size_t r = task * LOOKUP_ROWS; r < end && r < pass->rows; r++) {
        const struct {
            const jc_tensor *table;
            size_t row;
        } added[] = {{model->positions, model->hp.first_position + pass->positions[r]},
                     {model->types, 0}};
        for (size_t k = 0; k < JC_COUNT(added); k++) {
            if (!added[k].table)
                continue;
            jc_tensor_read(added[k].table, added[k].row * d, d, spare);
            for (size_t i = 0; i < d; i++)
                x[r * d + i] += spare[i];
        }
    }
    jc_free(spare);
    return JC_OK;
}

/* The token embeddings of a span: x [rows, d]. */
static jc_status read_tokens(void *arg, size_t s, jc_error *err)
{
    const struct lookup *job = arg;
    const jc_span *span = &job->pass->spans[s];

    (void)err;
    for (size_t i = 0; i < span->n; i++)
        jc_tensor_read(job->pass->model->tokens, span->ids[i] * job->d, job->d,
                       job->x + (span->row + i) * job->d);
    return JC_OK;
}

static void scale(float *x, size_t n, float by)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= by;
}

/* The token embeddings in host memory, which are narrower, as wide as states. */
static jc_status widen_tokens(jc_pass *pass, jc_mat narrow, jc_mat h, jc_error *err)
{
    jc_status st = jc_mat_upload(narrow, pass->host, err);

    if (st == JC_OK)
        st = jc_linear_apply(pass->model->embed_in, pass->plan, narrow, h, err);
    return st ? st : jc_mat_download(pass->host, h, err);
}

jc_status jc_pass_embed(jc_pass *pass, jc_error *err)
{
    const jc_model *model = pass->model;
    bool late = model->embed_in && model->arch->embed_in_last;
    size_t e = model->hp.embed_width, d = late ? e : model->hp.width;
    jc_mat h = jc_pass_reg(pass, JC_REG_H, model->hp.width);
    jc_mat narrow = jc_pass_reg(pass, JC_REG_FF, e), sum = late ? narrow : h;
    struct lookup tokens = {pass, e, pass->host}, sums = {pass, d, pass->host};
    jc_status st = jc_parallel(pass->n_spans, read_tokens, &tokens, err);

    if (st == JC_OK && model->embed_in && !late)
        st = widen_tokens(pass, narrow, h, err);
    if (st == JC_OK) {
        if (model->hp.embed_scale != 1)
            scale(pass->host, pass->rows * d, (float)model->hp.embed_scale);
        if (model->positions || model->types)
            st = jc_parallel((pass->rows + LOOKUP_ROWS - 1) / LOOKUP_ROWS, add_tables,
                             &sums, err);
    }
    if (st == JC_OK)
        st = jc_mat_upload(sum, pass->host, err);
    if (st == JC_OK && model->embed_norm.weight)
        st = jc_model_norm(model, &model->embed_norm, sum, sum, err);
    if (st == JC_OK && late)
        st = jc_linear_apply(model->embed_in, pass->plan, narrow, h, err);
    return st ? st : show(pass, 0, err);
}

/* ---- the loop over blocks ---- */

static void swap(jc_pass *pass, jc_reg a, jc_reg b)
{
    size_t offset = pass->offset[a];

    pass->offset[a] = pass->offset[b];
    pass->offset[b] = offset;
}

/* From here on only some rows are run. */
static jc_status pick_rows(jc_pass *pass, const size_t *pick, size_t n, jc_error *err)
{
    size_t d = pass->model->hp.width;
    jc_mat h = jc_pass_reg(pass, JC_REG_H, d);
    jc_mat kept = jc_mat_rows(jc_pass_reg(pass, JC_REG_Y, d), 0, n);
    jc_status st = jc_gather(h, pick, kept, err);

    pass->rows = n;
    swap(pass, JC_REG_H, JC_REG_Y);
    return st;
}

static jc_status take_step(jc_pass *pass, const jc_route_step *step, jc_error *err)
{
    size_t d = pass->model->hp.width;

    if (step->block) {
        const jc_block *block = &pass->model->blocks[step->block - 1];
        jc_status st = JC_OK;
        pass->maps = step->parts;
        for (size_t i = 0; i < block->n_ops && st == JC_OK; i++)
            st = block->ops[i].run(&block->ops[i], pass, err);
        pass->maps = NULL;
        return st ? st : show(pass, step->block, err);
    }
    if (!step->map)
        return JC_OK;
    jc_status st = jc_linear_apply(step->map, pass->plan, jc_pass_reg(pass, JC_REG_H, d),
                                   jc_pass_reg(pass, JC_REG_Y, d), err);
    swap(pass, JC_REG_H, JC_REG_Y);
    return st;
}

static bool mixes(const jc_route_step *step)
{
    return step->block && !(step->parts && step->parts->map[JC_PART_ATTN]);
}

jc_status jc_pass_run(jc_pass *pass, const jc_route_step *route, size_t n_steps,
                      const size_t *pick, size_t n_pick, jc_error *err)
{
    size_t mixing = 0; /* steps up to the last one that mixes positions */
    jc_status st = JC_OK;

    for (size_t k = 0; k < n_steps; k++)
        if (mixes(&route[k]))
            mixing = k + 1;
    for (size_t k = 0; k <= n_steps && st == JC_OK; k++) {
        if (k == mixing && pick)
            st = pick_rows(pass, pick, n_pick, err);
        if (st == JC_OK && k < n_steps)
            st = take_step(pass, &route[k], err);
    }
    return st;
}

jc_status jc_pass_keys(jc_pass *pass, uint32_t block, jc_error *err)
{
    const jc_block *b = &pass->model->blocks[block - 1];
    jc_status st = JC_OK;

    for (size_t i = 0; i < b->n_ops && st == JC_OK; i++) {
        const jc_op *op = &b->ops[i];
        if (op->keys)
            return op->keys(op, pass, err);
        st = op->run(op, pass, err); /* a norm before it */
    }
    return st;
}
