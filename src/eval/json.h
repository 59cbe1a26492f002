/* SPDX-License-Identifier: MIT */
/* json.h: small helpers for writing results. Values that could not be allocated are NULL,
 * which jansson takes and reports, so checking the last step is enough. */
#ifndef JC_EVAL_JSON_H
#define JC_EVAL_JSON_H

#include <jansson.h>

#include "eval/bootstrap.h"

/* A number, or null when it is not finite. */
json_t *jc_json_number(double x);
/* Whether text could not be read because memory was short. *why was zeroed before. */
bool jc_json_no_memory(const json_error_t *why);
/* results[section], made when it is not there. NULL when memory is short. */
json_t *jc_json_section(json_t *results, const char *section);
/* [low, high], or null when it is not known. */
json_t *jc_json_interval(bool known, const double ends[2]);
/* Set two members of `object`: a figure and its interval. False when memory is short. */
bool jc_json_statistic(json_t *object, const char *name, const char *interval,
                       jc_bootstrap *bootstrap, jc_statistic *statistic,
                       const void *arg) JC_NODISCARD;

#endif
