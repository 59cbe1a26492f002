/* SPDX-License-Identifier: MIT */
/* load.c: all weights of a model prepared, block by block, when it opens. */
#include <math.h>

#include "base/memory_free.h"
#include "model/ops.h"

static jc_status load_block(jc_model *model, uint32_t l, jc_error *err)
{
    jc_block *b = &model->blocks[l];
    const jc_hparams *hp = &model->hp;
    const struct {
        jc_weight_id id;
        jc_act act;
        bool add; /* to the residual stream */
        jc_linear **out;
    } linears[] = {{JC_W_QKV, JC_ACT_NONE, false, &b->qkv},
                   {JC_W_Q_GATE, JC_ACT_NONE, false, &b->q_gate},
                   {JC_W_OUT, JC_ACT_NONE, true, &b->out},
                   {JC_W_UP, model->arch->gated ? JC_ACT_NONE : hp->act, false, &b->up},
                   {JC_W_DOWN, JC_ACT_NONE, true, &b->down}};
    const struct {
        jc_weight_id id;
        jc_norm_weights *out;
    } norms[] = {{JC_W_NORM1, &b->norm1},   {JC_W_NORM1_AFTER, &b->norm1_after},
                 {JC_W_NORM2, &b->norm2},   {JC_W_NORM2_AFTER, &b->norm2_after},
                 {JC_W_Q_NORM, &b->q_norm}, {JC_W_K_NORM, &b->k_norm}};
    jc_status st = JC_OK;

    for (size_t i = 0; i < JC_COUNT(norms) && st == JC_OK; i++)
        st = jc_weights_norm(model, norms[i].id, l, norms[i].out, err);
    if (st == JC_OK && hp->parallel && !b->norm2.weight) /* one norm serves both halves */
        st = jc_weights_norm(model, JC_W_NORM1, l, &b->norm2, err);
    for (size_t i = 0; i < JC_COUNT(linears) && st == JC_OK; i++) {
        if (linears[i].id >= JC_W_UP && jc_hparams_sparse(hp, l)) /* the MLP is a mixture */
            break;
        st = jc_weights_linear(linears[i].out, model, linears[i].id, l, linears[i].act,
                               linears[i].add, err);
        if (st == JC_OK)
            model->info.weight_bytes += jc_linear_bytes(*linears[i].out);
    }
    size_t n_sinks;
    if (st == JC_OK)
        st = jc_relative_block(model, b, err);
    if (st == JC_OK)
        st = jc_weights_vector(model, JC_W_SINKS, l, 0, &b->sinks, &n_sinks, err);
    if (st == JC_OK)
        st = jc_mixture_load(&b->mixture, model, l, err);
    if (st == JC_OK)
        st = jc_latent_load(&b->latent, model, l, err);
    if (st == JC_OK)
        st = jc_conv_load(&b->conv, model, l, err);
    if (st == JC_OK)
        st = jc_scan_load(&b->scan, model, l, err);
    model->info.weight_bytes += jc_mixture_bytes(b->mixture) + jc_latent_bytes(b->latent) +
                                jc_conv_bytes(b->conv) + jc_scan_bytes(b->scan);
    return st;
}

static jc_status build_block(jc_model *model, uint32_t l, jc_error *err)
{
    jc_block *b = &model->blocks[l];
    const jc_hparams *hp = &model->hp;

    double of = hp->scale_attention_of > 0 ? hp->scale_attention_of : hp->head_width;
    double scale = hp->scale_attention ? 1 / sqrt(of) : 1;
    scale = hp->attention_multiplier > 0 ? hp->attention_multiplier : scale;
    scale *= hp->latent ? jc_rotary_latent_scale(&hp->rotary) : 1;
    b->attention_scale = (float)(hp->scale_attention_by_layer ? scale / (l + 1) : scale);
    b->window = jc_hparams_windowed(hp, l) ? hp->window : 0;
    b->rotary = b->window && hp->rotary_local.theta > 0;
    b->ops = jc_alloc_array(JC_BLOCK_OPS, sizeof *b->ops);
    if (!b->ops)
        return jc_fail_nomem(err, "a block");
    jc_block_build(model, b, l);
    return JC_OK;
}

jc_status jc_weights_load(jc_model *model, jc_error *err)
{
    model->blocks = jc_alloc_array(model->hp.layers, sizeof *model->blocks);
    model->plain = jc_alloc_array(model->hp.layers, sizeof *model->plain);
    if (!model->blocks || !model->plain)
        return jc_fail_nomem(err, "the weights");
    for (uint32_t l = 0; l < model->hp.layers; l++)
        model->plain[l].block = l + 1;
    model->info.weight_bytes = model->tokens->bytes;
    if (model->positions)
        model->info.weight_bytes += model->positions->bytes;
    const jc_hparams *hp = &model->hp;
    jc_status st = jc_positions_load(model, err);
    if (st == JC_OK)
        st = jc_rotary_init(&model->rotary[0], &hp->rotary, hp->positions, err);
    if (st == JC_OK && hp->rotary_local.theta > 0)
        st = jc_rotary_init(&model->rotary[1], &hp->rotary_local, hp->positions, err);
    if (st == JC_OK)
        st = jc_weights_norm(model, JC_W_EMBED_NORM, 0, &model->embed_norm, err);
    if (st == JC_OK)
        st = jc_weights_linear(&model->embed_in, model, JC_W_EMBED_IN, 0, JC_ACT_NONE,
                               false, err);
    model->info.weight_bytes += jc_linear_bytes(model->embed_in);
    if (st == JC_OK)
        st = jc_relative_load(model, err);
    for (uint32_t l = 0; l < model->hp.layers && st == JC_OK; l++) {
        if (l > 0 && model->arch->one_block)
            model->blocks[l] = model->blocks[0];
        else
            st = load_block(model, l, err);
        if (st == JC_OK)
            st = build_block(model, l, err);
        jc_memory_trim(); /* rooms that weights were read into lie between packed ones */
    }
    if (st == JC_OK && model->info.has_head)
        st = jc_weights_norm(model, JC_W_LAST, 0, &model->last, err);
    if (st == JC_OK && model->info.has_head)
        st = jc_weights_norm(model, JC_W_FINAL, 0, &model->final, err);
    return st;
}

void jc_weights_free_norm(jc_norm_weights *norm)
{
    jc_free(norm->weight);
    jc_free(norm->bias);
}

void jc_weights_release(jc_model *model)
{
    for (uint32_t l = 0; model->blocks && l < model->hp.layers; l++) {
        jc_block *b = &model->blocks[l];
        jc_free(b->ops);
        if (l > 0 && model->arch->one_block)
            continue;
        jc_weights_free_norm(&b->norm1);
        jc_weights_free_norm(&b->norm2);
        jc_weights_free_norm(&b->norm1_after);
        jc_weights_free_norm(&b->norm2_after);
        jc_weights_free_norm(&b->q_norm);
        jc_weights_free_norm(&b->k_norm);
        jc_linear_free(b->qkv);
        jc_linear_free(b->q_gate);
        jc_linear_free(b->out);
        jc_linear_free(b->up);
        jc_linear_free(b->down);
        jc_mixture_free(b->mixture);
        jc_latent_free(b->latent);
        jc_conv_free(b->conv);
        jc_scan_free(b->scan);
        jc_free(b->sinks);
        jc_free(b->relative_keys);
        jc_free(b->relative_queries);
    }
    jc_free(model->slopes);
    jc_free(model->sinusoids);
    jc_free(model->relative_which);
    jc_free(model->relative_bias);
    jc_free(model->distances);
    jc_free(model->blocks);
    jc_free(model->plain);
    jc_linear_free(model->embed_in);
    jc_weights_free_norm(&model->embed_norm);
    jc_weights_free_norm(&model->last);
    jc_weights_free_norm(&model->final);
    for (size_t i = 0; i < JC_ROTARIES; i++)
        jc_rotary_release(&model->rotary[i]);
}
