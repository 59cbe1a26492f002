/* SPDX-License-Identifier: MIT */
/* kinds.h: is each file that a command is given of the kind that it wants? */
#ifndef JC_CLI_KINDS_H
#define JC_CLI_KINDS_H

#include "cli/cli.h"

/* Before any work: E_FORMAT where a file can be told by its first bytes to be of another
 * kind, as samples in the place of shortcuts. What cannot be told, or not be read, is left
 * to its reader. */
jc_status jc_kinds_check(const jc_cli *cli, jc_error *err) JC_NODISCARD;

#endif
