/* SPDX-License-Identifier: MIT */
#include "cli/closing.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/output.h"

static bool is_silent(jc_cli *cli)
{
    if (cli->ui.quiet)
        return true;
    jc_ui_clear(&cli->ui);
    return jc_output_flush(NULL) != JC_OK; /* what was printed there comes first */
}

void jc_closing_say(jc_cli *cli, const char *fmt, ...)
{
    va_list ap;

    if (is_silent(cli))
        return;
    fputs("jumpcut: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

void jc_closing_wrote(jc_cli *cli, const char *what, const char *path)
{
    if (!path || strcmp(path, "-") == 0)
        jc_closing_say(cli, "wrote %s to standard output", what);
    else
        jc_closing_say(cli, "wrote %s to '%s'", what, path);
}

/* ---- a command line ---- */

static void put(jc_next *next, const char *text, size_t n)
{
    if (n >= sizeof next->text - next->n) {
        next->whole = false;
        return;
    }
    memcpy(next->text + next->n, text, n);
    next->n += n;
}

static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("_-./,:=+@%", c) || c >= 0x80;
}

void jc_next_word(jc_next *next, const char *word)
{
    bool plain = word[0] != '\0';

    for (const char *c = word; *c; c++) {
        plain &= is_plain((unsigned char)*c);
        if ((unsigned char)*c < ' ' || *c == 0x7F) /* nothing that moves a cursor */
            next->whole = false;
    }
    if (next->n)
        put(next, " ", 1);
    if (plain) {
        put(next, word, strlen(word));
        return;
    }
    put(next, "'", 1);
    for (const char *c = word; *c; c++)
        put(next, *c == '\'' ? "'\\''" : c, *c == '\'' ? 4 : 1);
    put(next, "'", 1);
}

void jc_next_begin(jc_next *next, jc_cli *cli, const char *command)
{
    *next = (jc_next){.cli = cli, .whole = true};
    jc_next_word(next, "jumpcut");
    jc_next_word(next, command);
}

void jc_next_option(jc_next *next, const char *option, const char *value)
{
    jc_next_word(next, option);
    jc_next_word(next, value);
}

void jc_next_model(jc_next *next)
{
    const jc_cli *cli = next->cli;

    if (cli->args.n_words == 0 || cli->args.word[0] == cli->demo)
        jc_next_word(next, "demo");
    else
        jc_next_word(next, cli->args.word[0]);
}

static void number_option(jc_next *next, const char *option, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, value);
    jc_next_option(next, option, text);
}

/* How texts were cut and drawn, where it is not the default. */
static void drawing(jc_next *next)
{
    const jc_args *args = &next->cli->args;
    const jc_samples_params *s = &args->samples;

    if (jc_args_given(args, "unit"))
        jc_next_option(next, "--unit", s->unit);
    if (jc_args_given(args, "field"))
        jc_next_option(next, "--field", s->field);
    if (args->own.tokenizer)
        jc_next_option(next, "--tokenizer",
                       args->own.tokenizer == next->cli->demo ? "demo"
                                                              : args->own.tokenizer);
    if (jc_args_given(args, "positions"))
        jc_next_option(next, "--positions", s->positions);
}

void jc_next_texts(jc_next *next)
{
    const jc_args *args = &next->cli->args;
    const jc_samples_params *s = &args->samples;
    bool split = s->train > 0 && s->val > 0;

    if (args->own.samples && strcmp(s->split, "all") != 0) {
        jc_next_option(next, "--samples", args->own.samples);
        return;
    }
    if (args->self.self_text)
        number_option(next, "--self-text", args->self.self_text);
    else if (split && args->own.text.n)
        jc_next_word(next, "--text");
    else
        jc_next_option(next, "--text", "OTHER.txt");
    for (size_t i = 0; split && i < args->own.text.n; i++)
        jc_next_word(next, args->own.text.item[i]);
    drawing(next);
    if (split) {
        number_option(next, "--train", s->train);
        number_option(next, "--val", s->val);
    }
    if (args->self.self_text && !split) /* other texts than those of this run */
        number_option(next, "--seed", s->seed + 1);
    else if (split && jc_args_given(args, "seed"))
        number_option(next, "--seed", s->seed);
}

void jc_next_say(const jc_next *next)
{
    if (next->whole)
        jc_closing_say(next->cli, "next: %.*s", (int)next->n, next->text);
}

void jc_closing_open(jc_cli *cli, const char *page)
{
    jc_next next = {.cli = cli, .whole = true};

    jc_next_option(&next, "xdg-open", page);
    jc_next_say(&next);
}
