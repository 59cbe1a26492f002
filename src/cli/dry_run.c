/* SPDX-License-Identifier: MIT */
#include "cli/dry_run.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/base.h"
#include "base/memory_free.h"

static const double COUNTING = 2; /* seconds */
/* The second batch shows the most memory; where it takes so many times as long as should be
 * measured, the first has to do. */
static const double LONG = 5;
static const double SOLVING = 6; /* matrices, about, in which a map is solved for */

static const jc_own_row rows[] = {
    {{"dry-run", JC_OPTION_BOOL, offsetof(jc_own, dry_run), 0, 0, "false", NULL,
      "say what it would take, from some seconds of it, and write nothing"},
     NULL},
};
const jc_group jc_group_dry_run = {
    .title = "Messages", .own = rows, .n_own = JC_COUNT_OF(rows)};

static jc_status check(jc_cli *cli, jc_error *err)
{
    const jc_own *own = &cli->args.own;
    bool once = own->samples && strcmp(own->samples, "-") == 0;

    for (size_t i = 0; i < own->text.n; i++)
        once |= strcmp(own->text.item[i], "-") == 0;
    return once ? jc_cli_usage(cli, err,
                               "'--dry-run' reads the texts before they are measured, so "
                               "they cannot come from standard input")
                : JC_OK;
}

static jc_status count(jc_dry *dry, jc_samples *samples, jc_error *err)
{
    double begun = jc_seconds();
    jc_progress at = {0};
    jc_sample sample;
    jc_status st = JC_OK;

    while (st == JC_OK) {
        st = jc_samples_next(samples, &sample, err);
        if (st || !sample.ids)
            return st;
        dry->texts++;
        dry->tokens += (double)sample.n_ids;
        dry->vectors += (double)sample.n_positions;
        if (jc_seconds() - begun > COUNTING || jc_signals_stopped())
            break;
    }
    jc_samples_position(samples, &at);
    double more = at.total > at.done && at.done ? (double)at.total / (double)at.done : 1;
    if (dry->cli->args.self.self_text) /* how far it has written ahead is not told */
        more = (double)dry->cli->args.self.self_text / dry->texts;
    dry->about = true;
    dry->texts *= more;
    dry->tokens *= more;
    dry->vectors *= more;
    return jc_signals_stopped() ? jc_cli_fail(err, JC_E_CANCELLED, "stopped") : st;
}

jc_status jc_dry_count(jc_dry *dry, jc_cli *cli, const jc_model *model, jc_error *err)
{
    jc_work work = {0};
    jc_status st = check(cli, err);

    *dry = (jc_dry){.cli = cli};
    if (st == JC_OK)
        st = jc_work_open(&work, cli, model, err);
    if (st == JC_OK)
        st = count(dry, work.samples, err);
    jc_work_close(&work);
    return st;
}

static bool on_progress(void *arg, const jc_progress *p)
{
    jc_dry *dry = arg;

    if (jc_signals_stopped())
        return false;
    dry->end = jc_seconds();
    if (p->total == 0)
        return true;
    bool training = strncmp(p->stage, "training", 8) == 0;
    if (training && !dry->training && dry->first >= 0) { /* another stage has begun */
        dry->before = dry->end - dry->start;
        dry->first = -1;
    }
    dry->training = training;
    dry->total = (double)p->total;
    double part = (double)p->done / dry->total, since;
    if (dry->first < 0) {
        dry->first = part;
        dry->start = dry->end;
        dry->batches = 0;
    } else {
        dry->batches += part > dry->part;
    }
    dry->part = part;
    since = dry->end - dry->start;
    dry->enough =
        since >= JC_DRY_SECONDS && dry->batches > (since < LONG * JC_DRY_SECONDS ? 1 : 0);
    return !dry->enough;
}

void jc_dry_begin(jc_dry *dry)
{
    dry->hooks = dry->cli->ui.hooks;
    dry->first = -1;
    dry->begun = dry->start = jc_seconds();
    dry->cli->ui.hooks = (jc_hooks){.progress = on_progress, .arg = dry};
}

double jc_dry_memory(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return 1024.0 * (double)usage.ru_maxrss;
}

jc_status jc_dry_end(jc_dry *dry, jc_status st)
{
    dry->cli->ui.hooks = dry->hooks;
    dry->seconds = jc_seconds() - dry->start;
    if (dry->enough)
        dry->seconds =
            (dry->end - dry->start) * (1 - dry->first) / (dry->part - dry->first);
    dry->memory = jc_dry_memory();
    return st == JC_E_CANCELLED && dry->enough && !jc_signals_stopped() ? JC_OK : st;
}

/* Bytes that this process holds now; where the system does not tell, the most so far. */
static double held_now(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    double pages = 0;

    jc_memory_trim();
    if (!f)
        return jc_dry_memory();
    bool read = fscanf(f, "%*s %lf", &pages) == 1;
    fclose(f);
    return read ? pages * (double)sysconf(_SC_PAGESIZE) : jc_dry_memory();
}

double jc_dry_solving(double width)
{
    return SOLVING * width * width * sizeof(double);
}

double jc_dry_fitting(double kept, double width)
{
    return held_now() + kept + jc_dry_solving(width);
}

static void print_step(const char *name, const jc_dry_step *step)
{
    unsigned long s = (unsigned long)(step->seconds + 0.5);
    char time[40];

    if (s >= 3600)
        snprintf(time, sizeof time, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(time, sizeof time, "%lu:%02lu", s / 60, s % 60);
    printf("%-20s %10s %8.0f MB %8.0f MB\n", name, time, step->memory / 1e6,
           step->disk / 1e6);
}

void jc_dry_print_steps(const jc_dry_step *steps, size_t n)
{
    jc_dry_step all = {.seconds = 0};

    printf("\n%-20s %10s %11s %11s\n", "step", "time", "memory", "disk");
    for (size_t i = 0; i < n; i++) {
        if (!(steps[i].seconds > 0))
            continue;
        print_step(steps[i].name, &steps[i]);
        all.seconds += steps[i].seconds;
        all.memory = steps[i].memory > all.memory ? steps[i].memory : all.memory;
        all.disk += steps[i].disk;
    }
    print_step("in all", &all);
}

void jc_dry_print(const jc_dry *dry, const jc_dry_step *steps, size_t n)
{
    const char *about = dry->about ? "about " : "";

    printf("texts    %s%.0f\ntokens   %s%.0f\nvectors  %s%.0f\n", about, dry->texts, about,
           dry->tokens, about, dry->vectors);
    jc_dry_print_steps(steps, n);
}
