/* SPDX-License-Identifier: MIT */
/* metrics.c: the metric table, in the order in which results are written. */
#include "eval/run.h"

static const jc_metric *const table[] = {&jc_metric_r2,        &jc_metric_jump,
                                         &jc_metric_exit,      &jc_metric_parts,
                                         &jc_metric_schedules, &jc_metric_maps};

const jc_metric *jc_metric_row(size_t i)
{
    return i < JC_COUNT(table) ? table[i] : NULL;
}

const jc_metric_info *jc_metric_at(size_t i)
{
    return i < JC_COUNT(table) ? &table[i]->info : NULL;
}
