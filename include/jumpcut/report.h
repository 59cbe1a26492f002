/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_REPORT_H
#define JUMPCUT_REPORT_H

/**
 * @file jumpcut/report.h
 * Results as one HTML page that needs nothing else, and no network.
 */

#include <stddef.h>

#include "jumpcut/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Write the page of a "jumpcut-results/1" file to out_path, whole or not at all. E_FORMAT
 *  with a message that names the file and the member when it is not one. */
JC_API jc_status jc_report_write(const char *results_path, const char *out_path,
                                 jc_error *err) JC_NODISCARD;

/** The same for results in memory, json[0..length); `name` stands for them in messages. */
JC_API jc_status jc_report_write_json(const char *json, size_t length, const char *name,
                                      const char *out_path, jc_error *err) JC_NODISCARD;

/** The page as a text: (*page)[0..*length), zero-ended, is yours (free()). */
JC_API jc_status jc_report_show(const char *results_path, char **page, size_t *length,
                                jc_error *err) JC_NODISCARD;

#ifdef __cplusplus
}
#endif
#endif
