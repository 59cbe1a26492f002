/* SPDX-License-Identifier: MIT */
#include "base/plan.h"

#include <stdio.h>
#include <string.h>

/* Up to this part of a step its rate is that of all before it, mixed with its own. */
static const double OWN_RATE = 0.2;
/* With less than this part of all work done, its rate is not known. */
static const double KNOWN = 0.005;

/* The step of that name that is not yet past; n: none. */
static size_t find(const jc_plan *plan, const char *name)
{
    size_t i = plan->now;

    while (i < plan->n && strcmp(plan->step[i].name, name) != 0)
        i++;
    return i;
}

void jc_plan_add(jc_plan *plan, const char *name, double weight)
{
    size_t i = find(plan, name);

    if (!(weight > 0) || i == JC_PLAN_STEPS || (i == plan->n && plan->begun))
        return;
    snprintf(plan->step[i].name, JC_PLAN_NAME, "%s", name);
    plan->step[i].weight = weight;
    plan->n += i == plan->n;
}

static void begin(jc_plan *plan, size_t i, double now)
{
    if (!plan->begun)
        plan->start = now;
    for (size_t k = plan->now + plan->begun; k < i; k++)
        plan->step[k].weight = 0;
    plan->begun = true;
    plan->now = i;
    plan->entered = now;
    plan->part = plan->from = 0;
    plan->to = 1;
}

bool jc_plan_enter(jc_plan *plan, const char *name, double now)
{
    size_t i = find(plan, name);

    if (i == plan->n)
        return false;
    if (!plan->begun || i > plan->now)
        begin(plan, i, now);
    return true;
}

void jc_plan_report(jc_plan *plan, const char *name, double part, double now)
{
    if (plan->n == 0)
        return;
    if (!jc_plan_enter(plan, name, now) && !plan->begun)
        begin(plan, 0, now);
    double whole = plan->from + (plan->to - plan->from) * (part < 1 ? part : 1);
    if (whole > plan->part)
        plan->part = whole;
}

void jc_plan_share(jc_plan *plan, double from, double to)
{
    plan->from = from;
    plan->to = to;
}

double jc_plan_total(const jc_plan *plan, double now)
{
    double weight = 0, ahead = 0, elapsed = now - plan->start;

    if (!plan->begun)
        return 0;
    for (size_t i = 0; i < plan->n; i++)
        *(i < plan->now ? &weight : &ahead) += i == plan->now ? 0 : plan->step[i].weight;
    const jc_plan_step *step = &plan->step[plan->now];
    double done = weight + plan->part * step->weight;
    double all = weight + step->weight + ahead;
    if (done <= 0 || done < KNOWN * all || elapsed <= 0)
        return 0;
    double rate = elapsed / done, rest = (1 - plan->part) * step->weight * rate;
    if (plan->part > 0) {
        double own = (now - plan->entered) * (1 - plan->part) / plan->part;
        double mix = plan->part < OWN_RATE ? plan->part / OWN_RATE : 1;
        rest = mix * own + (1 - mix) * rest;
    }
    return elapsed + rest + ahead * rate;
}
