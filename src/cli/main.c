/* SPDX-License-Identifier: MIT */
/* main.c: find the command, parse its options, run it, say how it went. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/cli.h"
#include "cli/kinds.h"
#include "cli/output.h"
#include "cli/team.h"
#include "cli/work.h"

static JC_PRINTF(3, 0) jc_status
    failv(jc_error *err, jc_status status, const char *fmt, va_list ap)
{
    if (err) {
        err->status = status;
        vsnprintf(err->message, sizeof err->message, fmt, ap);
    }
    return status;
}

jc_status jc_cli_fail(jc_error *err, jc_status status, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    failv(err, status, fmt, ap);
    va_end(ap);
    return status;
}

jc_status jc_cli_usage(jc_cli *cli, jc_error *err, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    failv(err, JC_E_ARG, fmt, ap);
    va_end(ap);
    cli->wrong_usage = true;
    return JC_E_ARG;
}

/* What stands between a message, which may end with a question, and where to look. */
static const char *see_after(const char *message)
{
    size_t n = strlen(message);

    return n && message[n - 1] == '?' ? " See" : "; see";
}

/* The exit status, after saying what went wrong. */
static int finish(jc_cli *cli, jc_status st, const jc_error *err)
{
    int number = jc_signals_stopped();
    const char *voice = jc_team_voice();

    jc_ui_end(&cli->ui);
    jc_ui_clear(&cli->ui);
    if (st == JC_OK)
        return jc_ui_unheard() ? 1 : 0;
    if (number) {
        fprintf(stderr, "jumpcut: %sstopped\n", voice ? voice : "");
        return 128 + number;
    }
    if (cli->wrong_usage) {
        if (voice)
            fprintf(stderr, "jumpcut: %s%s%s 'jumpcut %s --help'\n", voice, err->message,
                    see_after(err->message), cli->command->name);
        return 2;
    }
    if (voice)
        fprintf(stderr, "jumpcut: error: %s%s\n", voice,
                err->message[0] ? err->message : jc_status_text(st));
    return 1;
}

/* For results: reading the options sorts argv. */
static jc_status keep(jc_cli *cli, int argc, char **argv, jc_error *err)
{
    cli->n_said = (size_t)argc;
    cli->said = (const char **)calloc(cli->n_said, sizeof *cli->said);
    if (!cli->said)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for the command line");
    memcpy((void *)cli->said, argv, cli->n_said * sizeof *cli->said);
    return JC_OK;
}

/* What the user sees comes from the rank that leads. */
static jc_status check_team(jc_cli *cli, jc_error *err)
{
    const jc_team *team = jc_team_get();

    if (team->ranks == 1)
        return JC_OK;
    if (team->rank > 0) {
        cli->ui.quiet = cli->ui.still = true;
        cli->ui.hooks.note = NULL;
    }
    if (strcmp(cli->command->name, "fit") != 0 && strcmp(cli->command->name, "eval") != 0)
        return jc_cli_usage(cli, err,
                            "'%s' does not share its work among ranks: run it on one",
                            cli->command->name);
    return JC_OK;
}

static jc_status prepare(jc_cli *cli, int argc, char **argv, jc_error *err)
{
    jc_args *args = &cli->args;
    jc_status st = keep(cli, argc, argv, err);

    if (st)
        return st;
    st = jc_args_parse(args, cli->command, argc, argv, err);
    if (st) {
        cli->wrong_usage = st == JC_E_ARG;
        return st;
    }
    jc_ui_init(&cli->ui, args->own.quiet);
    args->self.seed = args->eval.seed = args->samples.seed;
    args->training_size.seed = args->samples.seed;
    if (args->eval.paper && !jc_args_given(args, "positions"))
        args->samples.positions = "one";
    args->samples.hooks = args->stats.hooks = &cli->ui.hooks;
    args->fit.hooks = args->eval.hooks = &cli->ui.hooks;
    args->states.hooks = args->lens.hooks = &cli->ui.hooks;
    args->training_size.hooks = args->tune.hooks = args->calibrate.hooks = &cli->ui.hooks;
    st = check_team(cli, err);
    if (args->help || st)
        return st;
    st = jc_work_demo(cli, err);
    return st ? st : jc_kinds_check(cli, err);
}

static int run(const jc_command *command, int argc, char **argv)
{
    jc_cli cli = {.command = command};
    jc_error err = {0};

    jc_team_begin();
    jc_status st = jc_team_agree(prepare(&cli, argc, argv, &err), &err);
    if (st == JC_OK && !cli.args.help)
        st = command->run(&cli, &err);
    else if (st == JC_OK && jc_team_get()->rank == 0)
        jc_help_command(stdout, command);
    if (st == JC_OK)
        st = jc_output_flush(&err);
    jc_args_free(&cli.args);
    free((void *)cli.said);
    free(cli.demo);
    return jc_team_end(finish(&cli, st, &err));
}

/* OpenMP's threads spin while they wait for each other, which wastes a processor that
 * others want too, and reads how to wait from the environment when the program is loaded.
 * So, where the user has not chosen, load it again with the choice made. */
static void wait_without_spinning(char **argv)
{
    if (!getenv("OMP_WAIT_POLICY") && setenv("OMP_WAIT_POLICY", "passive", 0) == 0)
        execv("/proc/self/exe", argv); /* if that fails: as it was loaded */
}

/* The least limit on the addresses of the process (ulimit -v): below it the linear
 * algebra's own start-up, which comes before main(), waits for memory for ever. */
#define LEAST_ADDRESSES ((rlim_t)768 << 20)

static void check_limit(void)
{
    static const char said[] = "jumpcut: error: the limit on memory ('ulimit -v') is below "
                               "the 786432 KiB that the linear algebra needs\n";
    struct rlimit limit;

    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur >= LEAST_ADDRESSES)
        return;
    if (write(STDERR_FILENO, said, sizeof said - 1) < 0)
        _exit(1); /* nobody listens */
    _exit(1);
}

/* What the loader calls before the shared libraries begin. */
__attribute__((section(".preinit_array"),
               used)) static void (*const before_all)(void) = check_limit;

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    jc_signals_descriptors();
    wait_without_spinning(argv);
    jc_signals_catch();
    json_set_alloc_funcs(jc_alloc_json, jc_free);
    if (argc < 2) {
        jc_help_overview(stderr);
        return 2;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    else if (strcmp(name, "--version") == 0)
        name = "version";
    const jc_command *command = jc_command_find(name);
    if (!command) {
        char text[480];
        jc_command_unknown(name, text, sizeof text);
        fprintf(stderr, "jumpcut: %s%s 'jumpcut help'\n", text, see_after(text));
        return 2;
    }
    return run(command, argc - 1, argv + 1);
}
