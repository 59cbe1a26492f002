/* SPDX-License-Identifier: MIT */
/*
 * cli.h: what the files of the program share: a command as a row, its options as rows,
 * and what a run of it carries.
 *
 * Flags, --help, the man page and the messages of wrong usage are all made from these
 * rows. Options that set a member of a library's params struct come from the library's own
 * rows (jc_fit_options() and so on); the program adds a few of its own, in jc_own.
 */
#ifndef JC_CLI_H
#define JC_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include <jumpcut.h>
#include "cli/ui.h"

#define JC_COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* A growing list of borrowed strings. */
typedef struct jc_list {
    const char **item; /* [n] */
    size_t n, capacity;
} jc_list;

bool jc_list_add(jc_list *list, const char *item);
void jc_list_free(jc_list *list);

/* The program's own options. All strings are borrowed from argv. */
typedef struct jc_own {
    size_t size;
    jc_list text, transfer, sums, from, to, stop, target;
    const char *samples, *out, *save_sums, *format, *methods, *prompt, *file, *rank_curve;
    const char *base, *store, *tokenizer, *completion;
    bool context, ranks, decode, quiet, man, training_size, speed, force, dry_run;
    uint32_t sequences;
    const char *frequent;
    bool compare, decode_exits;
    const char *policy;
    const char *range;
    const char *draft_text;
} jc_own;

typedef struct jc_own_row {
    jc_option option;  /* offset in jc_own; of a jc_list when several values are taken */
    const char *value; /* what --help calls the value: "FILE", "FILE..." takes several */
} jc_own_row;

/* The row of '--tokenizer', for commands that read texts. */
#define JC_TOKENIZER_ROW                                                                   \
    {                                                                                      \
        {"tokenizer",                                                                      \
         JC_OPTION_TEXT,                                                                   \
         offsetof(jc_own, tokenizer),                                                      \
         0,                                                                                \
         0,                                                                                \
         NULL,                                                                             \
         NULL,                                                                             \
         "the folder or GGUF file whose tokenizer to use, in place of the model's own"},   \
            "PATH"                                                                         \
    }

typedef struct jc_args {
    const char **word; /* [n_words] what is no option, after the command; inside argv */
    size_t n_words;
    bool help;     /* --help was given: nothing else was checked */
    jc_list given; /* names of the options that were given */
    jc_own own;
    jc_model_params model;
    jc_samples_params samples;
    jc_self_text_params self;
    jc_stats_params stats;
    jc_fit_params fit;
    jc_train_params train;
    jc_eval_params eval;
    jc_convert_params convert;
    jc_states_params states;
    jc_lens_params lens;
    jc_generate_params generate;
    jc_calibrate_params calibrate;
    jc_tune_params tune;
    jc_training_size_params training_size;
} jc_args;

/* Rows that stand together in --help: the program's own, or those of a params struct. */
typedef struct jc_group {
    const char *title;
    const jc_own_row *own; /* [n_own], or */
    size_t n_own;
    const jc_option *(*rows)(size_t *n); /* the library's, which set the struct at */
    size_t params;                       /* this offset in jc_args */
    const char *hide;                    /* "a|b": rows that the program sets itself */
} jc_group;

typedef struct jc_default {
    const char *name, *value; /* value NULL: what it is depends */
} jc_default;

typedef struct jc_cli jc_cli;

typedef struct jc_command {
    const char *name, *summary;
    const char *usage; /* after "jumpcut NAME " */
    const char *words; /* "MODEL SHORTCUTS...", names for what is missing */
    size_t min_words, max_words;
    const char *teach;             /* paragraphs, separated by an empty line */
    const char *examples;          /* lines; those with '#' are remarks */
    const jc_group *const *groups; /* NULL-ended */
    const jc_default *defaults; /* where this command differs from the rows; NULL-ended */
    jc_status (*run)(jc_cli *cli, jc_error *err);
} jc_command;

struct jc_cli {
    const jc_command *command;
    jc_args args;
    const char **said; /* [n_said]: the command and its options, as they were given */
    size_t n_said;
    jc_ui ui;
    char *demo;       /* path of the demo model where it is called 'demo', else NULL */
    bool wrong_usage; /* what failed is how the program was called */
};

/* ---- commands.c ---- */
const jc_command *jc_command_at(size_t i); /* NULL past the end */
const jc_command *jc_command_find(const char *name);
/* "no command is called 'fti'; did you mean 'fit'?" */
void jc_command_unknown(const char *name, char *text, size_t size);

/* Groups that several commands have; options.c. */
extern const jc_group jc_group_corpus, jc_group_samples_file, jc_group_self_text;
extern const jc_group jc_group_texts, jc_group_samples, jc_group_both_splits;
extern const jc_group jc_group_model, jc_group_stats, jc_group_fit, jc_group_train;
extern const jc_group jc_group_eval;
extern const jc_group jc_group_common;

/* ---- args.c ---- */
typedef struct jc_flag {
    const jc_option *row;
    const char *value; /* NULL for an on-off option */
    const jc_group *group;
    const char *def; /* the row's default or the command's */
    bool many;       /* takes several values */
    bool repeated;   /* an earlier group has an option of this name: set with it */
} jc_flag;

enum { JC_FLAGS_MAX = 64 };

/* The options of a command in the order of --help. */
size_t jc_flags(const jc_command *command, jc_flag flags[JC_FLAGS_MAX]);

/* argv[0] is the command's name. E_ARG: wrong usage. */
jc_status jc_args_parse(jc_args *args, const jc_command *command, int argc, char **argv,
                        jc_error *err) JC_NODISCARD;
void jc_args_free(jc_args *args);
bool jc_args_given(const jc_args *args, const char *option);

/* ---- help.c, man.c: to standard output ---- */
void jc_help_overview(FILE *f);
void jc_help_command(FILE *f, const jc_command *command);
/* "from 0 to 1, default 0.95" of an option, or an empty string. */
void jc_help_bounds(const jc_flag *flag, char *text, size_t size);
void jc_man_page(FILE *f);
/* The page of one command, jumpcut-fit(1). */
void jc_man_command(FILE *f, const jc_command *command);

/* ---- completion.c ---- */
extern const char jc_completion_choices[]; /* "|bash|zsh|fish" */
void jc_completion(FILE *f, const char *shell);

/* ---- failures ---- */
jc_status jc_cli_fail(jc_error *err, jc_status status, const char *fmt, ...)
    JC_PRINTF(3, 4);
/* The same for wrong usage: E_ARG, exit status 2. */
jc_status jc_cli_usage(jc_cli *cli, jc_error *err, const char *fmt, ...) JC_PRINTF(3, 4);

#endif
