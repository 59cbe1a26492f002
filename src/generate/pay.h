/* SPDX-License-Identifier: MIT */
/* pay.h: whether drafts pay, by the clock: a few steps without drafts now and then tell
 * what a token costs plainly, and where drafts cost more they rest, longer each time. Only
 * speed depends on it. */
#ifndef JC_PAY_H
#define JC_PAY_H

#include "base/base.h"

/* Zeroed at first. */
typedef struct jc_pay {
    bool measuring; /* drafts never rest, and are judged often */
    bool begun;
    bool plain;                   /* this step is run without drafts */
    bool resting;                 /* because they did not pay */
    unsigned left, rest;          /* steps of this stretch; of the next rest */
    unsigned lost;                /* judgements in a row that drafts have lost */
    double seconds[2], tokens[2]; /* with drafts, and without; fading */
} jc_pay;

/* A step is over. */
void jc_pay_took(jc_pay *pay, double seconds, double tokens);

#endif
