/* SPDX-License-Identifier: MIT */
/* table.h: results.json as a table for reading. */
#ifndef JC_CLI_TABLE_H
#define JC_CLI_TABLE_H

#include <stdio.h>

#include "jumpcut/status.h"

/* format: "text", "csv" (one row per layer and method), or "json" as it is. */
jc_status jc_table_print(FILE *f, const char *json, const char *format,
                         jc_error *err) JC_NODISCARD;
/* Only the sentence on saved blocks of each method. */
jc_status jc_table_saved(FILE *f, const char *json, jc_error *err) JC_NODISCARD;

#endif
