/* SPDX-License-Identifier: MIT */
#include "generate/pay.h"

enum {
    TRY = 6,     /* steps with drafts before they are judged */
    PROBE = 3,   /* plain steps beside them */
    LONG = 80,   /* steps with drafts that pay, until they are judged again */
    REST = 12,   /* plain steps once they do not; doubled each time, */
    MOST = 1024, /* up to this */
    OFTEN = 12,  /* steps with drafts, where they are only measured */
    LOST = 2     /* judgements in a row that drafts lose before they rest */
};

static void begin(jc_pay *pay, bool plain, unsigned steps)
{
    pay->plain = plain;
    pay->left = steps;
}

/* Trees are no larger than pays, so a small loss is more likely chance than not. */
#define CHANCE 1.05

static bool pays(const jc_pay *pay)
{
    return pay->seconds[0] * pay->tokens[1] <= CHANCE * pay->seconds[1] * pay->tokens[0];
}

/* Older steps count half as much at each judgement, and not at all once drafts have
 * lost. */
static void fade(jc_pay *pay, double left)
{
    for (int k = 0; k < 2; k++) {
        pay->seconds[k] *= left;
        pay->tokens[k] *= left;
    }
}

static void judge(jc_pay *pay)
{
    bool lost = !pays(pay);

    pay->lost = lost ? pay->lost + 1 : 0;
    if (pay->lost < LOST || pay->measuring) {
        begin(pay, false, pay->measuring ? OFTEN : lost ? TRY : LONG);
        pay->rest = lost ? pay->rest : REST;
        fade(pay, lost ? 0 : 0.5);
        return;
    }
    pay->lost = LOST - 1; /* they have one try after the rest */
    pay->resting = true;
    begin(pay, true, pay->rest);
    pay->rest = pay->rest < MOST ? 2 * pay->rest : MOST;
}

void jc_pay_took(jc_pay *pay, double seconds, double tokens)
{
    if (!pay->begun) { /* the first step prepares weights, and tells nothing */
        pay->begun = true;
        pay->rest = REST;
        begin(pay, false, TRY);
        return;
    }
    pay->seconds[pay->plain] += seconds;
    pay->tokens[pay->plain] += tokens;
    if (--pay->left > 0)
        return;
    if (!pay->plain) {
        begin(pay, true, PROBE);
    } else if (pay->resting) {
        pay->resting = false;
        fade(pay, 0);
        begin(pay, false, TRY);
    } else {
        judge(pay);
    }
}
