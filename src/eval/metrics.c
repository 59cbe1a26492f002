/* SPDX-License-Identifier: MIT */
/* metrics.c: the metric table, in the order in which results are written. */
#include "eval/run.h"

/* The entries, in the order in which they are listed: jc_metric_<name> is in
 * metric_<name>.c. */
#define METRICS(X)                                                                         \
    X(r2)                                                                                  \
    X(jump)                                                                                \
    X(exit)                                                                                \
    X(net)                                                                                 \
    X(parts)                                                                               \
    X(schedules)                                                                           \
    X(maps)

#define JC_X(name) extern const jc_metric jc_metric_##name;
METRICS(JC_X)
#undef JC_X

#define JC_X(name) &jc_metric_##name,
static const jc_metric *const table[] = {METRICS(JC_X)};
#undef JC_X

const jc_metric *jc_metric_row(size_t i)
{
    return i < JC_COUNT(table) ? table[i] : NULL;
}

const jc_metric_info *jc_metric_at(size_t i)
{
    return i < JC_COUNT(table) ? &table[i]->info : NULL;
}
