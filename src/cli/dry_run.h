/* SPDX-License-Identifier: MIT */
/* dry_run.h: --dry-run: what a command would take, from some seconds of its own work. */
#ifndef JC_CLI_DRY_RUN_H
#define JC_CLI_DRY_RUN_H

#include "cli/work.h"

enum { JC_DRY_SECONDS = 3 }; /* that a step is measured */

typedef struct jc_dry {
    jc_cli *cli;
    double texts, tokens, vectors;
    bool about;                            /* not all texts were read to count them */
    double seconds;                        /* of the measured step in all */
    double memory;                         /* bytes, the most up to its end */
    double begun, start, end, first, part; /* start: of its first progress */
    double total;                          /* that its progress counts */
    double before;    /* seconds of a stage before it, run to its end */
    unsigned batches; /* since `first` */
    bool training;    /* the stage that is measured is a training */
    jc_hooks hooks;   /* of the user interface, while it measures */
    bool enough;
} jc_dry;

typedef struct jc_dry_step {
    const char *name;
    double seconds, memory, disk; /* bytes; 0: none */
} jc_dry_step;

/* The row of '--dry-run'. */
extern const jc_group jc_group_dry_run;

/* Read texts for two seconds at most. */
jc_status jc_dry_count(jc_dry *dry, jc_cli *cli, const jc_model *model,
                       jc_error *err) JC_NODISCARD;
/* From here on the progress of a long call is measured, and ends the call after three
 * seconds; what it returned is told to jc_dry_end(), which gives JC_OK where that was so.
 */
void jc_dry_begin(jc_dry *dry);
jc_status jc_dry_end(jc_dry *dry, jc_status st) JC_NODISCARD;
/* Bytes while maps are solved for: `kept` of them and of their sums, beside what is held
 * now, when what was measured has given its sums and its batches back. */
double jc_dry_fitting(double kept, double width);
/* Bytes in which a map is solved for. */
double jc_dry_solving(double width);
/* The most bytes that this process has held so far. */
double jc_dry_memory(void);
/* Texts, the steps, and what they take in all, to standard output; and without texts. */
void jc_dry_print(const jc_dry *dry, const jc_dry_step *steps, size_t n);
void jc_dry_print_steps(const jc_dry_step *steps, size_t n);

/* ---- fit_dry_run.c ---- */
jc_status jc_fit_dry_run(jc_cli *cli, jc_error *err) JC_NODISCARD;

/* ---- generate_dry_run.c ---- */
/* Some seconds of reading the prompts, and of writing. */
jc_status jc_generate_dry_run(const jc_model *model, const jc_prompt *prompts, size_t n,
                              const jc_generate_params *params, jc_error *err) JC_NODISCARD;

#endif
