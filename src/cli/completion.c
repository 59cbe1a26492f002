/* SPDX-License-Identifier: MIT */
/* completion.c: `jumpcut help --completion SHELL`: what a shell needs to complete commands,
 * options and their choices, from the same rows as --help. Words that are none of these are
 * files, which the shells complete by themselves. */
#include "cli/cli.h"

#include <string.h>

/* The name of an option as it is written: --no-x of what is on by default. */
static const char *negation(const jc_flag *flag)
{
    return !flag->value && flag->def && flag->def[0] == 't' ? "no-" : "";
}

/* The choices of an option with spaces between; false where it has none. */
static bool choices_of(const jc_flag *flag, char *words, size_t size)
{
    const char *choices = flag->row->choices;

    if (!flag->value || !choices)
        return false;
    snprintf(words, size, "%s", choices);
    for (char *at = words; *at; at++)
        if (*at == '|')
            *at = ' ';
    return true;
}

static void command_names(FILE *f)
{
    for (size_t i = 0; jc_command_at(i); i++)
        fprintf(f, " %s", jc_command_at(i)->name);
}

/* ---- bash ---- */

static void bash_command(FILE *f, const jc_command *command)
{
    jc_flag flags[JC_FLAGS_MAX];
    size_t n = jc_flags(command, flags);
    char words[600];

    for (size_t i = 0; i < n; i++)
        if (!flags[i].repeated && choices_of(&flags[i], words, sizeof words))
            fprintf(f, "    '%s --%s') words='%s' ;;\n", command->name, flags[i].row->name,
                    words);
    fprintf(f, "    '%s '*) options='", command->name);
    for (size_t i = 0; i < n; i++)
        if (!flags[i].repeated)
            fprintf(f, "--%s%s ", negation(&flags[i]), flags[i].row->name);
    fputs("--help' ;;\n", f);
}

static void bash(FILE *f)
{
    fputs("# bash completion for jumpcut, made by 'jumpcut help --completion bash'\n"
          "_jumpcut()\n{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} options='' words=''\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "        COMPREPLY=($(compgen -W '",
          f);
    command_names(f);
    fputs("' -- \"$word\"))\n        return\n    fi\n"
          "    case \"${COMP_WORDS[1]} ${COMP_WORDS[COMP_CWORD - 1]}\" in\n",
          f);
    for (size_t i = 0; jc_command_at(i); i++)
        bash_command(f, jc_command_at(i));
    fputs("    esac\n"
          "    if [ -n \"$words\" ]; then\n"
          "        COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
          "    elif [ \"${word#-}\" != \"$word\" ]; then\n"
          "        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
          "    fi\n}\n"
          "complete -o default -F _jumpcut jumpcut\n",
          f);
}

/* ---- zsh and fish: with the help of each ---- */

/* Text between single quotes, with the characters of `special` after a backslash. */
static void quoted(FILE *f, const char *text, const char *special)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\'", f);
        else if (strchr(special, *text))
            fputc('\\', f);
        fputc(*text, f);
    }
}

static void zsh_option(FILE *f, const jc_flag *flag)
{
    char words[600];

    fprintf(f, " \\\n            '%s--%s%s[", flag->many ? "*" : "", negation(flag),
            flag->row->name);
    quoted(f, flag->row->help, "[]:\\");
    fputc(']', f);
    if (choices_of(flag, words, sizeof words))
        fprintf(f, ":%s:(%s)", flag->row->name, words);
    else if (flag->value && flag->row->type == JC_OPTION_TEXT)
        fprintf(f, ":%s:_files", flag->row->name);
    else if (flag->value)
        fprintf(f, ":%s:", flag->row->name);
    fputc('\'', f);
}

static void zsh(FILE *f)
{
    fputs("#compdef jumpcut\n"
          "# zsh completion for jumpcut, made by 'jumpcut help --completion zsh'\n"
          "_jumpcut()\n{\n"
          "    local -a commands\n    commands=(\n",
          f);
    for (size_t i = 0; jc_command_at(i); i++) {
        fprintf(f, "        '%s:", jc_command_at(i)->name);
        quoted(f, jc_command_at(i)->summary, "");
        fputs("'\n", f);
    }
    fputs("    )\n"
          "    if (( CURRENT == 2 )); then\n"
          "        _describe command commands\n        return\n    fi\n"
          "    local command=$words[2]\n"
          "    shift words\n    (( CURRENT-- ))\n"
          "    case $command in\n",
          f);
    for (size_t i = 0; jc_command_at(i); i++) {
        jc_flag flags[JC_FLAGS_MAX];
        size_t n = jc_flags(jc_command_at(i), flags);

        fprintf(f, "    %s)\n        _arguments", jc_command_at(i)->name);
        for (size_t k = 0; k < n; k++)
            if (!flags[k].repeated)
                zsh_option(f, &flags[k]);
        fputs(" \\\n            '--help[teach the command]' '*:file:_files' ;;\n", f);
    }
    fputs("    esac\n}\n_jumpcut \"$@\"\n", f);
}

static void fish_option(FILE *f, const char *command, const jc_flag *flag)
{
    char words[600];

    fprintf(f, "complete -c jumpcut -n '__fish_seen_subcommand_from %s' -l %s%s -d '",
            command, negation(flag), flag->row->name);
    quoted(f, flag->row->help, "");
    fputc('\'', f);
    if (choices_of(flag, words, sizeof words))
        fprintf(f, " -x -a '%s'", words);
    else if (flag->value)
        fputs(flag->row->type == JC_OPTION_TEXT ? " -r" : " -x", f);
    fputc('\n', f);
}

static void fish(FILE *f)
{
    fputs("# fish completion for jumpcut, made by 'jumpcut help --completion fish'\n", f);
    for (size_t i = 0; jc_command_at(i); i++) {
        fprintf(f, "complete -c jumpcut -n __fish_use_subcommand -x -a %s -d '",
                jc_command_at(i)->name);
        quoted(f, jc_command_at(i)->summary, "");
        fputs("'\n", f);
    }
    for (size_t i = 0; jc_command_at(i); i++) {
        jc_flag flags[JC_FLAGS_MAX];
        size_t n = jc_flags(jc_command_at(i), flags);

        for (size_t k = 0; k < n; k++)
            if (!flags[k].repeated)
                fish_option(f, jc_command_at(i)->name, &flags[k]);
    }
}

#define SHELLS(X)                                                                          \
    X(bash)                                                                                \
    X(zsh)                                                                                 \
    X(fish)

#define JC_X(name) "|" #name
const char jc_completion_choices[] = SHELLS(JC_X);
#undef JC_X

void jc_completion(FILE *f, const char *shell)
{
#define JC_X(name)                                                                         \
    if (strcmp(shell, #name) == 0)                                                         \
        name(f);
    SHELLS(JC_X)
#undef JC_X
}
