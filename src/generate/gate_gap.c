/* SPDX-License-Identifier: MIT */
/* gate_gap.c: the gap of the two largest probabilities, by the rule of Yom Din et al. 2024,
 * section 5: above 0.9 lambda + 0.1 exp(-tau t / N). */
#include "generate/gates.h"

static double score(const jc_gate_view *view)
{
    return view->leader.gap;
}

static double level(double lambda, double decay)
{
    return 0.9 * lambda + 0.1 * decay;
}

static bool grid(size_t i, double *lambda)
{
    return jc_gate_steps(i, 1.11, 0.01, 112, lambda);
}

const jc_exit_gate jc_gate_gap = {
    .name = "gap",
    .about = "how far the best token is ahead of the second, by the paper's rule",
    .reads_out = true,
    .lambda = 0.9,
    .score = score,
    .level = level,
    .grid = grid,
};
