/* SPDX-License-Identifier: MIT */
#include "eval/schedule.h"

#include <math.h>
#include <string.h>

void jc_schedule_alternate(jc_schedule *schedule, uint32_t layers, uint32_t run,
                           uint32_t jump)
{
    schedule->n = 0;
    for (uint32_t at = run; at + jump <= layers; at += run + jump)
        schedule->jumps[schedule->n++] = (jc_jump){at, at + jump};
    schedule->blocks = layers / (run + jump) * run;
    schedule->product = NAN;
}

void jc_schedule_rate(jc_schedule *schedule, const float *r2, uint32_t layers)
{
    schedule->product = 1;
    for (size_t i = 0; i < schedule->n; i++) {
        const jc_jump *jump = &schedule->jumps[i];
        schedule->product *= (double)r2[jump->from * ((size_t)layers + 1) + jump->to];
    }
}

/* To be at a layer with so many blocks run. */
typedef struct state {
    double sum;    /* of ln R2, the largest; -HUGE_VAL: cannot be */
    uint32_t from; /* the layer before */
    bool jumped;   /* how that one was reached */
} state;

/* After a block was run, or at the beginning; and after a jump, which another never
 * follows: one jump over both is at least as good. */
typedef struct place {
    state run, jump;
} place;

/* table [layers + 1, blocks + 1] */
static void fill(place *table, const float *r2, uint32_t layers, uint32_t blocks)
{
    const state never = {-HUGE_VAL, 0, false};
    size_t width = (size_t)blocks + 1, taps = (size_t)layers + 1;

    for (size_t i = 0; i < taps * width; i++)
        table[i] = (place){never, never};
    table[0].run.sum = 0;
    for (uint32_t l = 1; l <= layers; l++)
        for (uint32_t k = 0; k <= blocks; k++) {
            place *p = &table[l * width + k];
            if (k > 0) {
                const place *before = &table[(l - 1) * width + k - 1];
                bool jumped = before->jump.sum > before->run.sum;
                p->run =
                    (state){jumped ? before->jump.sum : before->run.sum, l - 1, jumped};
            }
            for (uint32_t from = 0; from < l; from++) {
                double r = (double)r2[from * taps + l];
                double sum = r > 0 ? table[from * width + k].run.sum + log(r) : -HUGE_VAL;
                if (sum > p->jump.sum)
                    p->jump = (state){sum, from, false};
            }
        }
}

jc_status jc_schedule_best(jc_schedule *schedule, bool *found, const float *r2,
                           uint32_t layers, uint32_t blocks, jc_error *err)
{
    size_t width = (size_t)blocks + 1;
    place *table = jc_matrix_new((size_t)layers + 1, width, sizeof *table);

    if (!table)
        return jc_fail_nomem(err, "a schedule");
    fill(table, r2, layers, blocks);
    const place *end = &table[layers * width + blocks];
    bool jumped = end->jump.sum > end->run.sum;
    *found = isfinite(jumped ? end->jump.sum : end->run.sum);
    schedule->n = 0;
    schedule->blocks = blocks;
    for (uint32_t l = layers, k = blocks; *found && l > 0;) {
        const place *p = &table[l * width + k];
        const state *s = jumped ? &p->jump : &p->run;
        if (jumped)
            schedule->jumps[schedule->n++] = (jc_jump){s->from, l};
        else
            k--;
        jumped = s->jumped;
        l = s->from;
    }
    for (size_t i = 0; i < schedule->n / 2; i++) { /* they were found from the end */
        jc_jump jump = schedule->jumps[i];
        schedule->jumps[i] = schedule->jumps[schedule->n - 1 - i];
        schedule->jumps[schedule->n - 1 - i] = jump;
    }
    jc_schedule_rate(schedule, r2, layers);
    jc_free(table);
    return JC_OK;
}
