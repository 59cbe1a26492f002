/* SPDX-License-Identifier: MIT */
/* cmd_help.c: `jumpcut help` and `jumpcut version`. */
#include "cli/cli.h"

static jc_status run_help(jc_cli *cli, jc_error *err)
{
    const jc_args *args = &cli->args;
    const jc_command *command = NULL;

    if (args->n_words > 0) {
        command = jc_command_find(args->word[0]);
        if (!command) {
            char text[400];
            jc_command_unknown(args->word[0], text, sizeof text);
            return jc_cli_usage(cli, err, "%s", text);
        }
    }
    if (args->own.completion)
        jc_completion(stdout, args->own.completion);
    else if (command)
        (args->own.man ? jc_man_command : jc_help_command)(stdout, command);
    else
        (args->own.man ? jc_man_page : jc_help_overview)(stdout);
    return JC_OK;
}

static const jc_own_row rows[] = {
    {{"man", JC_OPTION_BOOL, offsetof(jc_own, man), 0, 0, "false", NULL,
      "print the man page, or that of the COMMAND, as source for scdoc"},
     NULL},
    {{"completion", JC_OPTION_TEXT, offsetof(jc_own, completion), 0, 0, NULL,
      jc_completion_choices + 1,
      "print what this shell needs to complete commands and options"},
     "SHELL"},
};
static const jc_group own = {.title = "Output", .own = rows, .n_own = JC_COUNT_OF(rows)};

const jc_command jc_command_help = {
    .name = "help",
    .summary = "what the program and its commands do",
    .usage = "[COMMAND] [--man | --completion SHELL]",
    .words = "COMMAND",
    .max_words = 1,
    .teach = "Without a COMMAND, the list of commands; with one, the same as 'jumpcut "
             "COMMAND --help'.",
    .examples = "jumpcut help fit\n"
                "# completion in this shell, where it is not installed\n"
                "source <(jumpcut help --completion bash)\n",
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
    .examples = "jumpcut version\n",
    .groups = (const jc_group *const[]){NULL},
    .run = run_version,
};
