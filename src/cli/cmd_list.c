/* SPDX-License-Identifier: MIT */
/* cmd_list.c: `jumpcut list`: the rows of the library's tables. */
#include <string.h>

#include "cli/cli.h"

static void line(const char *name, const char *summary)
{
    printf("%-12s %s\n", name, summary);
}

static void list_methods(void)
{
    for (size_t i = 0; jc_method_at(i); i++)
        line(jc_method_at(i)->name, jc_method_at(i)->summary);
}

static void list_metrics(void)
{
    for (size_t i = 0; jc_metric_at(i); i++)
        line(jc_metric_at(i)->name, jc_metric_at(i)->summary);
}

static void list_names(const char *const *names)
{
    for (; *names; names++)
        puts(*names);
}

static void list_architectures(void)
{
    list_names(jc_architecture_list());
}

static void list_backends(void)
{
    list_names(jc_backend_list());
}

static void list_drafters(void)
{
    for (size_t i = 0; jc_drafter_name(i); i++)
        line(jc_drafter_name(i), jc_drafter_about(i));
}

static void list_gates(void)
{
    for (size_t i = 0; jc_gate_name(i); i++)
        line(jc_gate_name(i), jc_gate_about(i));
}

static void list_fills(void)
{
    for (size_t i = 0; jc_fill_name(i); i++)
        line(jc_fill_name(i), jc_fill_about(i));
}

static const struct {
    const char *name;
    void (*print)(void);
} tables[] = {
    {"methods", list_methods},   {"architectures", list_architectures},
    {"metrics", list_metrics},   {"backends", list_backends},
    {"drafters", list_drafters}, {"gates", list_gates},
    {"fills", list_fills},
};

static jc_status run(jc_cli *cli, jc_error *err)
{
    const char *name = cli->args.word[0];

    for (size_t i = 0; i < JC_COUNT_OF(tables); i++) {
        if (strcmp(tables[i].name, name) == 0) {
            tables[i].print();
            return JC_OK;
        }
    }
    return jc_cli_usage(cli, err,
                        "there is no list of '%s': choose methods, architectures, "
                        "metrics, backends, drafters, gates or fills",
                        name);
}

const jc_command jc_command_list = {
    .name = "list",
    .summary = "the methods, drafters and other tables of this build",
    .usage = "methods|architectures|metrics|backends|drafters|gates|fills",
    .words = "methods|architectures|metrics|backends|drafters|gates|fills",
    .min_words = 1,
    .max_words = 1,
    .teach = "One name a line, as the options and files write it, then what it is.",
    .examples = "jumpcut list methods\n",
    .groups = (const jc_group *const[]){NULL},
    .run = run,
};
