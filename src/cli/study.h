/* SPDX-License-Identifier: MIT */
/* study.h: what the steps of `jumpcut study` share. Each step leaves its files whole, so
 * that what is done stays when a later one is stopped. */
#ifndef JC_CLI_STUDY_H
#define JC_CLI_STUDY_H

#include "cli/work.h"

enum { JC_STUDY_METHODS = 16 };

typedef struct jc_study {
    jc_cli *cli;
    jc_model *model;
    char *model_path;
    char *samples, *results_path, *report; /* paths */
    char *methods;                         /* the list, cut at its commas */
    const char *method[JC_STUDY_METHODS];  /* [n], "id" left out: it is always scored */
    jc_shortcut *shortcut[JC_STUDY_METHODS];
    char *path[JC_STUDY_METHODS]; /* of the shortcuts */
    size_t n;
    bool in_files;    /* sums beyond in_memory bytes lie in files */
    double in_memory; /* also of maps */
    bool resumes; /* the folder holds this very study: what is done is taken from there */
    bool made_folder;    /* by this run */
    double tokens;       /* of all texts, where they were counted; else 0 */
    double checkpoint;   /* when sums were last written */
    bool began;          /* study.json is there, and by this run */
    jc_results *results; /* what has been scored so far */
    char *json;          /* the same as it was last written */
} jc_study;

/* Make the folder, and say in it what the study is; E_ARG where it holds another one,
 * unless --force. study_folder.c. */
jc_status jc_study_folder(jc_study *s, jc_error *err) JC_NODISCARD;

/* Make do with maps to the last layer where there is no room for the sums of all pairs;
 * study_memory.c. */
jc_status jc_study_memory(jc_study *s, jc_error *err) JC_NODISCARD;

/* How much of sums and maps is kept in memory, and whether the rest goes to files;
 * study_memory.c. */
void jc_study_limit(jc_study *s);

/* Its sums are gathered in so many shares, each added to those before; study_resume.c. */
unsigned jc_study_shares(const jc_study *s);

/* More than the paper has for its scores. */
enum { JC_ROUTE_VECTORS = 6000 };
/* On how many vectors parts of blocks and schedules are scored, where no option says so:
 * all up to JC_ROUTE_VECTORS, then about so many of 750 texts or more. study_routes.c. */
jc_status jc_study_routes(jc_study *s, jc_eval_params *params, jc_error *err) JC_NODISCARD;

/* Tell the user interface the steps of the study, before texts are drawn and, when they
 * have been counted, again. study_plan.c. */
void jc_study_plan(jc_study *s);
enum { JC_STUDY_STEPS = 10 };
/* The same with weights in flops; returns their number. */
size_t jc_study_steps(const jc_study *s, jc_ui_step to[JC_STUDY_STEPS]);
/* Where it is much work, say so in a line. */
void jc_study_say_cost(const jc_study *s);
/* Print what it would take. */
jc_status jc_study_dry_run(jc_study *s, jc_error *err) JC_NODISCARD;
/* Work of the sums, in flops: the passes, and the products of pairs of taps. */
double jc_study_sums_flops(const jc_study *s);

/* ---- study_resume.c ---- */

/* Whether the study's folder has a file of that name. */
bool jc_study_there(const jc_study *s, const char *name);
/* The results of a run before, if there are any. */
jc_status jc_study_read_results(jc_study *s, jc_error *err) JC_NODISCARD;
bool jc_study_has(const jc_study *s, const char *section);
/* Gather the sums of the training texts, or go on from those of a run before. */
jc_status jc_study_gather(jc_study *s, jc_stats **sums, jc_error *err) JC_NODISCARD;
/* When they are needed no more. */
void jc_study_drop_sums(const jc_study *s);
/* Of a study that failed before it had any texts no folder is left. */
void jc_study_leave(const jc_study *s);

/* What is done is printed at once, also to a pipe. */
void jc_study_say(const char *what, const char *path);

/* Draw the samples of --text or --self-text, both splits, and keep them in the file. */
jc_status jc_study_draw(jc_study *s, const char *path, jc_error *err) JC_NODISCARD;

/* Fit method i from the sums, or the samples for training, of one text, and keep it in the
 * file; a path of NULL is short memory. */
jc_status jc_study_fit(jc_study *s, size_t i, const char *samples, const jc_stats *stats,
                       jc_shortcut **out, const char *path, jc_error *err) JC_NODISCARD;

/* Whether a run before has fitted it: *out. */
bool jc_study_open_fitted(const jc_study *s, const char *path, jc_shortcut **out);

/* Write results.json and its page. */
jc_status jc_study_save(jc_study *s, jc_error *err) JC_NODISCARD;

/* ---- study_size.c, study_context.c, study_ranks.c, study_transfer.c: further sections of
 * the results
 * ---- */

/* Open a split with positions "one" or "all" of each text: as they are in the file, drawn
 * from the whole texts there, or by reading the texts again, if that can be done. */
bool jc_study_can_open(const jc_study *s, const char *positions);
jc_status jc_study_open(jc_study *s, jc_work *work, const char *positions,
                        const char *split, jc_error *err) JC_NODISCARD;

/* Left out, with a note, where texts cannot be read again. */
jc_status jc_study_training_size(jc_study *s, jc_error *err) JC_NODISCARD;
jc_status jc_study_ranks(jc_study *s, jc_error *err) JC_NODISCARD;

/* Left out, with a note, where a text has no neighbours or nothing is read out. */
jc_status jc_study_context(jc_study *s, jc_error *err) JC_NODISCARD;
jc_status jc_study_decode(jc_study *s, jc_error *err) JC_NODISCARD;

/* Wrong usage is found before any work; a text that is compared with itself gets a note. */
jc_status jc_study_check_transfer(jc_cli *cli, jc_error *err) JC_NODISCARD;
jc_status jc_study_transfer(jc_study *s, jc_error *err) JC_NODISCARD;

#endif
