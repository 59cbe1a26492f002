/* SPDX-License-Identifier: MIT */
#include "generate/pay.h"

enum {
    TRY = 6,    /* steps with drafts before they are judged */
    PROBE = 3,  /* plain steps beside them */
    LONG = 80,  /* steps with drafts that pay, until they are judged again */
    REST = 64,  /* plain steps once they do not; doubled each time, */
    MOST = 1024 /* up to this */
};

static void begin(jc_pay *pay, bool plain, unsigned steps)
{
    pay->plain = plain;
    pay->left = steps;
    pay->seconds[plain] = pay->tokens[plain] = 0;
}

static bool pays(const jc_pay *pay)
{
    return pay->seconds[0] * pay->tokens[1] <= pay->seconds[1] * pay->tokens[0];
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
        begin(pay, false, TRY);
    } else if (pays(pay)) {
        pay->rest = REST;
        begin(pay, false, LONG);
    } else {
        pay->resting = true;
        begin(pay, true, pay->rest);
        pay->rest = pay->rest < MOST ? 2 * pay->rest : MOST;
    }
}
