/* SPDX-License-Identifier: MIT */
/* blocks.c: a block as a list of operations, made from what the architecture has. */
#include "model/ops.h"

static jc_op *append(jc_block *block, const jc_op *op)
{
    block->ops[block->n_ops] = *op;
    return &block->ops[block->n_ops++];
}

typedef struct builder {
    const jc_model *model;
    jc_block *block;
    uint32_t l; /* from 0 */
} builder;

static void norm(const builder *b, jc_part part, const jc_norm_weights *weights, jc_reg out)
{
    append(b->block, &(jc_op){.run = jc_op_norm,
                              .block = b->l + 1,
                              .in = JC_REG_H,
                              .out = out,
                              .part = part,
                              .point = part == JC_PART_LN1 ? JC_POINT_LN1 : JC_POINT_LN2,
                              .norm = weights});
}

/* Attention of what is in register `in`, up to its last layer. */
static void attention(const builder *b, jc_reg in)
{
    const jc_hparams *hp = &b->model->hp;
    const jc_rotary *rotary = &b->model->rotary[b->block->rotary];

    if (b->block->conv || b->block->scan) {
        append(b->block,
               &(jc_op){.run = b->block->scan ? jc_op_scan : jc_op_conv,
                        .keys = b->block->scan ? jc_op_scan_keys : jc_op_conv_keys,
                        .block = b->l + 1,
                        .in = in,
                        .out = JC_REG_A,
                        .part = JC_PART_ATTN,
                        .conv = b->block->conv,
                        .scan = b->block->scan});
        return;
    }
    append(b->block,
           &(jc_op){
               .run = jc_op_attention,
               .keys = jc_op_keys,
               .block = b->l + 1,
               .in = in,
               .out = JC_REG_A,
               .part = JC_PART_ATTN,
               .linear = b->block->qkv,
               .gate = b->block->q_gate,
               .latent = b->block->latent,
               .q_norm = &b->block->q_norm,
               .k_norm = &b->block->k_norm,
               .rotary = rotary->half && jc_hparams_rotated(hp, b->l) ? rotary : NULL,
               .query_log = hp->query_log && hp->query_log_scale != 0 &&
                            !(hp->query_log_unrotated && jc_hparams_rotated(hp, b->l)),
               .attention = {.heads = hp->heads,
                             .kv_heads = hp->kv_heads,
                             .width = hp->head_width,
                             .value_width = hp->latent,
                             .scale = b->block->attention_scale,
                             .causal = b->model->arch->causal,
                             .window = b->block->window,
                             .chunked = hp->window_chunked,
                             .softcap = (float)hp->attention_softcap,
                             .slopes = b->model->slopes,
                             .relative = b->block->relative.n ? &b->block->relative : NULL,
                             .sinks = b->block->sinks}});
}

static void add_attention(const builder *b, jc_reg map_reads)
{
    const jc_hparams *hp = &b->model->hp;
    const jc_conv *conv = b->block->conv;
    const jc_scan *scan = b->block->scan;
    const jc_linear *out = scan ? scan->out : conv ? conv->out : b->block->out;
    size_t n_in = scan         ? jc_rows_dim(hp, JC_DIM_SCAN_VALUES)
                  : conv       ? hp->width
                  : hp->latent ? (size_t)hp->heads * hp->value_width
                               : hp->q_width;

    append(b->block, &(jc_op){.run = jc_op_add,
                              .block = b->l + 1,
                              .in = JC_REG_A,
                              .n_in = n_in,
                              .part = JC_PART_ATTN,
                              .part_in = map_reads,
                              .point = JC_POINT_ATTN,
                              .sum = JC_POINT_MID,
                              .linear = out,
                              .scale = (float)hp->residual_scale,
                              .norm = &b->block->norm1_after});
}

/* The MLP of what is in register `in`, up to its last layer. */
static void widen(const builder *b, jc_reg in)
{
    const jc_hparams *hp = &b->model->hp;
    bool gated = b->model->arch->gated;
    if (b->block->mixture) {
        append(b->block, &(jc_op){.run = jc_op_experts,
                                  .block = b->l + 1,
                                  .in = in,
                                  .out = JC_REG_MIX,
                                  .part = JC_PART_MLP,
                                  .mixture = b->block->mixture});
        return;
    }
    size_t ff = hp->ff_width;

    append(b->block, &(jc_op){.run = jc_op_linear,
                              .block = b->l + 1,
                              .in = in,
                              .n_in = hp->width,
                              .out = gated ? JC_REG_GATED : JC_REG_FF,
                              .n_out = gated ? 2 * ff : ff,
                              .part = JC_PART_MLP,
                              .linear = b->block->up});
    if (gated)
        append(b->block, &(jc_op){.run = jc_op_gate,
                                  .block = b->l + 1,
                                  .in = JC_REG_GATED,
                                  .n_in = 2 * ff,
                                  .out = JC_REG_FF,
                                  .n_out = ff,
                                  .part = JC_PART_MLP});
}

static void add_mlp(const builder *b, jc_reg map_reads)
{
    bool mixture = b->block->mixture != NULL;

    append(b->block, &(jc_op){.run = jc_op_add,
                              .block = b->l + 1,
                              .in = mixture ? JC_REG_MIX : JC_REG_FF,
                              .n_in = mixture ? b->model->hp.width : b->model->hp.ff_width,
                              .part = JC_PART_MLP,
                              .part_in = map_reads,
                              .point = JC_POINT_MLP,
                              .sum = JC_POINT_SUM,
                              .linear = b->block->down,
                              .scale = (float)b->model->hp.residual_scale,
                              .norm = &b->block->norm2_after});
}

/* h = norm(h + f(h)) in both halves. */
static void post_norm(const builder *b)
{
    attention(b, JC_REG_H);
    add_attention(b, JC_REG_H);
    norm(b, JC_PART_LN1, &b->block->norm1, JC_REG_H);
    widen(b, JC_REG_H);
    add_mlp(b, JC_REG_H);
    norm(b, JC_PART_LN2, &b->block->norm2, JC_REG_H);
}

/* h += f(norm(h)) in both halves, one after the other or both of the block's input. A map
 * for attention reads the normed state after attention's output has taken its register, so
 * it reads it while that operation is skipped. */
static void pre_norm(const builder *b)
{
    bool parallel = b->model->hp.parallel;

    norm(b, JC_PART_LN1, &b->block->norm1, JC_REG_A);
    attention(b, JC_REG_A);
    if (!parallel)
        add_attention(b, JC_REG_A);
    if (b->model->hp.no_mlp)
        return;
    norm(b, JC_PART_LN2, &b->block->norm2, JC_REG_B);
    widen(b, JC_REG_B);
    if (parallel)
        add_attention(b, JC_REG_A);
    add_mlp(b, JC_REG_B);
}

void jc_block_build(const jc_model *model, jc_block *block, uint32_t l)
{
    const builder b = {model, block, l};

    block->n_ops = 0;
    if (model->hp.norm_before)
        pre_norm(&b);
    else
        post_norm(&b);
}
