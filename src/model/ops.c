/* SPDX-License-Identifier: MIT */
/* ops.c: the operations of blocks. Each point of a block is shown to the sink, and each
 * part may be a map instead. */
#include "model/ops.h"

#include <math.h>

static const jc_linear *map_of(const jc_op *op, const jc_pass *pass)
{
    return pass->maps && op->part < JC_PARTS ? pass->maps->map[op->part] : NULL;
}

static jc_mat reg(const jc_pass *pass, jc_reg which)
{
    return jc_pass_reg(pass, which, pass->model->hp.width);
}

static jc_status show(const jc_op *op, const jc_pass *pass, jc_point point, jc_mat x,
                      jc_error *err)
{
    const jc_sink *sink = &pass->sink;

    if (!sink->take || !sink->points || point == JC_POINT_OUT)
        return JC_OK;
    return sink->take(sink->arg, (jc_tap){op->block, point}, x, err);
}

jc_status jc_op_norm(const jc_op *op, jc_pass *pass, jc_error *err)
{
    const jc_linear *map = map_of(op, pass);
    jc_mat in = reg(pass, op->in), out = reg(pass, op->out);
    jc_status st = JC_OK;

    if (map) {
        jc_mat y = op->in == op->out ? reg(pass, JC_REG_Y) : out;
        st = jc_linear_apply(map, pass->plan, in, y, err);
        if (st == JC_OK && op->in == op->out)
            st = jc_copy(y, out, err);
    } else if (op->norm->weight) {
        st = jc_model_norm(pass->model, op->norm, in, out, err);
    } else if (op->in != op->out) {
        st = jc_copy(in, out, err);
    }
    return st ? st : show(op, pass, op->point, out, err);
}

jc_status jc_op_linear(const jc_op *op, jc_pass *pass, jc_error *err)
{
    if (map_of(op, pass))
        return JC_OK;
    return jc_linear_apply(op->linear, pass->plan, jc_pass_reg(pass, op->in, op->n_in),
                           jc_pass_reg(pass, op->out, op->n_out), err);
}

jc_status jc_op_gate(const jc_op *op, jc_pass *pass, jc_error *err)
{
    if (map_of(op, pass))
        return JC_OK;
    return jc_gate(pass->model->hp.act, jc_pass_reg(pass, op->in, op->n_in),
                   jc_pass_reg(pass, op->out, op->n_out), err);
}

/* y = what a half of a block adds. */
static jc_status make_added(const jc_op *op, jc_pass *pass, jc_mat y, jc_error *err)
{
    const jc_linear *map = map_of(op, pass);
    jc_status st;

    if (map)
        return jc_linear_apply(map, pass->plan, reg(pass, op->part_in), y, err);
    if (!op->linear)
        st = jc_copy(jc_pass_reg(pass, op->in, op->n_in), y, err);
    else
        st = jc_zero(y, err); /* the layer adds */
    if (st == JC_OK && op->linear)
        st = jc_linear_apply(op->linear, pass->plan, jc_pass_reg(pass, op->in, op->n_in), y,
                             err);
    if (st == JC_OK && op->norm->weight)
        st = jc_model_norm(pass->model, op->norm, y, y, err);
    if (st == JC_OK && op->scale != 1)
        st = jc_scale(op->scale, y, err);
    return st;
}

jc_status jc_op_add(const jc_op *op, jc_pass *pass, jc_error *err)
{
    jc_mat h = reg(pass, JC_REG_H), y = reg(pass, JC_REG_Y);
    jc_status st;

    /* the layer adds by itself where nothing stands between */
    if (!map_of(op, pass) && !op->norm->weight && op->scale == 1 && !pass->sink.added) {
        jc_mat in = jc_pass_reg(pass, op->in, op->n_in);
        st = op->linear ? jc_linear_apply(op->linear, pass->plan, in, h, err)
                        : jc_accumulate(in, h, err);
    } else {
        st = make_added(op, pass, y, err);
        if (st == JC_OK)
            st = show(op, pass, op->point, y, err);
        if (st == JC_OK)
            st = jc_accumulate(y, h, err);
    }
    return st ? st : show(op, pass, op->sum, h, err);
}

/* ---- attention ---- */

static jc_status turn(const jc_op *op, const jc_pass *pass, jc_mat qkv, jc_error *err)
{
    const jc_hparams *hp = &pass->model->hp;
    const jc_rotation rotation = {.heads = hp->heads + hp->kv_heads,
                                  .width = hp->head_width,
                                  .half = op->rotary ? op->rotary->half : 0,
                                  .interleaved = hp->rotary.interleaved};

    if (!op->rotary)
        return JC_OK;
    return jc_rotate(&rotation, pass->turns[op->rotary - pass->model->rotary], qkv, err);
}

/* Queries grow with their positions, so that attention stays as sharp in long texts. */
static jc_status grow(const jc_pass *pass, jc_mat q, jc_error *err)
{
    const jc_hparams *hp = &pass->model->hp;
    bool some = false;

    for (size_t r = 0; r < pass->rows; r++) {
        double pieces =
            floor(((double)pass->positions[r] + hp->query_log_from) / hp->query_log_every);
        pass->host[r] = (float)(1 + hp->query_log_scale * log1p(pieces));
        some |= pieces > 0;
    }
    return some ? jc_scale_rows(pass->host, q, err) : JC_OK;
}

/* Norm, clip and turn the queries and keys, where the model does, in its order. */
static jc_status place(const jc_op *op, const jc_pass *pass, jc_mat qkv, jc_error *err)
{
    const jc_hparams *hp = &pass->model->hp;
    bool late = pass->model->arch->norms_turned;
    jc_mat q = jc_mat_cols(qkv, 0, hp->q_width);
    jc_mat k = jc_mat_cols(qkv, hp->q_width, hp->kv_width);
    jc_status st = late ? turn(op, pass, qkv, err) : JC_OK;

    if (st == JC_OK && op->q_norm->weight)
        st = jc_model_norm(pass->model, op->q_norm, q, q, err);
    if (st == JC_OK && op->k_norm->weight)
        st = jc_model_norm(pass->model, op->k_norm, k, k, err);
    if (st == JC_OK && hp->clip > 0)
        st = jc_clamp((float)hp->clip, qkv, err);
    if (st == JC_OK && !late)
        st = turn(op, pass, qkv, err);
    return st || !op->query_log ? st : grow(pass, q, err);
}

/* Where the keys and values of a span are, once its new ones are with the old. */
static jc_status attend(const jc_op *op, const jc_span *span, jc_mat qkv, jc_attended *out,
                        jc_error *err)
{
    size_t width = op->attention.kv_heads * op->attention.width;
    size_t q_width = op->attention.heads * op->attention.width;
    jc_mat rows = jc_mat_rows(qkv, span->row, span->n);
    jc_mat keys = jc_mat_cols(rows, q_width, width);
    jc_mat values = op->latent ? jc_mat_cols(keys, 0, op->attention.value_width)
                               : jc_mat_cols(rows, q_width + width, width);

    *out = (jc_attended){.row = span->row,
                         .n = span->n,
                         .keys = keys,
                         .values = values,
                         .parents = span->parents};
    if (!span->seq)
        return JC_OK;
    jc_seq *seq = span->seq;
    out->past = span->past;
    out->keys = jc_seq_cache(seq, op->block - 1, 0, span->past + span->n);
    out->values = jc_seq_cache(seq, op->block - 1, 1, span->past + span->n);
    return jc_seq_put(seq, op->block - 1, span->past, keys, values, err);
}

static jc_mat qkv_of(const jc_pass *pass)
{
    const jc_hparams *hp = &pass->model->hp;

    return jc_pass_reg(pass, JC_REG_QKV, hp->q_width + 2 * hp->kv_width);
}

jc_status jc_op_keys(const jc_op *op, jc_pass *pass, jc_error *err)
{
    jc_mat qkv = qkv_of(pass);
    jc_status st;

    if (op->latent) {
        st = jc_latent_queries(op, pass, qkv, err);
    } else {
        st = jc_linear_apply(op->linear, pass->plan, reg(pass, op->in), qkv, err);
        if (st == JC_OK)
            st = place(op, pass, qkv, err);
    }
    for (size_t s = 0; s < pass->n_spans && st == JC_OK; s++)
        st = attend(op, &pass->spans[s], qkv, &pass->attended[s], err);
    return st;
}

/* out *= the sigmoid of its gates, which are in the register RAW. Keys and values are no
 * longer needed. */
static jc_status pass_gate(const jc_pass *pass, jc_mat out, jc_error *err)
{
    size_t n = pass->model->hp.q_width;
    jc_mat both = jc_pass_reg(pass, JC_REG_QKV, 2 * n);
    jc_status st = jc_copy(jc_pass_reg(pass, JC_REG_RAW, n), jc_mat_cols(both, 0, n), err);

    if (st == JC_OK)
        st = jc_copy(out, jc_mat_cols(both, n, n), err);
    return st ? st : jc_gate(JC_ACT_SIGMOID, both, out, err);
}

jc_status jc_op_attention(const jc_op *op, jc_pass *pass, jc_error *err)
{
    const jc_hparams *hp = &pass->model->hp;
    size_t seen = op->latent ? (size_t)hp->heads * hp->latent : hp->q_width;
    jc_mat out = jc_pass_reg(pass, op->latent ? JC_REG_RAW : op->out, seen);

    if (map_of(op, pass))
        return JC_OK;
    jc_status st = op->gate
                       ? jc_linear_apply(op->gate, pass->plan, reg(pass, op->in),
                                         jc_pass_reg(pass, JC_REG_RAW, hp->q_width), err)
                       : JC_OK;
    if (st == JC_OK)
        st = jc_op_keys(op, pass, err);
    if (st)
        return st;
    st = jc_attention_run(&op->attention, pass->plan, pass->attended, pass->n_spans,
                          jc_mat_cols(qkv_of(pass), 0, hp->q_width), out, err);
    if (st == JC_OK && op->gate)
        st = pass_gate(pass, out, err);
    if (st || !op->latent)
        return st;
    return jc_latent_values(op, pass, out,
                            jc_pass_reg(pass, op->out, (size_t)hp->heads * hp->value_width),
                            err);
}
