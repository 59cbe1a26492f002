/* SPDX-License-Identifier: MIT */
/* summary.h: the first section of results: what was scored. */
#ifndef JC_EVAL_SUMMARY_H
#define JC_EVAL_SUMMARY_H

#include "eval/results.h"
#include "eval/run.h"

typedef struct jc_eval_counts {
    uint64_t texts, rows;             /* that were scored */
    uint64_t route_texts, route_rows; /* of these by routes; 0: all */
} jc_eval_counts;

/* Fill the section. */
jc_status jc_eval_summary(const jc_eval_run *run, const jc_eval_counts *counts,
                          jc_section *section, jc_error *err) JC_NODISCARD;

#endif
