/* SPDX-License-Identifier: MIT */
/* commands.c: the table of commands, in the order of --help. A new one is a file and a row.
 */
#include "cli/commands.h"

#include <string.h>

static const jc_command *const table[] = {
    &jc_command_study,  &jc_command_inspect, &jc_command_tokenize, &jc_command_sample,
    &jc_command_fit,    &jc_command_eval,    &jc_command_report,   &jc_command_lens,
    &jc_command_states, &jc_command_convert, &jc_command_generate, &jc_command_list,
    &jc_command_help,   &jc_command_version,
};

const jc_command *jc_command_at(size_t i)
{
    return i < JC_COUNT_OF(table) ? table[i] : NULL;
}

const jc_command *jc_command_find(const char *name)
{
    for (size_t i = 0; i < JC_COUNT_OF(table); i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}
