/* SPDX-License-Identifier: MIT */
#include "eval/jackknife.h"

#include <math.h>

/* The 97.5% quantile of Student's distribution by degrees of freedom, from one on. */
static const double student[JC_JACKKNIFE_GROUPS - 1] = {
    12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624,
    2.306004,  2.262157, 2.228139, 2.200985, 2.178813, 2.160369, 2.144787,
    2.131450,  2.119905, 2.109816, 2.100922, 2.093024,
};

double jc_jackknife_half(const double *without, size_t n)
{
    double mean = 0, squares = 0;

    if (n < 2)
        return (double)NAN;
    for (size_t g = 0; g < n; g++)
        mean += without[g] / (double)n;
    for (size_t g = 0; g < n; g++)
        squares += (without[g] - mean) * (without[g] - mean);
    return student[n - 2] * sqrt((double)(n - 1) / (double)n * squares);
}
