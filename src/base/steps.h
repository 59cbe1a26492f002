/* SPDX-License-Identifier: MIT */
/*
 * steps.h: the steps of long work, each with a weight, and from what was done so far the
 * time that it takes in all.
 *
 * Weights are what a step is thought to take, in any unit. What is ahead goes at the rate
 * at which weight was done so far, and the present step more and more at its own.
 */
#ifndef JC_BASE_STEPS_H
#define JC_BASE_STEPS_H

#include <stdbool.h>
#include <stddef.h>

enum { JC_MOST_STEPS = 24, JC_STEP_NAME = 48 };

typedef struct jc_timed_step {
    char name[JC_STEP_NAME]; /* what a user reads; also what progress reports call it, who
                                may say more behind a comma */
    double weight;           /* 0 once it was passed without being done */
} jc_timed_step;

/* Zeroed: none yet. Times are seconds of any one clock. */
typedef struct jc_steps {
    jc_timed_step step[JC_MOST_STEPS]; /* [n] */
    size_t n, now;
    bool begun;
    char said[2 * JC_STEP_NAME]; /* the name of the present step, with what was said more */
    double start;                /* of the first step */
    double entered;              /* of the present one */
    double part;                 /* of the present step that is done, 0 to 1 */
    double from, to;             /* what reports say now is this share of the step */
} jc_steps;

/* A step at the end, or once more the weight of one that is ahead; nothing where its weight
 * is 0, there is no room, or they have begun without it. */
void jc_steps_add(jc_steps *steps, const char *name, double weight);

/* The step of that name begins, unless it is the present one or comes before it. Those that
 * are passed over were not needed. False: it has no such step ahead. */
bool jc_steps_enter(jc_steps *steps, const char *name, double now);

/* Work reports that this part of it is done: of the present step, or of a later one that
 * has its name, which begins. Those of other names count for the present step. */
void jc_steps_report(jc_steps *steps, const char *name, double part, double now);

/* What is reported from now on is the present step from one part of it to another. */
void jc_steps_share(jc_steps *steps, double from, double to);

/* Seconds from start to end, as far as can be told; 0 while next to nothing is done. */
double jc_steps_total(const jc_steps *steps, double now);

#endif
