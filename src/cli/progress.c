/* SPDX-License-Identifier: MIT */
/*
 * progress.c: a bar with rate and time left on a terminal, a line every ten seconds
 * elsewhere, nothing when --quiet; and notes. Of commands with a plan (steps.c) the step
 * and the time in all are shown instead.
 */
#include "cli/ui.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

#define BAR_EVERY  0.1 /* seconds */
#define LINE_EVERY 10.0

int jc_ui_columns(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
        return size.ws_col;
    return 80;
}

/* "12.3 MB", "450 texts". */
static void amount(char *text, size_t size, double n, const char *unit)
{
    if (strcmp(unit, "bytes") == 0)
        snprintf(text, size, n < 1e6 ? "%.0f KB" : "%.1f MB", n < 1e6 ? n / 1e3 : n / 1e6);
    else
        snprintf(text, size, n < 10 && n != (double)(long)n ? "%.1f %s" : "%.0f %s", n,
                 unit);
}

/* ", 85 texts/s, 1:05 left": what can be said of it. */
static void speed(char *text, size_t size, const jc_ui *ui, const jc_progress *p, double t)
{
    char rate[48];
    double seconds = t - ui->start;

    text[0] = '\0';
    if (seconds < 0.5 || p->done <= ui->first)
        return;
    double per_second = (double)(p->done - ui->first) / seconds;
    amount(rate, sizeof rate, per_second, p->unit);
    if (p->total < p->done || p->total == 0) {
        snprintf(text, size, ", %s/s", rate);
        return;
    }
    long left = (long)((double)(p->total - p->done) / per_second + 0.5);
    if (left >= 3600)
        snprintf(text, size, ", %s/s, %ld:%02ld:%02ld left", rate, left / 3600,
                 left / 60 % 60, left % 60);
    else
        snprintf(text, size, ", %s/s, %ld:%02ld left", rate, left / 60, left % 60);
}

static void draw(jc_ui *ui, const jc_progress *p, double t)
{
    char bar[21] = "....................", done[48], rate[96], line[256];
    int width = jc_ui_columns();

    amount(done, sizeof done, (double)p->done, p->unit);
    speed(rate, sizeof rate, ui, p, t);
    if (p->total > 0) {
        double part = p->done < p->total ? (double)p->done / (double)p->total : 1.0;
        memset(bar, '#', (size_t)(part * (double)(sizeof bar - 1)));
        snprintf(line, sizeof line, "%-20s [%s] %3.0f%%  %s%s", p->stage, bar, 100 * part,
                 done, rate);
    } else {
        snprintf(line, sizeof line, "%-20s %s%s", p->stage, done, rate);
    }
    fprintf(stderr, "\r%.*s\033[K", width - 1, line);
    fflush(stderr);
    ui->drawn = true;
}

static void line(const jc_ui *ui, const jc_progress *p, double t)
{
    char done[48], total[64] = "", rate[96];

    amount(done, sizeof done, (double)p->done, p->unit);
    speed(rate, sizeof rate, ui, p, t);
    if (p->total > 0)
        snprintf(total, sizeof total, " (%.0f%%)",
                 100.0 * (double)p->done / (double)p->total);
    fprintf(stderr, "jumpcut: %s: %s%s%s\n", p->stage, done, total, rate);
}

static void show_stage(jc_ui *ui, const jc_progress *p)
{
    double t = jc_seconds();

    if (strncmp(ui->stage, p->stage, sizeof ui->stage - 1) != 0 || p->done < ui->first) {
        snprintf(ui->stage, sizeof ui->stage, "%s", p->stage);
        ui->start = ui->shown = t;
        ui->first = p->done;
    }
    if (t - ui->shown < (ui->terminal ? BAR_EVERY : LINE_EVERY))
        return;
    ui->shown = t;
    if (ui->terminal)
        draw(ui, p, t);
    else
        line(ui, p, t);
}

bool jc_ui_unheard(void)
{
    struct stat info;

    return ferror(stderr) && fstat(STDERR_FILENO, &info) == 0 && !S_ISCHR(info.st_mode);
}

bool jc_ui_progress(jc_ui *ui, const jc_progress *p)
{
    if (jc_signals_stopped() || jc_ui_unheard())
        return false;
    if (ui->still)
        return true;
    if (ui->steps.n)
        jc_ui_reported(ui, p);
    else
        show_stage(ui, p);
    return true;
}

static bool on_progress(void *arg, const jc_progress *progress)
{
    return jc_ui_progress(arg, progress);
}

void jc_ui_note(jc_ui *ui, const char *message)
{
    pthread_mutex_lock(&ui->lock);
    jc_ui_wipe(ui);
    fprintf(stderr, "jumpcut: note: %s\n", message);
    pthread_mutex_unlock(&ui->lock);
}

void jc_ui_remark(jc_ui *ui, const char *message)
{
    if (!ui->quiet)
        jc_ui_note(ui, message);
}

static void on_note(void *arg, const char *message)
{
    jc_ui_note(arg, message);
}

void jc_ui_wipe(jc_ui *ui)
{
    if (!ui->drawn)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    ui->drawn = false;
}

void jc_ui_clear(jc_ui *ui)
{
    pthread_mutex_lock(&ui->lock);
    jc_ui_wipe(ui);
    ui->hidden = true;
    pthread_mutex_unlock(&ui->lock);
}

void jc_ui_init(jc_ui *ui, bool quiet)
{
    const char *term = getenv("TERM"), *chosen = getenv("JUMPCUT_PROGRESS");

    memset(ui, 0, sizeof *ui);
    ui->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    ui->ended = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    ui->quiet = quiet;
    ui->still = quiet || (chosen && chosen[0] == '0');
    ui->terminal = isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0);
    ui->hooks = (jc_hooks){.progress = on_progress, .note = on_note, .arg = ui};
}
