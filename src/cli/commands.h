/* SPDX-License-Identifier: MIT */
/* commands.h: the rows of the command table, one file a verb. */
#ifndef JC_CLI_COMMANDS_H
#define JC_CLI_COMMANDS_H

#include "cli/cli.h"

extern const jc_command jc_command_inspect, jc_command_tokenize, jc_command_sample;
extern const jc_command jc_command_fit, jc_command_convert, jc_command_eval,
    jc_command_study;
extern const jc_command jc_command_report, jc_command_list, jc_command_help;
extern const jc_command jc_command_generate;
extern const jc_command jc_command_version, jc_command_states, jc_command_lens;

#endif
