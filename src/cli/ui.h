/* SPDX-License-Identifier: MIT */
/* ui.h: what a user sees of long work on standard error, and how it is stopped. */
#ifndef JC_CLI_UI_H
#define JC_CLI_UI_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/steps.h"
#include "jumpcut/hooks.h"

typedef struct jc_ui {
    bool quiet, terminal;
    bool still;     /* no progress is shown: --quiet, or JUMPCUT_PROGRESS=0 */
    bool drawn;     /* a bar stands on the current line */
    char stage[64]; /* the work that is shown now */
    double start;   /* of the stage, in seconds */
    double shown;   /* when something was last shown */
    uint64_t first; /* `done` at the start of the stage */
    jc_hooks hooks; /* to be given to the library; its arg is this struct */

    /* of commands that say their steps beforehand: a thread shows where they are */
    jc_steps steps;
    bool ticking, ending, hidden;
    unsigned tenths; /* of the time in all; one more than were shown */
    pthread_t ticker;
    pthread_mutex_t lock; /* of the plan, and of standard error */
    pthread_cond_t ended;
} jc_ui;

/* A step of a command, and about how long it takes beside the others. */
typedef struct jc_ui_step {
    const char *name; /* also what the library's progress calls it */
    double weight;    /* 0: it is left out */
} jc_ui_step;

void jc_ui_init(jc_ui *ui, bool quiet);
void jc_ui_end(jc_ui *ui);
/* What the command is about to do. From now on it is shown where it stands; steps begin by
 * themselves when progress names them. */
void jc_ui_plan(jc_ui *ui, const jc_ui_step *steps, size_t n);
/* A step of the plan begins that progress calls otherwise. */
void jc_ui_enter(jc_ui *ui, const char *step);
/* What comes now is from one part to another of the present step. */
void jc_ui_share(jc_ui *ui, double from, double to);
/* Take the bar away, before something else is printed. */
void jc_ui_clear(jc_ui *ui);
/* A sentence about the results, without its full stop: --quiet shows it too. */
void jc_ui_note(jc_ui *ui, const char *message);
/* A sentence that changes nothing about the results: not with --quiet. */
void jc_ui_remark(jc_ui *ui, const char *message);
/* Whether something could not be said: the reader of standard error is gone, or its file
 * cannot grow. A terminal that was hung up does not count: who ran the program in the
 * background wants its results. */
bool jc_ui_unheard(void);
/* Show progress; false when the user wants the work stopped, or nobody hears. */
bool jc_ui_progress(jc_ui *ui, const jc_progress *progress);

/* ---- progress.c and steps.c ---- */

int jc_ui_columns(void);
/* Progress of a command with a plan. */
void jc_ui_reported(jc_ui *ui, const jc_progress *progress);
/* jc_ui_clear() where the lock is held, and only until the next look. */
void jc_ui_wipe(jc_ui *ui);

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
/* Whether what was done so far is kept when a signal comes, which may take its time. */
void jc_signals_keep(bool keep);
/* Whether standard output stands in the middle of a line, which is to be ended in any case.
 */
void jc_signals_line(bool open);

#endif
