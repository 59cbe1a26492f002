/* SPDX-License-Identifier: MIT */
/* inputs.h: what a command reads, so that it is not written over. */
#ifndef JC_CLI_INPUTS_H
#define JC_CLI_INPUTS_H

#include "cli/cli.h"

/* Before any work: E_IO where one of path[n] cannot be written, and E_ARG where it is a
 * file that the command reads, a file of its model, or an earlier one of them. NULL and "-"
 * are always fine. */
jc_status jc_inputs_spare(const jc_cli *cli, const char *const *path, size_t n,
                          jc_error *err) JC_NODISCARD;

/* E_ARG where `path` is standard output, for `what` cannot go there: "a file of tensors",
 * which is written out of order. */
jc_status jc_inputs_file(const char *path, const char *what, jc_error *err) JC_NODISCARD;

#endif
