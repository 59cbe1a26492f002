/* SPDX-License-Identifier: MIT */
/*
 * divide.h: pairs of layers divided among the ranks of MPI, where one machine cannot hold
 * the sums of all.
 *
 * The ranks form as many teams as are needed. Each team has pairs from some of the layers,
 * runs all texts, whose shares its ranks take, and fits its maps; the first rank of all
 * puts the maps together. The layers of a team follow those of the team before it, so the
 * file is that of one process.
 */
#ifndef JC_CLI_DIVIDE_H
#define JC_CLI_DIVIDE_H

#include "cli/work.h"

typedef struct jc_divide {
    uint32_t teams, mine; /* 1: nothing is divided */
    char layers[32];      /* "0-8": of this rank's team */
    char shard[32];       /* "1/2": of its texts */
} jc_divide;

/* How many teams it takes; the same on all ranks. */
jc_status jc_divide_choose(jc_divide *divide, jc_cli *cli, const jc_model *model,
                           jc_error *err) JC_NODISCARD;
/* From here on a rank's team is its own; say what it gathers, in *params. */
void jc_divide_begin(jc_divide *divide, jc_stats_params *params);
/* Called by all ranks, which are one team again. Those that have led a team give what they
 * fitted from `stats`, others NULL; *shortcut of rank 0 gets all maps. E_MISMATCH where the
 * teams' texts differ. */
jc_status jc_divide_join(const jc_divide *divide, jc_shortcut *shortcut,
                         const jc_stats *stats, jc_error *err) JC_NODISCARD;

#endif
