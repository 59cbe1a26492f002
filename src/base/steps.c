/* SPDX-License-Identifier: MIT */
#include "base/steps.h"

#include <stdio.h>
#include <string.h>

/* Up to this part of a step its rate is that of all before it, mixed with its own. */
static const double OWN_RATE = 0.2;
/* With less than this part of all work done, its rate is not known. */
static const double KNOWN = 0.005;

static bool is_of(const jc_timed_step *step, const char *name)
{
    size_t n = strlen(step->name);

    return strncmp(step->name, name, n) == 0 && (name[n] == '\0' || name[n] == ',');
}

/* The step of that name that is not yet past; n: none. */
static size_t find(const jc_steps *steps, const char *name)
{
    size_t i = steps->now;

    while (i < steps->n && !is_of(&steps->step[i], name))
        i++;
    return i;
}

void jc_steps_add(jc_steps *steps, const char *name, double weight)
{
    size_t i = find(steps, name);

    if (!(weight > 0) || i == JC_MOST_STEPS || (i == steps->n && steps->begun))
        return;
    snprintf(steps->step[i].name, JC_STEP_NAME, "%s", name);
    steps->step[i].weight = weight;
    steps->n += i == steps->n;
}

static void begin(jc_steps *steps, size_t i, double now)
{
    if (!steps->begun)
        steps->start = now;
    for (size_t k = steps->now + steps->begun; k < i; k++)
        steps->step[k].weight = 0;
    steps->begun = true;
    steps->now = i;
    steps->entered = now;
    snprintf(steps->said, sizeof steps->said, "%s", steps->step[i].name);
    steps->part = steps->from = 0;
    steps->to = 1;
}

bool jc_steps_enter(jc_steps *steps, const char *name, double now)
{
    size_t i = find(steps, name);

    if (i == steps->n)
        return false;
    if (!steps->begun || i > steps->now)
        begin(steps, i, now);
    return true;
}

void jc_steps_report(jc_steps *steps, const char *name, double part, double now)
{
    if (steps->n == 0)
        return;
    if (!jc_steps_enter(steps, name, now) && !steps->begun)
        begin(steps, 0, now);
    if (is_of(&steps->step[steps->now], name))
        snprintf(steps->said, sizeof steps->said, "%s", name);
    double whole = steps->from + (steps->to - steps->from) * (part < 1 ? part : 1);
    if (whole > steps->part)
        steps->part = whole;
}

void jc_steps_share(jc_steps *steps, double from, double to)
{
    steps->from = from;
    steps->to = to;
}

double jc_steps_total(const jc_steps *steps, double now)
{
    double weight = 0, ahead = 0, elapsed = now - steps->start;

    if (!steps->begun)
        return 0;
    for (size_t i = 0; i < steps->n; i++)
        *(i < steps->now ? &weight : &ahead) += i == steps->now ? 0 : steps->step[i].weight;
    const jc_timed_step *step = &steps->step[steps->now];
    double done = weight + steps->part * step->weight;
    double all = weight + step->weight + ahead;
    if (done <= 0 || done < KNOWN * all || elapsed <= 0)
        return 0;
    double rate = elapsed / done, rest = (1 - steps->part) * step->weight * rate;
    if (steps->part > 0) {
        double own = (now - steps->entered) * (1 - steps->part) / steps->part;
        double mix = steps->part < OWN_RATE ? steps->part / OWN_RATE : 1;
        rest = mix * own + (1 - mix) * rest;
    }
    return elapsed + rest + ahead * rate;
}
