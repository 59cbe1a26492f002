/* SPDX-License-Identifier: MIT */
/* summary.h: the first section of results: what was scored. */
#ifndef JC_EVAL_SUMMARY_H
#define JC_EVAL_SUMMARY_H

#include "eval/results.h"
#include "eval/run.h"

/* Fill the section; rows and texts are those that were scored. */
jc_status jc_eval_summary(const jc_eval_run *run, uint64_t texts, uint64_t rows,
                          jc_section *section, jc_error *err) JC_NODISCARD;

#endif
