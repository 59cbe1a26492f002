/* SPDX-License-Identifier: MIT */
/* gate_max.c: the largest probability. */
#include "generate/gates.h"

static double score(const jc_gate_view *view)
{
    return view->leader.p;
}

static bool grid(size_t i, double *lambda)
{
    return jc_gate_steps(i, 1, 0.01, 101, lambda);
}

const jc_exit_gate jc_gate_max = {
    .name = "max",
    .about = "the probability of the best token",
    .reads_out = true,
    .lambda = 0.9,
    .score = score,
    .grid = grid,
};
