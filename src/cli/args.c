/* SPDX-License-Identifier: MIT */
/* args.c: a command line, by getopt_long over the option rows of a command. */
#include "cli/cli.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/likely.h"

enum { SET = 256, UNSET = SET + JC_FLAGS_MAX }; /* getopt's values: flag i, --no-flag i */

bool jc_list_add(jc_list *list, const char *item)
{
    if (list->n == list->capacity) {
        size_t more = list->capacity ? 2 * list->capacity : 8;
        const char **grown = realloc(list->item, more * sizeof *grown);
        if (!grown)
            return false;
        list->item = grown;
        list->capacity = more;
    }
    list->item[list->n++] = item;
    return true;
}

void jc_list_free(jc_list *list)
{
    free(list->item);
    memset(list, 0, sizeof *list);
}

/* ---- flags from rows ---- */

static const char *value_name(const jc_option *row)
{
    switch (row->type) {
    case JC_OPTION_BOOL:
        return NULL;
    case JC_OPTION_U32:
    case JC_OPTION_U64:
        return "N";
    case JC_OPTION_REAL:
        return "X";
    case JC_OPTION_TEXT:
        return row->choices ? row->choices : "NAME";
    }
    return NULL;
}

static bool is_hidden(const char *hide, const char *name)
{
    size_t n = strlen(name);

    for (const char *at = hide; at && *at; at += strcspn(at, "|"), at += *at == '|')
        if (strncmp(at, name, n) == 0 && (at[n] == '|' || !at[n]))
            return true;
    return false;
}

static const char *default_of(const jc_command *command, const jc_option *row)
{
    for (const jc_default *d = command->defaults; d && d->name; d++)
        if (strcmp(d->name, row->name) == 0)
            return d->value;
    return row->def;
}

static size_t add_flag(const jc_command *command, const jc_group *group,
                       const jc_option *row, const char *value, jc_flag *flags, size_t n)
{
    assert(n < JC_FLAGS_MAX);
    flags[n] = (jc_flag){.row = row, .value = value, .group = group};
    flags[n].def = default_of(command, row);
    flags[n].many =
        value && strlen(value) > 3 && strcmp(value + strlen(value) - 3, "...") == 0;
    for (size_t i = 0; i < n; i++)
        if (strcmp(flags[i].row->name, row->name) == 0)
            flags[n].repeated = true;
    return n + 1;
}

size_t jc_flags(const jc_command *command, jc_flag flags[JC_FLAGS_MAX])
{
    size_t n = 0;

    for (const jc_group *const *g = command->groups; *g; g++) {
        for (size_t i = 0; i < (*g)->n_own; i++)
            n = add_flag(command, *g, &(*g)->own[i].option, (*g)->own[i].value, flags, n);
        size_t n_rows = 0;
        const jc_option *rows = (*g)->rows ? (*g)->rows(&n_rows) : NULL;
        for (size_t i = 0; i < n_rows; i++)
            if (!is_hidden((*g)->hide, rows[i].name))
                n = add_flag(command, *g, &rows[i], value_name(&rows[i]), flags, n);
    }
    return n;
}

/* ---- values ---- */

static void *params_of(jc_args *args, const jc_flag *flag)
{
    return flag->group->own ? (char *)&args->own : (char *)args + flag->group->params;
}

/* Give `value` to every option called as flags[at] is. */
static jc_status set(jc_args *args, const jc_flag *flags, size_t n, size_t at,
                     const char *value, jc_error *err)
{
    const char *name = flags[at].row->name;

    for (size_t i = 0; i < n; i++) {
        const jc_flag *flag = &flags[i];
        jc_status st = JC_OK;
        if (strcmp(flag->row->name, name) != 0)
            continue;
        if (flag->many) {
            jc_list *list = (jc_list *)(void *)((char *)&args->own + flag->row->offset);
            if (!jc_list_add(list, value))
                st = jc_cli_fail(err, JC_E_NOMEM, "out of memory for the command line");
        } else {
            st = jc_option_set(params_of(args, flag), flag->row, 1, name, value, err);
        }
        if (st)
            return st;
    }
    return JC_OK;
}

static jc_status fill_defaults(jc_args *args, const jc_command *command,
                               const jc_flag *flags, size_t n, jc_error *err)
{
    jc_status st = JC_OK;

    memset(args, 0, sizeof *args);
    args->own.size = sizeof args->own;
    jc_model_params_init(&args->model);
    jc_samples_params_init(&args->samples);
    jc_self_text_params_init(&args->self);
    jc_stats_params_init(&args->stats);
    jc_fit_params_init(&args->fit);
    jc_train_params_init(&args->train);
    jc_eval_params_init(&args->eval);
    jc_convert_params_init(&args->convert);
    jc_states_params_init(&args->states);
    jc_lens_params_init(&args->lens);
    jc_generate_params_init(&args->generate);
    jc_calibrate_params_init(&args->calibrate);
    jc_tune_params_init(&args->tune);
    jc_training_size_params_init(&args->training_size);
    for (size_t i = 0; i < n && st == JC_OK; i++)
        if (!flags[i].many && flags[i].def && (flags[i].group->own || command->defaults))
            st = set(args, flags, n, i, flags[i].def, err);
    return st;
}

/* ---- getopt ---- */

/* Rows for getopt: each name once, and --no-x for what is on by default. */
static void make_options(struct option *options, const jc_flag *flags, size_t n,
                         char negated[][40])
{
    size_t k = 0;

    for (size_t i = 0; i < n; i++) {
        const jc_option *row = flags[i].row;
        if (flags[i].repeated)
            continue;
        options[k++] =
            (struct option){row->name, flags[i].value ? required_argument : no_argument,
                            NULL, SET + (int)i};
        if (row->type == JC_OPTION_BOOL && flags[i].def && flags[i].def[0] == 't') {
            snprintf(negated[i], sizeof negated[i], "no-%s", row->name);
            options[k++] = (struct option){negated[i], no_argument, NULL, UNSET + (int)i};
        }
    }
    options[k++] = (struct option){"help", no_argument, NULL, 'h'};
    options[k] = (struct option){NULL, 0, NULL, 0};
}

static jc_status bad_option(int code, char **argv, const struct option *options,
                            jc_error *err)
{
    const char *word = argv[optind - 1];
    int length = (int)strcspn(word, "=");
    char text[JC_LIKELY_TEXT];
    jc_likely likely;

    if (code == ':')
        return jc_cli_fail(err, JC_E_ARG, "'%s' wants a value", word);
    if (optopt >= SET)
        return jc_cli_fail(err, JC_E_ARG, "'%.*s' takes no value", length, word);
    if (optopt)
        return jc_cli_fail(err, JC_E_ARG, "no option is called '-%c'", optopt);
    jc_likely_begin(&likely, word + 2, (size_t)length - 2); /* after "--" */
    for (; options->name; options++)
        jc_likely_offer(&likely, options->name, strlen(options->name));
    if (likely.name)
        snprintf(text, sizeof text, "; did you mean '--%.*s'?", (int)likely.length,
                 likely.name);
    else
        text[0] = '\0';
    return jc_cli_fail(err, JC_E_ARG, "no option is called '%.*s'%s", length, word, text);
}

static jc_status take(jc_args *args, const jc_flag *flags, size_t n, int code, int argc,
                      char **argv, jc_error *err)
{
    bool on = code < UNSET;
    size_t at = (size_t)(on ? code - SET : code - UNSET);
    jc_status st;

    if (!jc_list_add(&args->given, flags[at].row->name))
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for the command line");
    if (!flags[at].value)
        return set(args, flags, n, at, on ? "true" : "false", err);
    st = set(args, flags, n, at, optarg, err);
    /* several values: what follows, up to the next option; "-" is standard input */
    while (st == JC_OK && flags[at].many && optind < argc &&
           (argv[optind][0] != '-' || !argv[optind][1]))
        st = set(args, flags, n, at, argv[optind++], err);
    return st;
}

/* The k-th name in "MODEL SHORTCUTS...". */
static jc_status missing(const jc_command *command, const jc_args *args, jc_error *err)
{
    const char *at = command->words;

    for (size_t k = 0; k < args->n_words && strchr(at, ' '); k++)
        at = strchr(at, ' ') + 1;
    return jc_cli_fail(err, JC_E_ARG, "'%s' wants %.*s%s", command->name,
                       (int)strcspn(at, " "), at,
                       args->own.text.n > 1 ? " (which comes before '--text')" : "");
}

/* A word more than the command takes: mostly a file that '--text' was to name. */
static jc_status surplus(const jc_command *command, const char *word, const jc_flag *flags,
                         size_t n, jc_error *err)
{
    bool text = false;

    for (size_t i = 0; i < n; i++)
        text |= strcmp(flags[i].row->name, "text") == 0;
    if (text && access(word, R_OK) == 0)
        return jc_cli_fail(err, JC_E_ARG,
                           "'%s' does not know what to do with '%s'; did you mean '--text "
                           "%s'?",
                           command->name, word, word);
    return jc_cli_fail(err, JC_E_ARG, "'%s' does not know what to do with '%s'",
                       command->name, word);
}

jc_status jc_args_parse(jc_args *args, const jc_command *command, int argc, char **argv,
                        jc_error *err)
{
    jc_flag flags[JC_FLAGS_MAX];
    struct option options[2 * JC_FLAGS_MAX + 2];
    char negated[JC_FLAGS_MAX][40];
    size_t n = jc_flags(command, flags);
    jc_status st = fill_defaults(args, command, flags, n, err);

    make_options(options, flags, n, negated);
    optind = 0; /* GNU: start afresh */
    opterr = 0;
    while (st == JC_OK) {
        int code = getopt_long(argc, argv, ":h", options, NULL);
        if (code == -1)
            break;
        if (code == 'h') {
            args->help = true;
            return JC_OK;
        }
        if (code == '?' || code == ':')
            return bad_option(code, argv, options, err);
        st = take(args, flags, n, code, argc, argv, err);
    }
    if (st)
        return st;
    args->word = (const char **)(void *)(argv + optind);
    args->n_words = (size_t)(argc - optind);
    if (args->n_words < command->min_words)
        return missing(command, args, err);
    if (args->n_words > command->max_words)
        return surplus(command, args->word[command->max_words], flags, n, err);
    return JC_OK;
}

void jc_args_free(jc_args *args)
{
    jc_list_free(&args->own.text);
    jc_list_free(&args->own.transfer);
    jc_list_free(&args->own.sums);
    jc_list_free(&args->own.stop);
    jc_list_free(&args->own.target);
    jc_list_free(&args->given);
}

bool jc_args_given(const jc_args *args, const char *option)
{
    for (size_t i = 0; i < args->given.n; i++)
        if (strcmp(args->given.item[i], option) == 0)
            return true;
    return false;
}
