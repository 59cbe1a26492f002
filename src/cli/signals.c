/* SPDX-License-Identifier: MIT */
/* signals.c: a signal sets a flag that the progress hook sees, so that work stops where it
 * can clean up after itself. */
#include "cli/ui.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;
static struct timespec first; /* when it came; only the handler uses it */

/* The second signal exits at once. One that comes with the first is the same one: a
 * terminal, a shell and programs such as timeout(1) may each pass it on. */
static void on_signal(int number)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!stopped) {
        first = now;
        stopped = number;
        return;
    }
    double passed =
        (double)(now.tv_sec - first.tv_sec) + 1e-9 * (double)(now.tv_nsec - first.tv_nsec);
    if (passed > 0.5)
        _exit(128 + number);
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
}

int jc_signals_stopped(void)
{
    return stopped;
}
