/* SPDX-License-Identifier: MIT */
/* output.h: what a command writes: a file that gets its name when it is whole, or standard
 * output. */
#ifndef JC_CLI_OUTPUT_H
#define JC_CLI_OUTPUT_H

#include "base/file.h"

typedef struct jc_output {
    FILE *f;         /* write here; errors are seen at commit, or by a look */
    jc_outfile file; /* of a file; zeroed for standard output, */
    char *stream;    /* and for the pipe or device of this name */
} jc_output;

/* path NULL or "-": standard output. */
jc_status jc_output_open(jc_output *out, const char *path, jc_error *err) JC_NODISCARD;
/* E_IO when what was written just now did not get out: no need to go on. */
jc_status jc_output_look(const jc_output *out, jc_error *err) JC_NODISCARD;
/* Either way *out is released; after a failure no file is left. */
jc_status jc_output_commit(jc_output *out, jc_error *err) JC_NODISCARD;
void jc_output_discard(jc_output *out); /* takes a zeroed or committed one */

/* E_IO when no file of this name can be made or written: to be said before long work, not
 * after it. NULL and "-" are always fine. */
jc_status jc_output_check(const char *path, jc_error *err) JC_NODISCARD;

/* A file of this text. */
jc_status jc_output_text(const char *path, const char *text, jc_error *err) JC_NODISCARD;
/* E_IO when anything printed so far did not get out. */
jc_status jc_output_flush(jc_error *err) JC_NODISCARD;

/* Make a folder and those above it. */
jc_status jc_output_folder(const char *path, jc_error *err) JC_NODISCARD;

/* printf to a new string, free(); NULL when memory is short. */
char *jc_format(const char *fmt, ...) JC_PRINTF(1, 2) JC_NODISCARD;

#endif
