/* SPDX-License-Identifier: MIT */
/* ops.h: what a block is made of: a short list of operations on the registers of a pass,
 * made from the architecture's entry when the model is opened. */
#ifndef JC_OPS_H
#define JC_OPS_H

#include "model/pass.h"

struct jc_op {
    jc_status (*run)(const jc_op *op, jc_pass *pass, jc_error *err);
    /* of that, only what later tokens read: it goes into the sequences. NULL: nothing */
    jc_status (*keys)(const jc_op *op, jc_pass *pass, jc_error *err);
    uint32_t block; /* 1..L */
    jc_reg in, out;
    /* The part it belongs to: where a map stands for that part, the operation does nothing
     * but for the part's last one, which applies the map. JC_PARTS: of none. */
    jc_part part;
    jc_reg part_in;      /* of the part's last operation: what its map reads */
    jc_point point, sum; /* shown when done; JC_POINT_OUT: not shown */
    const jc_norm_weights *norm;
    const jc_linear *linear;
    const jc_linear *gate; /* of what attention gives, before its sigmoid; or NULL */
    float scale;           /* of what is added */
    size_t n_in, n_out;    /* numbers of a row in `in` and `out` */
    const jc_norm_weights *q_norm, *k_norm;
    const jc_rotary *rotary; /* of the model's; NULL: no rotary positions */
    bool query_log;          /* see jc_hparams */
    jc_attention attention;
    const jc_mixture *mixture;
    const jc_latent *latent;
    const jc_conv *conv;
    const jc_scan *scan;
};

/* Fill the block's list. Its weights have been loaded. */
void jc_block_build(const jc_model *model, jc_block *block, uint32_t l);

/* out = norm(in), or in where there is no norm. */
jc_status jc_op_norm(const jc_op *op, jc_pass *pass, jc_error *err);
/* qkv = the products for queries, keys and values, normed and turned; out = attention. */
jc_status jc_op_attention(const jc_op *op, jc_pass *pass, jc_error *err);
/* Of that, the products alone, and the keys and values are put into the sequences. */
jc_status jc_op_keys(const jc_op *op, jc_pass *pass, jc_error *err);
jc_status jc_op_linear(const jc_op *op, jc_pass *pass, jc_error *err);
/* out = act(first half of in) * second half */
jc_status jc_op_gate(const jc_op *op, jc_pass *pass, jc_error *err);
/* h += norm(linear(in)): the end of a half of a block. No linear layer: in itself. */
jc_status jc_op_add(const jc_op *op, jc_pass *pass, jc_error *err);

/* latent.c: queries of latents and latents in the register QKV, and values of what each
 * head saw of latents in `seen` [rows, heads latent] to out [rows, heads value width]. */
jc_status jc_latent_queries(const jc_op *op, jc_pass *pass, jc_mat qkv, jc_error *err);
jc_status jc_latent_values(const jc_op *op, jc_pass *pass, jc_mat seen, jc_mat out,
                           jc_error *err);

/* conv.c: out = what the convolution makes of in, up to its last layer; and of that only
 * what later tokens read. */
jc_status jc_op_conv(const jc_op *op, jc_pass *pass, jc_error *err);
jc_status jc_op_conv_keys(const jc_op *op, jc_pass *pass, jc_error *err);

/* scan.c: the same of a recurrence. */
jc_status jc_op_scan(const jc_op *op, jc_pass *pass, jc_error *err);
jc_status jc_op_scan_keys(const jc_op *op, jc_pass *pass, jc_error *err);

/* out = what the experts of each row make of in, by their shares: experts.c. */
jc_status jc_op_experts(const jc_op *op, jc_pass *pass, jc_error *err);

#endif
