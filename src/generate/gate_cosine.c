/* SPDX-License-Identifier: MIT */
/* gate_cosine.c: the cosine between the mapped states of this exit point and the one
 * before. No read-out is needed to decide. */
#include <math.h>

#include "generate/gates.h"

static double score(const jc_gate_view *view)
{
    double xy = 0, xx = 0, yy = 0;

    for (size_t i = 0; i < view->width; i++) {
        double x = (double)view->h[i], y = (double)view->before[i];
        xy += x * y;
        xx += x * x;
        yy += y * y;
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

/* 1 - 2^-20, 1 - 2^-19.5, ... */
static bool grid(size_t i, double *lambda)
{
    *lambda = 1 - exp2(0.5 * (double)i - 20);
    return i < 40;
}

const jc_exit_gate jc_gate_cosine = {
    .name = "cosine",
    .about = "the cosine between the mapped states of this exit point and the one before",
    .compares = true,
    .lambda = 0.99,
    .score = score,
    .grid = grid,
};
