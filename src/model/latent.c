/* SPDX-License-Identifier: MIT */
/*
 * latent.c: latent attention (DeepSeek-V2, 2024): a token's keys and values of all heads
 * are made of one short vector, its latent, beside which is what its position turns.
 *
 * q (U c) = (U' q) c, so a head's layer U that would make keys of latents is applied to its
 * queries, and that which makes values to the mean of latents that it sees. Attention is
 * then that of many heads of queries and one of keys, [latent | position], whose values are
 * the latents; a sequence keeps nothing else.
 */
#include "model/ops.h"

void jc_latent_free(jc_latent *latent)
{
    if (!latent)
        return;
    jc_linear_free(latent->q_down);
    jc_linear_free(latent->q_up);
    jc_linear_free(latent->kv_down);
    jc_weights_free_norm(&latent->q_norm);
    jc_weights_free_norm(&latent->kv_norm);
    for (size_t h = 0; h < latent->heads; h++) {
        jc_linear_free(latent->keys ? latent->keys[h] : NULL);
        jc_linear_free(latent->values ? latent->values[h] : NULL);
    }
    jc_free(latent->keys);
    jc_free(latent->values);
    jc_free(latent);
}

size_t jc_latent_bytes(const jc_latent *latent)
{
    size_t bytes = 0;

    if (!latent)
        return 0;
    for (size_t h = 0; latent->keys && latent->values && h < latent->heads; h++)
        bytes += jc_linear_bytes(latent->keys[h]) + jc_linear_bytes(latent->values[h]);
    return bytes + jc_linear_bytes(latent->q_down) + jc_linear_bytes(latent->q_up) +
           jc_linear_bytes(latent->kv_down);
}

/* Of a head there are rows that make keys, then rows that make values; or each is a weight
 * of its own, of keys from keys to latents. */
static jc_status load_head(jc_latent *latent, const jc_model *model, uint32_t block,
                           size_t h, jc_error *err)
{
    size_t nope = model->hp.nope, value = model->hp.value_width;
    bool apart = jc_rows_next(model, JC_W_K_UP, NULL) != NULL;
    size_t first = apart ? h * value : h * (nope + value) + nope;
    jc_status st = apart
                       ? jc_weights_part(&latent->keys[h], model, JC_W_K_UP, block,
                                         h * model->hp.latent, model->hp.latent, false, err)
                       : jc_weights_part(&latent->keys[h], model, JC_W_KV_UP, block,
                                         h * (nope + value), nope, true, err);

    return st ? st
              : jc_weights_part(&latent->values[h], model, apart ? JC_W_V_UP : JC_W_KV_UP,
                                block, first, value, false, err);
}

static jc_status load_heads(jc_latent *latent, const jc_model *model, uint32_t block,
                            jc_error *err)
{
    jc_status st = JC_OK;

    latent->keys = jc_alloc_array(latent->heads, sizeof *latent->keys);
    latent->values = jc_alloc_array(latent->heads, sizeof *latent->values);
    if (!latent->keys || !latent->values)
        return jc_fail_nomem(err, "the heads of attention");
    for (size_t h = 0; h < latent->heads && st == JC_OK; h++)
        st = load_head(latent, model, block, h, err);
    return st;
}

jc_status jc_latent_load(jc_latent **out, const jc_model *model, uint32_t block,
                         jc_error *err)
{
    *out = NULL;
    if (model->hp.latent == 0)
        return JC_OK;
    jc_latent *latent = *out = jc_alloc_array(1, sizeof *latent);
    if (!latent)
        return jc_fail_nomem(err, "attention");
    latent->heads = model->hp.heads;
    const struct {
        jc_weight_id id;
        jc_linear **out;
    } linears[] = {{JC_W_Q_DOWN, &latent->q_down},
                   {JC_W_Q_UP, &latent->q_up},
                   {JC_W_KV_DOWN, &latent->kv_down}};
    jc_status st = jc_weights_norm(model, JC_W_Q_DOWN_NORM, block, &latent->q_norm, err);
    if (st == JC_OK)
        st = jc_weights_norm(model, JC_W_KV_NORM, block, &latent->kv_norm, err);
    for (size_t i = 0; i < JC_COUNT(linears) && st == JC_OK; i++)
        st = jc_weights_linear(linears[i].out, model, linears[i].id, block, JC_ACT_NONE,
                               false, err);
    return st ? st : load_heads(latent, model, block, err);
}

/* ---- running ---- */

/* The norms of latents have an epsilon of their own, whatever that of the model is. */
static jc_status norm_latents(const jc_norm_weights *weights, jc_mat x, jc_error *err)
{
    const jc_norm norm = {
        .kind = JC_NORM_RMS, .eps = 1e-6, .d = weights->d, .weight = weights->weight};

    return jc_norm_run(&norm, x, x, err);
}

/* raw = the queries of all heads, each its own part, then that of its position. */
static jc_status make_queries(const jc_op *op, jc_pass *pass, jc_mat raw, jc_error *err)
{
    const jc_latent *latent = op->latent;
    jc_mat in = jc_pass_reg(pass, op->in, pass->model->hp.width);
    jc_mat low = jc_pass_reg(pass, JC_REG_LOW, pass->model->hp.q_rank);

    if (!latent->q_down)
        return jc_linear_apply(latent->q_up, pass->plan, in, raw, err);
    jc_status st = jc_linear_apply(latent->q_down, pass->plan, in, low, err);
    if (st == JC_OK)
        st = norm_latents(&latent->q_norm, low, err);
    return st ? st : jc_linear_apply(latent->q_up, pass->plan, low, raw, err);
}

/* Turn the positions of `heads` pieces of `width` values, which begin at `from`. */
static jc_status turn(const jc_op *op, const jc_pass *pass, jc_mat x, size_t heads,
                      size_t width, size_t from, jc_error *err)
{
    const jc_rotation rotation = {.heads = heads,
                                  .width = width,
                                  .half = op->rotary ? op->rotary->half : 0,
                                  .interleaved = pass->model->hp.rotary.interleaved};

    if (!op->rotary)
        return JC_OK;
    return jc_rotate(&rotation, pass->turns[op->rotary - pass->model->rotary],
                     jc_mat_cols(x, from, x.cols - from), err);
}

/* q = the queries of a head, taken to latents. */
static jc_status absorb(const jc_op *op, jc_pass *pass, jc_mat raw, size_t h, jc_mat q,
                        jc_error *err)
{
    const jc_hparams *hp = &pass->model->hp;
    size_t at = h * (hp->nope + hp->rope), to = h * hp->head_width;
    jc_mat own = jc_pass_reg(pass, JC_REG_LOW, hp->nope);
    jc_mat wide = jc_pass_reg(pass, JC_REG_WIDE, hp->latent);
    jc_status st = jc_copy(jc_mat_cols(raw, at, hp->nope), own, err);

    if (st == JC_OK)
        st = jc_linear_apply(op->latent->keys[h], pass->plan, own, wide, err);
    if (st == JC_OK)
        st = jc_copy(wide, jc_mat_cols(q, to, hp->latent), err);
    if (st || hp->rope == 0)
        return st;
    return jc_copy(jc_mat_cols(raw, at + hp->nope, hp->rope),
                   jc_mat_cols(q, to + hp->latent, hp->rope), err);
}

jc_status jc_latent_queries(const jc_op *op, jc_pass *pass, jc_mat qkv, jc_error *err)
{
    const jc_hparams *hp = &pass->model->hp;
    size_t own = (size_t)hp->nope + hp->rope;
    jc_mat raw = jc_pass_reg(pass, JC_REG_RAW, hp->heads * own);
    jc_mat down = jc_pass_reg(pass, JC_REG_WIDE, hp->kv_width);
    jc_mat latents = jc_mat_cols(qkv, hp->q_width, hp->latent);
    jc_mat keys = jc_mat_cols(qkv, hp->q_width, hp->kv_width);
    jc_status st = make_queries(op, pass, raw, err);

    if (st == JC_OK)
        st = turn(op, pass, raw, hp->heads, own, hp->nope, err);
    if (st == JC_OK)
        st = jc_linear_apply(op->latent->kv_down, pass->plan,
                             jc_pass_reg(pass, op->in, hp->width), down, err);
    if (st == JC_OK)
        st = jc_copy(down, keys, err);
    if (st == JC_OK)
        st = norm_latents(&op->latent->kv_norm, latents, err);
    if (st == JC_OK)
        st = turn(op, pass, keys, 1, hp->kv_width, hp->latent, err);
    for (size_t h = 0; h < hp->heads && st == JC_OK; h++)
        st = absorb(op, pass, raw, h, qkv, err);
    return st;
}

jc_status jc_latent_values(const jc_op *op, jc_pass *pass, jc_mat seen, jc_mat out,
                           jc_error *err)
{
    const jc_hparams *hp = &pass->model->hp;
    size_t latent = hp->latent, width = hp->value_width;
    jc_mat wide = jc_pass_reg(pass, JC_REG_WIDE, latent);
    jc_mat low = jc_pass_reg(pass, JC_REG_LOW, width);
    jc_status st = JC_OK;

    for (size_t h = 0; h < hp->heads && st == JC_OK; h++) {
        st = jc_copy(jc_mat_cols(seen, h * latent, latent), wide, err);
        if (st == JC_OK)
            st = jc_linear_apply(op->latent->values[h], pass->plan, wide, low, err);
        if (st == JC_OK)
            st = jc_copy(low, jc_mat_cols(out, h * width, width), err);
    }
    return st;
}
