/* SPDX-License-Identifier: MIT */
/* cmd_help.c: `jumpcut help` and `jumpcut version`. */
#include "cli/cli.h"

static jc_status run_help(jc_cli *cli, jc_error *err)
{
    const jc_args *args = &cli->args;

    if (args->own.man) {
        jc_man_page(stdout);
    } else if (args->n_words == 0) {
        jc_help_overview(stdout);
    } else {
        const jc_command *command = jc_command_find(args->word[0]);
        if (!command)
            return jc_cli_usage(cli, err, "no command is called '%s'", args->word[0]);
        jc_help_command(stdout, command);
    }
    return JC_OK;
}

static const jc_own_row rows[] = {
    {{"man", JC_OPTION_BOOL, offsetof(jc_own, man), 0, 0, "false", NULL,
      "print the whole man page as source for scdoc"},
     NULL},
};
static const jc_group own = {.title = "Output", .own = rows, .n_own = JC_COUNT_OF(rows)};

const jc_command jc_command_help = {
    .name = "help",
    .summary = "what the program and its commands do",
    .usage = "[COMMAND] [--man]",
    .words = "COMMAND",
    .max_words = 1,
    .teach = "Without a COMMAND, the list of commands; with one, the same as 'jumpcut "
             "COMMAND --help'.",
    .groups = (const jc_group *const[]){&own, NULL},
    .run = run_help,
};

static jc_status run_version(jc_cli *cli, jc_error *err)
{
    (void)cli;
    (void)err;
    printf("jumpcut %s\n", jc_version());
    return JC_OK;
}

const jc_command jc_command_version = {
    .name = "version",
    .summary = "the version of the program and its library",
    .usage = "",
    .words = "",
    .teach = "Prints one line: the name and the version.",
    .groups = (const jc_group *const[]){NULL},
    .run = run_version,
};
