/* SPDX-License-Identifier: MIT */
/* signals.c: a signal sets a flag that the progress hook sees, so that work stops where it
 * can clean up after itself. */
#include "cli/ui.h"

#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    if (stopped)
        _exit(128 + number);
    stopped = number;
}

void jc_signals_catch(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {0}, before;

    /* no SA_RESTART: a read that waits for a terminal must come back */
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
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
