/* SPDX-License-Identifier: MIT */
#include "generate/ltt.h"

#include <math.h>

static double entropy_term(double a, double b)
{
    return a > 0 ? a * log(a / b) : 0;
}

static double log_binomial(size_t n, double p, size_t k)
{
    return lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1) +
           (double)k * log(p) + (double)(n - k) * log1p(-p);
}

double jc_binomial_below(size_t n, double p, size_t k)
{
    double sum = 0;

    for (size_t i = 0; i <= k && i <= n; i++)
        sum += exp(log_binomial(n, p, i));
    return sum < 1 ? sum : 1;
}

double jc_ltt_p_value(double mean, size_t n, double alpha)
{
    double a = fmin(mean, alpha);
    double h = entropy_term(a, alpha) + entropy_term(1 - a, 1 - alpha);
    double hoeffding = exp(-(double)n * h);
    /* a mean that is a whole number of n-ths must not be rounded up to the next */
    double errors = ceil((double)n * mean - 1e-9);
    double bentkus = exp(1) * jc_binomial_below(n, alpha, (size_t)fmax(errors, 0));

    return fmin(1, fmin(hoeffding, bentkus));
}

size_t jc_ltt_choose(const double *loss, size_t n, size_t n_thresholds, double alpha,
                     double delta, double *mean, double *p)
{
    size_t shown = 0;

    for (; n > 0 && shown < n_thresholds; shown++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += loss[i * n_thresholds + shown];
        double value = jc_ltt_p_value(sum / (double)n, n, alpha);
        if (value > delta)
            break;
        *mean = sum / (double)n;
        *p = value;
    }
    return shown;
}

size_t jc_ltt_least(double alpha, double delta)
{
    return (size_t)ceil(log(delta) / log1p(-alpha));
}
