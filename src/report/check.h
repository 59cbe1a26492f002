/* SPDX-License-Identifier: MIT */
/* check.h: is this text a "jumpcut-results/1" file? */
#ifndef JC_REPORT_CHECK_H
#define JC_REPORT_CHECK_H

#include <stddef.h>

#include "jumpcut/status.h"

/* Check the shape of every member that the page shows, so that page.js need not.
 * *model_name is yours (jc_free()). `name` stands for the text in messages. */
jc_status jc_report_check(const char *json, size_t length, const char *name,
                          char **model_name, jc_error *err) JC_NODISCARD;

#endif
