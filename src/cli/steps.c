/* SPDX-License-Identifier: MIT */
/*
 * steps.c: "step 3 of 7, scoring, 41%, 2:10 left (11:30 in all)" of commands that say their
 * steps beforehand. A thread looks at them four times a second, so that something is
 * seen also while no progress is reported, as in a long solve: on a terminal the line is
 * drawn anew each time; elsewhere it is printed within two seconds, and then at each tenth
 * of the time in all.
 */
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/base.h"
#include "cli/ui.h"

static const double FIRST = 1.5; /* seconds; a shorter command says nothing */
enum { TICK = 250 };             /* milliseconds */

/* "2:10", "1:02:10". */
static void clock_text(char text[32], double seconds)
{
    unsigned long s = seconds < 1e8 ? (unsigned long)(seconds + 0.5) : 100000000UL;

    if (s >= 3600)
        snprintf(text, 32, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(text, 32, "%lu:%02lu", s / 60, s % 60);
}

static void describe(const jc_ui *ui, double t, double total, char text[256])
{
    const jc_steps *steps = &ui->steps;
    char left[32], all[32], time[80] = "";

    if (total > 0) {
        double rest = total - (t - steps->start);
        clock_text(left, rest > 0 ? rest : 0);
        clock_text(all, total);
        snprintf(time, sizeof time, ", %s left (%s in all)", left, all);
    }
    snprintf(text, 256, "step %zu of %zu, %s, %.0f%%%s", steps->now + 1, steps->n,
             steps->said, 100 * steps->part, time);
}

/* The lock is held. */
static void look(jc_ui *ui)
{
    double t = jc_seconds(), since = t - ui->steps.start;
    char text[256];

    if (!ui->steps.begun || ui->hidden || since < (ui->terminal ? 0.3 : FIRST))
        return;
    double total = jc_steps_total(&ui->steps, t);
    describe(ui, t, total, text);
    if (ui->terminal) {
        fprintf(stderr, "\r%.*s\033[K", jc_ui_columns() - 1, text);
        fflush(stderr);
        ui->drawn = true;
        return;
    }
    unsigned tenths = total > since ? (unsigned)(10 * since / total) : 0;
    if (tenths < ui->tenths)
        return;
    fprintf(stderr, "jumpcut: %s\n", text);
    ui->tenths = tenths + 1;
}

static void *tick(void *arg)
{
    jc_ui *ui = arg;
    struct timespec next;

    pthread_mutex_lock(&ui->lock);
    while (!ui->ending) {
        look(ui);
        clock_gettime(CLOCK_REALTIME, &next);
        next.tv_nsec += 1000000L * TICK;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&ui->ended, &ui->lock, &next);
    }
    pthread_mutex_unlock(&ui->lock);
    return NULL;
}

/* Signals are for the thread that works. Without a ticker reports are shown as they come.
 */
static void start(jc_ui *ui)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ui->ticking = pthread_create(&ui->ticker, NULL, tick, ui) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void jc_ui_plan(jc_ui *ui, const jc_ui_step *steps, size_t n)
{
    if (ui->still)
        return;
    pthread_mutex_lock(&ui->lock);
    for (size_t i = 0; i < n; i++) /* of steps that have begun only weights change */
        jc_steps_add(&ui->steps, steps[i].name, steps[i].weight);
    pthread_mutex_unlock(&ui->lock);
    if (ui->steps.n && !ui->ticking)
        start(ui);
}

void jc_ui_enter(jc_ui *ui, const char *step)
{
    pthread_mutex_lock(&ui->lock);
    if (ui->steps.n && jc_steps_enter(&ui->steps, step, jc_seconds()))
        ui->hidden = false;
    pthread_mutex_unlock(&ui->lock);
}

void jc_ui_share(jc_ui *ui, double from, double to)
{
    pthread_mutex_lock(&ui->lock);
    jc_steps_share(&ui->steps, from, to);
    pthread_mutex_unlock(&ui->lock);
}

void jc_ui_reported(jc_ui *ui, const jc_progress *p)
{
    double part = p->total ? (double)p->done / (double)p->total : 0;

    pthread_mutex_lock(&ui->lock);
    jc_steps_report(&ui->steps, p->stage, part, jc_seconds());
    ui->hidden = false;
    if (!ui->ticking)
        look(ui);
    pthread_mutex_unlock(&ui->lock);
}

void jc_ui_end(jc_ui *ui)
{
    if (!ui->ticking)
        return;
    pthread_mutex_lock(&ui->lock);
    jc_ui_wipe(ui);
    ui->ending = true;
    pthread_cond_signal(&ui->ended);
    pthread_mutex_unlock(&ui->lock);
    pthread_join(ui->ticker, NULL);
    ui->ticking = false;
}
