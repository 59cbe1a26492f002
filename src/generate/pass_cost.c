/* SPDX-License-Identifier: MIT */
/*
 * pass_cost.c: a line through the passes of all sizes, and the mean of each size. Kernels
 * take rows in groups, so that four rows may cost as much as two and the fifth as much as
 * three: a line cannot say so. It stands for some passes of each size, which is most of
 * what is known of sizes that are rare.
 */
#include "generate/pass_cost.h"

#include <math.h>

#define FADE  0.97 /* of the line */
#define SLOW  0.99 /* of the passes of each size, which are fewer */
#define LINE  2.0  /* passes of a size that the line counts for */
#define GUESS 0.08 /* of a row, before passes of different sizes were measured */

void jc_pass_cost_took(jc_pass_cost *c, double rows, double seconds)
{
    c->n = FADE * c->n + 1;
    c->k = FADE * c->k + rows;
    c->kk = FADE * c->kk + rows * rows;
    c->t = FADE * c->t + seconds;
    c->kt = FADE * c->kt + rows * seconds;
    for (size_t i = 0; i < JC_COST_ROWS; i++)
        c->seen[i] *= SLOW;
    if (rows < 1 || rows > JC_COST_ROWS)
        return;
    size_t i = (size_t)rows - 1;
    c->seen[i]++;
    c->seconds[i] += (seconds - c->seconds[i]) / c->seen[i];
}

/* Of one row more, in passes of one row. */
static double row_cost(const jc_pass_cost *c)
{
    double spread = c->n > 0 ? c->kk / c->n - c->k / c->n * (c->k / c->n) : 0;

    if (c->n < 4 || spread < 1)
        return GUESS;
    double mean = c->t / c->n, slope = (c->kt / c->n - c->k / c->n * mean) / spread;
    double base = mean - slope * (c->k / c->n - 1);
    double cost = base > 0 ? slope / base : 1;
    return fmin(fmax(cost, 0.005), 0.5);
}

static double shape(const jc_pass_times *times, double each, double rows)
{
    return times ? jc_pass_times_at(times, rows) : 1 + each * (rows - 1);
}

void jc_pass_cost_expect(const jc_pass_cost *c, const jc_pass_times *times, size_t step,
                         size_t n, double *seconds)
{
    double each = times ? 0 : row_cost(c), scale = 1;

    if (c->n > 0)
        scale = c->t / c->n / shape(times, each, c->k / c->n);
    for (size_t k = 0; k < n; k++) {
        size_t rows = step * (k + 1);
        seconds[k] = scale * shape(times, each, (double)rows);
        if (!times && rows <= JC_COST_ROWS) {
            double seen = c->seen[rows - 1], mean = c->seconds[rows - 1];
            seconds[k] = (LINE * seconds[k] + seen * mean) / (LINE + seen);
        }
        if (k > 0)
            seconds[k] = fmax(seconds[k], seconds[k - 1]);
    }
}
