/* SPDX-License-Identifier: MIT */
/* closing.h: the last lines of a command on standard error: what it wrote, and a command
 * to run next. --quiet leaves them out. */
#ifndef JC_CLI_CLOSING_H
#define JC_CLI_CLOSING_H

#include "cli/cli.h"

/* One line that tells what was done, as "wrote 12 maps to 'mat.safetensors'". */
void jc_closing_say(jc_cli *cli, const char *fmt, ...) JC_PRINTF(2, 3);
/* "wrote WHAT to 'PATH'", or to standard output where path is NULL or "-". */
void jc_closing_wrote(jc_cli *cli, const char *what, const char *path);

/* A command line, put together word by word and printed by jc_next_say(). */
typedef struct jc_next {
    jc_cli *cli;
    char text[2000];
    size_t n;
    bool whole; /* every word could be shown, and fitted */
} jc_next;

void jc_next_begin(jc_next *next, jc_cli *cli, const char *command);
void jc_next_word(jc_next *next, const char *word); /* in quotes where a shell wants them */
void jc_next_option(jc_next *next, const char *option, const char *value);
void jc_next_model(jc_next *next); /* the MODEL of this run as the user wrote it */
/* Texts to score maps on: those of this run where they are split, else others. */
void jc_next_texts(jc_next *next);
void jc_next_say(const jc_next *next);

/* "jumpcut: next: xdg-open PAGE". */
void jc_closing_open(jc_cli *cli, const char *page);

#endif
