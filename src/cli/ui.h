/* SPDX-License-Identifier: MIT */
/* ui.h: what a user sees of long work on standard error, and how it is stopped. */
#ifndef JC_CLI_UI_H
#define JC_CLI_UI_H

#include <stdbool.h>
#include <stdio.h>

#include "jumpcut/hooks.h"

typedef struct jc_ui {
    bool quiet, terminal;
    bool drawn;     /* a bar stands on the current line */
    char stage[64]; /* the work that is shown now */
    double start;   /* of the stage, in seconds */
    double shown;   /* when something was last shown */
    uint64_t first; /* `done` at the start of the stage */
    jc_hooks hooks; /* to be given to the library; its arg is this struct */
} jc_ui;

void jc_ui_init(jc_ui *ui, bool quiet);
/* Take the bar away, before something else is printed. */
void jc_ui_clear(jc_ui *ui);
/* A sentence about the results, without its full stop: --quiet shows it too. */
void jc_ui_note(jc_ui *ui, const char *message);
/* A sentence that changes nothing about the results: not with --quiet. */
void jc_ui_remark(jc_ui *ui, const char *message);
/* Show progress; false when the user wants the work stopped. */
bool jc_ui_progress(jc_ui *ui, const jc_progress *progress);

/* ---- signals.c ---- */

/* Where standard input, output or error is closed, /dev/null takes its place, so that no
 * file which is opened later gets its number and what is printed. */
void jc_signals_descriptors(void);
/* From now on SIGINT, SIGTERM and SIGHUP ask the work to stop; the second one exits. A pipe
 * without reader and a file that is too large are errors of writing. */
void jc_signals_catch(void);
/* The signal that came, 0 for none. Who is told of one must end soon: where nobody asks,
 * the process ends half a second after it. */
int jc_signals_stopped(void);
/* Whether standard output stands in the middle of a line, which is to be ended in any case.
 */
void jc_signals_line(bool open);

#endif
