/* SPDX-License-Identifier: MIT */
/* gate_agree.c: exit points in a row that have the same best token: at least lambda. */
#include "generate/gates.h"

static double score(const jc_gate_view *view)
{
    return (double)view->run;
}

static double level(double lambda, double decay)
{
    (void)decay;
    return lambda - 0.5; /* both are whole numbers */
}

static bool grid(size_t i, double *lambda)
{
    return jc_gate_steps(i, 9, 1, 8, lambda);
}

const jc_exit_gate jc_gate_agree = {
    .name = "agree",
    .about = "so many exit points in a row have the same best token",
    .reads_out = true,
    .compares = true,
    .lambda = 2,
    .score = score,
    .level = level,
    .grid = grid,
};
