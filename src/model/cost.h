/* SPDX-License-Identifier: MIT */
/* cost.h: what parts of a pass cost: docs/methods.md, "What a saving costs". */
#ifndef JC_COST_H
#define JC_COST_H

#include "jumpcut/model.h"

/* Of `flops` every row has its share; `bytes` of weights are read once in a pass of few
 * rows, those of keys and values for each row. A multiplication and an addition are two. */
typedef struct jc_cost {
    double flops, bytes;
} jc_cost;

/* The weights of block 1..L, without attention over the tokens before; of a mixture, the
 * experts that one row uses. */
jc_cost jc_cost_block(const jc_model *model, uint32_t block);
/* Queries, keys and values of the block, and the norm before. */
jc_cost jc_cost_keys(const jc_model *model, uint32_t block);
/* The attention of one row that sees n keys and values, of so many bytes a number. */
jc_cost jc_cost_attention(const jc_model *model, uint32_t block, size_t n, size_t size);
/* From a state that stands for the last block's output to logits. */
jc_cost jc_cost_readout(const jc_model *model);

/* Bytes that the weights take once the model is open, counted before it is; and those that
 * are added when states are first read out. */
uint64_t jc_cost_memory(const jc_model *model);
uint64_t jc_cost_head_memory(const jc_model *model);

static inline jc_cost jc_cost_sum(jc_cost a, jc_cost b)
{
    return (jc_cost){a.flops + b.flops, a.bytes + b.bytes};
}

#endif
