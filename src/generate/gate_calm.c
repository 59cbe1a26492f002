/* SPDX-License-Identifier: MIT */
/* gate_calm.c: the gap of the two largest probabilities, by the rule of CALM (Schuster et
 * al. 2022): above lambda (0.9 + 0.1 exp(-tau t / N)). Lambda multiplies the decay, too. */
#include "generate/gates.h"

static double score(const jc_gate_view *view)
{
    return view->leader.gap;
}

static double level(double lambda, double decay)
{
    return lambda * (0.9 + 0.1 * decay);
}

static bool grid(size_t i, double *lambda)
{
    return jc_gate_steps(i, 1.11, 0.01, 112, lambda);
}

const jc_exit_gate jc_gate_calm = {
    .name = "calm",
    .about = "how far the best token is ahead of the second, by CALM's rule",
    .reads_out = true,
    .lambda = 0.9,
    .score = score,
    .level = level,
    .grid = grid,
};
