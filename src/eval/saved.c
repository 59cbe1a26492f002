/* SPDX-License-Identifier: MIT */
#include "eval/saved.h"

#include <stdlib.h>

static int by_layers(const void *a, const void *b)
{
    const jc_exit_point *x = a, *y = b;

    if (x->layers != y->layers)
        return x->layers < y->layers ? -1 : 1;
    return x->p1 < y->p1 ? -1 : x->p1 > y->p1;
}

double jc_blocks_saved(jc_exit_point *points, size_t n, double layers, double target)
{
    double at = layers, p1 = 1; /* the last point that met the target */

    qsort(points, n, sizeof *points, by_layers);
    for (size_t i = n; i-- > 0;) {
        if (points[i].p1 < target) {
            double slope = (at - points[i].layers) / (p1 - points[i].p1);
            return layers - (points[i].layers + slope * (target - points[i].p1));
        }
        at = points[i].layers;
        p1 = points[i].p1;
    }
    return layers - at;
}
