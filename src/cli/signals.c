/* SPDX-License-Identifier: MIT */
/*
 * signals.c: a signal sets a flag that the progress hook sees, so that work stops where it
 * can clean up after itself. Work that does not look for GRACE, such as a factorization of
 * a wide model, is ended by the handler, and so is cleaning up that takes longer than
 * PATIENCE: all files are written under temporary names, so there is nothing to lose but
 * those.
 */
#define _GNU_SOURCE /* the registers at a fault, _Fork() */
#include "cli/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/held.h"
#include "base/spill.h"

enum { GRACE = 500, PATIENCE = 900, TICK = 100 }; /* milliseconds */

static volatile sig_atomic_t stopped;
static volatile sig_atomic_t noticed;   /* whoever asked was told to stop, and cleans up */
static volatile sig_atomic_t keeping;   /* and what it has is written to a file */
static volatile sig_atomic_t line_open; /* on standard output */
static bool bars;             /* standard error is a terminal, on which a bar may stand */
static struct timespec first; /* when it came; only the handler uses it */

static double since_first(struct timespec now)
{
    return (double)(now.tv_sec - first.tv_sec) +
           1e-9 * (double)(now.tv_nsec - first.tv_nsec);
}

/* End at once. The kernel takes seconds to free large files, and a process is not gone
 * before: a child is left with them, which ends when this one has. */
static void leave(void)
{
    const struct timespec moment = {0, 10000000};
    pid_t parent = getpid();

    if (jc_spill_any() && _Fork() == 0) {
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
            close(fd); /* a pipe ends with the parent */
        while (getppid() == parent)
            nanosleep(&moment, NULL);
        _exit(0);
    }
    _exit(128 + stopped);
}

/* The second signal exits at once. One that comes with the first is the same one: a
 * terminal, a shell and programs such as timeout(1) may each pass it on. */
static void on_signal(int number)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!stopped) {
        first = now;
        stopped = number;
        const struct itimerval timer = {{0, 1000L * TICK}, {0, 1000L * GRACE}};
        setitimer(ITIMER_REAL, &timer, NULL);
        return;
    }
    if (since_first(now) > 0.5) {
        jc_held_remove();
        leave();
    }
}

static void say(const char *text)
{
    size_t n = strlen(text);

    if (write(STDERR_FILENO, text, n) < 0)
        return; /* nobody listens */
}

/* Time is up; or who was told to stop has a moment more, and a read that began just after
 * the signal is interrupted. */
static void on_alarm(int number)
{
    struct timespec now;

    (void)number;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (noticed && (keeping || since_first(now) < 1e-3 * PATIENCE))
        return;
    jc_held_remove();
    if (line_open && write(STDOUT_FILENO, "\n", 1) < 0)
        _exit(128 + stopped);
    say(bars ? "\r\033[Kjumpcut: stopped\n" : "jumpcut: stopped\n");
    leave();
}

/* A file that is mapped ends before its mapping does: another program has cut it short. */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
    const char *path = jc_held_at(info->si_addr);

    (void)context;
    jc_held_remove();
    if (!path) {
        signal(number, SIG_DFL); /* a fault of this program: let it be seen */
        return;
    }
    say("jumpcut: error: cannot read '");
    say(path);
    say("': another program has cut it short, or the disk fails\n");
    _exit(1);
}

/* A library gave up, which it does when memory is short. */
static void on_abort(int number)
{
    (void)number;
    jc_held_remove();
    say("jumpcut: error: a library gave up; is memory short?\n");
    _exit(1);
}

/* Whether the instruction that failed is one of the program itself; true where nobody
 * knows. The linker names the bounds of its code. */
static bool in_program(const ucontext_t *at)
{
    extern const char __executable_start[], etext[];
#if defined(__x86_64__)
    uintptr_t pc = (uintptr_t)at->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    uintptr_t pc = (uintptr_t)at->uc_mcontext.pc;
#else
    uintptr_t pc = (uintptr_t)etext - 1;
    (void)at;
#endif
    return pc >= (uintptr_t)__executable_start && pc < (uintptr_t)etext;
}

/* oneDNN does not look whether some of its allocations succeed, and writes a few bytes
 * behind NULL. Other faults are faults of this program: let them be seen. */
static void on_fault(int number, siginfo_t *info, void *context)
{
    if ((uintptr_t)info->si_addr < 4096 && !in_program(context))
        on_abort(number);
    signal(number, SIG_DFL);
}

void jc_signals_catch(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    static unsigned char stack[64 << 10];
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {0}, before;

    /* A stack of its own: products of oneDNN keep data below the stack pointer, where the
     * frame of a handler would lie. (Linux gives the signals of a process to its main
     * thread where it can.) No SA_RESTART: a read that waits for a terminal must come
     * back. */
    if (sigaltstack(&alternate, NULL) == 0)
        action.sa_flags = SA_ONSTACK;
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(&action.sa_mask, numbers[i]); /* one at a time */
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN)
            continue; /* started by nohup, or in the background */
        sigaction(numbers[i], &action, NULL);
    }
    bars = isatty(STDERR_FILENO);
    action.sa_handler = on_alarm;
    sigaction(SIGALRM, &action, NULL);
    action.sa_handler = on_abort;
    sigaction(SIGABRT, &action, NULL);
    action.sa_flags |= SA_SIGINFO;
    action.sa_sigaction = on_bus_error;
    sigaction(SIGBUS, &action, NULL);
    action.sa_sigaction = on_fault;
    sigaction(SIGSEGV, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* writing fails instead, as it does on a full disk */
    signal(SIGXFSZ, SIG_IGN);
}

void jc_signals_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            /* the lowest that is free is this one; reading or writing it fails, as it would
             */
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

void jc_signals_keep(bool keep)
{
    keeping = keep;
}

void jc_signals_line(bool open)
{
    line_open = open;
}

int jc_signals_stopped(void)
{
    noticed = stopped != 0;
    return stopped;
}
