/* SPDX-License-Identifier: MIT */
/* help.c: `jumpcut help` and `jumpcut CMD --help`, from the rows. */
#include <string.h>

#include "cli/cli.h"

enum { WIDTH = 80, COLUMN = 26 }; /* of a line; where the help of an option starts */

/* Print text from column `at`, broken between words, later lines indented. Line breaks in
 * the text are kept. */
static void wrap(FILE *f, const char *text, int at, int indent)
{
    for (bool first = true; *text; first = false) {
        if (*text == '\n') {
            fputc('\n', f);
            at = 0;
            text++;
            first = true;
        }
        while (*text == ' ')
            text++;
        int n = (int)strcspn(text, " \n");
        if (n == 0)
            continue;
        if (!first && at + 1 + n > WIDTH) {
            fputc('\n', f);
            at = 0;
            first = true;
        }
        for (; at < indent; at++)
            fputc(' ', f);
        at += fprintf(f, first ? "%.*s" : " %.*s", n, text);
        text += n;
    }
    fputc('\n', f);
}

void jc_help_bounds(const jc_flag *flag, char *text, size_t size)
{
    const jc_option *row = flag->row;
    const bool number = row->type == JC_OPTION_U32 || row->type == JC_OPTION_U64 ||
                        row->type == JC_OPTION_REAL;
    char bounds[64] = "";

    if (number && row->hi < 1e6)
        snprintf(bounds, sizeof bounds, "%g to %g", row->lo, row->hi);
    else if (number && row->lo > 0)
        snprintf(bounds, sizeof bounds, "%g or more", row->lo);
    if (!flag->value || (!bounds[0] && !flag->def))
        text[0] = '\0';
    else
        snprintf(text, size, "%s%s%s%s", bounds, bounds[0] && flag->def ? ", " : "",
                 flag->def ? "default " : "", flag->def ? flag->def : "");
}

static void option(FILE *f, const jc_flag *flag)
{
    char bounds[160];
    bool on = !flag->value && flag->def && flag->def[0] == 't'; /* on by default */
    int at = fprintf(f, "  --%s%s%s%s", on ? "no-" : "", flag->row->name,
                     flag->value ? " " : "", flag->value ? flag->value : "");

    if (at + 1 >= COLUMN) {
        fputc('\n', f);
        at = 0;
    }
    char text[600];
    jc_help_bounds(flag, bounds, sizeof bounds);
    snprintf(text, sizeof text, bounds[0] ? "%s%s (%s)" : "%s%s%s", on ? "leave out " : "",
             flag->row->help, bounds);
    wrap(f, text, at, COLUMN);
}

static void examples(FILE *f, const char *text)
{
    fputs("\nExamples:\n", f);
    for (const char *at = text; *at;) {
        int n = (int)strcspn(at, "\n");
        fprintf(f, "  %.*s\n", n, at);
        at += n + (at[n] == '\n');
    }
}

void jc_help_command(FILE *f, const jc_command *command)
{
    jc_flag flags[JC_FLAGS_MAX];
    size_t n = jc_flags(command, flags);
    const char *title = "";

    fprintf(f, "jumpcut %s: %s\n\nUsage: jumpcut %s%s%s\n\n", command->name,
            command->summary, command->name, command->usage[0] ? " " : "", command->usage);
    wrap(f, command->teach, 0, 0);
    for (size_t i = 0; i < n; i++) {
        if (flags[i].repeated)
            continue;
        if (strcmp(title, flags[i].group->title) != 0) {
            title = flags[i].group->title;
            fprintf(f, "\n%s:\n", title);
        }
        option(f, &flags[i]);
    }
    if (command->examples)
        examples(f, command->examples);
}

void jc_help_overview(FILE *f)
{
    fputs("jumpcut: linear shortcuts between the layers of a transformer language model\n\n"
          "Usage: jumpcut COMMAND [MODEL] [options]\n\n",
          f);
    for (size_t i = 0; jc_command_at(i); i++) {
        int at = fprintf(f, "  %s", jc_command_at(i)->name);
        wrap(f, jc_command_at(i)->summary, at, 14);
    }
    fputs("\nMODEL is a folder as downloaded: config.json, model.safetensors (or shards) "
          "and\n"
          "the tokenizer's files. Start with 'jumpcut study', which needs no model and no\n"
          "texts. 'jumpcut COMMAND --help' teaches each command.\n",
          f);
}
