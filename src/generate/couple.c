/* SPDX-License-Identifier: MIT */
#include "generate/couple.h"

#include <math.h>

#define ERROR 0.2 /* standard deviation of where a part begins and ends */

static double below(double x, double u)
{
    return 0.5 * erfc((u - x) / (ERROR * sqrt(2.0)));
}

double jc_couple(double from, double to, double u)
{
    return (below(to, u) - below(from, u)) / (below(1, u) - below(0, u));
}
