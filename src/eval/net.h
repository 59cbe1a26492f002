/* SPDX-License-Identifier: MIT */
/* net.h: what early exit costs, maps and read-outs counted, in works of the full model:
 * docs/methods.md, "What a saving costs". */
#ifndef JC_EVAL_NET_H
#define JC_EVAL_NET_H

#include "eval/run.h"
#include "model/cost.h"

typedef struct jc_net_costs {
    jc_cost *below; /* [L + 1]: of blocks 1 .. l */
    jc_cost *maps;  /* [n_methods, L + 1]: of the map from layer l to the last */
    jc_cost readout, full;
} jc_net_costs;

/* Of one token. Attention over the tokens before is left out. */
jc_status jc_net_costs_of(jc_net_costs *costs, const jc_eval_run *run,
                          jc_error *err) JC_NODISCARD;
void jc_net_costs_free(jc_net_costs *costs);

/* A token that runs this many blocks on average and is mapped by method m and read out
 * after each, as the paper's early exit does; a share of the full model's work. The maps
 * of a method count as their mean. */
jc_cost jc_net_every_layer(const jc_net_costs *costs, double blocks, uint32_t layers,
                           size_t m);

#endif
