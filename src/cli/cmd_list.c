/* SPDX-License-Identifier: MIT */
/* cmd_list.c: `jumpcut list`: the rows of the library's tables. */
#include <string.h>

#include "base/likely.h"
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

static void list_architectures(void)
{
    jc_architecture arch;

    for (const char *const *name = jc_architecture_list(); *name; name++)
        if (jc_architecture_find(*name, &arch))
            printf("%-17s %-7s %-12s %-17s%s\n", arch.name,
                   arch.causal ? "decoder" : "encoder",
                   arch.gguf ? "folder,gguf" : "folder", arch.compared, arch.about);
}

static void list_backends(void)
{
    for (size_t i = 0; jc_backend_list()[i]; i++)
        line(jc_backend_list()[i], jc_backend_about(i));
}

static void list_forms(void)
{
    for (size_t i = 0; jc_form_name(i); i++)
        line(jc_form_name(i), jc_form_about(i));
}

static void list_views(void)
{
    for (size_t i = 0; jc_lens_view_at(i); i++)
        line(jc_lens_view_at(i)->name, jc_lens_view_at(i)->summary);
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

/* The entries, in the order in which they are listed: list_<name>() prints each. */
#define TABLES(X)                                                                          \
    X(methods)                                                                             \
    X(forms)                                                                               \
    X(metrics)                                                                             \
    X(architectures)                                                                       \
    X(backends)                                                                            \
    X(views)                                                                               \
    X(drafters)                                                                            \
    X(gates)                                                                               \
    X(fills)

#define JC_X(name) {#name, list_##name},
static const struct {
    const char *name;
    void (*print)(void);
} tables[] = {TABLES(JC_X)};
#undef JC_X

#define JC_X(name) "|" #name
static const char choices[] = TABLES(JC_X);
#undef JC_X

static jc_status run(jc_cli *cli, jc_error *err)
{
    const char *name = cli->args.word[0];
    char text[JC_LIKELY_TEXT];
    jc_likely likely;

    for (size_t i = 0; i < JC_COUNT_OF(tables); i++) {
        if (strcmp(tables[i].name, name) == 0) {
            tables[i].print();
            return JC_OK;
        }
    }
    jc_likely_begin(&likely, name, strlen(name));
    jc_likely_offer_list(&likely, choices + 1);
    return jc_cli_usage(cli, err, "there is no list of '%s': choose one of %s%s", name,
                        choices + 1, jc_likely_text(&likely, text));
}

const jc_command jc_command_list = {
    .name = "list",
    .summary = "the methods, drafters and other tables of this build",
    .usage = choices + 1,
    .words = choices + 1,
    .min_words = 1,
    .max_words = 1,
    .teach =
        "One name a line, as the options and files write it, then what it is.\n\n"
        "An architecture is a decoder or an encoder, and read from folders or GGUF files. "
        "Then comes the model whose states were last compared with those of transformers "
        "5.24.0: a trained one, or tiny, a random one, which is compared for each.",
    .examples = "jumpcut list methods\n"
                "jumpcut list architectures\n",
    .groups = (const jc_group *const[]){NULL},
    .run = run,
};
