/* SPDX-License-Identifier: MIT */
/* commands.c: the table of commands, in the order of --help. A new one is a file and a row.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/likely.h"

/* The entries, in the order in which they are listed: jc_command_<name> is in cmd_<name>.c.
 */
#define COMMANDS(X)                                                                        \
    X(study)                                                                               \
    X(inspect)                                                                             \
    X(tokenize)                                                                            \
    X(sample)                                                                              \
    X(fit)                                                                                 \
    X(merge)                                                                               \
    X(eval)                                                                                \
    X(report)                                                                              \
    X(lens)                                                                                \
    X(states)                                                                              \
    X(convert)                                                                             \
    X(generate)                                                                            \
    X(calibrate)                                                                           \
    X(tune)                                                                                \
    X(list)                                                                                \
    X(help)                                                                                \
    X(version)

#define JC_X(name) extern const jc_command jc_command_##name;
COMMANDS(JC_X)
#undef JC_X

#define JC_X(name) &jc_command_##name,
static const jc_command *const table[] = {COMMANDS(JC_X)};
#undef JC_X

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

void jc_command_unknown(const char *name, char *text, size_t size)
{
    char mean[JC_LIKELY_TEXT];
    jc_likely likely;

    jc_likely_begin(&likely, name, strlen(name));
    for (size_t i = 0; i < JC_COUNT_OF(table); i++)
        jc_likely_offer(&likely, table[i]->name, strlen(table[i]->name));
    jc_likely_offer_list(&likely, "--help|--version");
    snprintf(text, size, "no command is called '%s'%s", name,
             jc_likely_text(&likely, mean));
}
