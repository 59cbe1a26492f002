/* SPDX-License-Identifier: MIT */
/* check.h: is this text a "jumpcut-results/1" file? */
#ifndef JC_REPORT_CHECK_H
#define JC_REPORT_CHECK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "jumpcut/status.h"

/* Read results and check the shape of every member that the page shows, so that its scripts
 * need not. *results is yours (json_decref()). `name` stands for the text in messages. */
jc_status jc_report_check(const char *json, size_t length, const char *name,
                          json_t **results, jc_error *err) JC_NODISCARD;

/* Checked results as they may be shown to others: the last part of each path, in the place
 * of the path. False when memory is short; share.c. */
bool jc_report_share(json_t *results) JC_NODISCARD;

/* Results as short text, each number with the digits that it needs; free(). NULL when
 * memory is short. */
char *jc_report_text(json_t *results) JC_NODISCARD;

#endif
