/* SPDX-License-Identifier: MIT */
/* main.c: find the command, parse its options, run it, say how it went. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/kinds.h"
#include "cli/output.h"
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

    jc_ui_clear(&cli->ui);
    if (st == JC_OK)
        return 0;
    if (number) {
        fputs("jumpcut: stopped\n", stderr);
        return 128 + number;
    }
    if (cli->wrong_usage) {
        fprintf(stderr, "jumpcut: %s%s 'jumpcut %s --help'\n", err->message,
                see_after(err->message), cli->command->name);
        return 2;
    }
    fprintf(stderr, "jumpcut: error: %s\n",
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

static int run(const jc_command *command, int argc, char **argv)
{
    jc_cli cli = {.command = command};
    jc_error err = {0};
    jc_status st = keep(&cli, argc, argv, &err);

    if (st == JC_OK)
        st = jc_args_parse(&cli.args, command, argc, argv, &err);
    if (st) {
        cli.wrong_usage = st == JC_E_ARG;
        goto done;
    }
    jc_ui_init(&cli.ui, cli.args.own.quiet);
    cli.args.self.seed = cli.args.eval.seed = cli.args.samples.seed;
    cli.args.training_size.seed = cli.args.samples.seed;
    if (cli.args.eval.paper && !jc_args_given(&cli.args, "positions"))
        cli.args.samples.positions = "one";
    cli.args.samples.hooks = cli.args.stats.hooks = &cli.ui.hooks;
    cli.args.fit.hooks = cli.args.eval.hooks = &cli.ui.hooks;
    cli.args.states.hooks = cli.args.lens.hooks = &cli.ui.hooks;
    cli.args.training_size.hooks = &cli.ui.hooks;
    if (cli.args.help) {
        jc_help_command(stdout, command);
    } else {
        st = jc_work_demo(&cli, &err);
        if (st == JC_OK)
            st = jc_kinds_check(&cli, &err);
        if (st == JC_OK)
            st = command->run(&cli, &err);
    }
    if (st == JC_OK)
        st = jc_output_flush(&err);
done:
    jc_args_free(&cli.args);
    free((void *)cli.said);
    free(cli.demo);
    return finish(&cli, st, &err);
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
