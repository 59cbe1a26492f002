/* SPDX-License-Identifier: MIT */
/*
 * gates.h: gates decide whether a token leaves the model at an exit point. A gate gives a
 * score; the token leaves where it is above a level, which grows with lambda.
 */
#ifndef JC_GATES_H
#define JC_GATES_H

#include "base/base.h"

/* The best of a row of logits. */
typedef struct jc_leader {
    uint32_t id;
    double p, gap; /* its probability, and how far the second one's is below it */
} jc_leader;

/* What a gate sees of a token at an exit point. */
typedef struct jc_gate_view {
    const float *h;      /* [width]: the state, mapped to the last layer */
    const float *before; /* [width]: the same at the exit point before; NULL at the first */
    size_t width;
    jc_leader leader; /* of its read-out, where the gate reads out */
    uint32_t run;     /* exit points in a row, this one the last, with this best token */
} jc_gate_view;

typedef struct jc_exit_gate {
    const char *name, *about;
    bool reads_out; /* it looks at logits, which cost a read-out at each exit point */
    bool compares;  /* with the exit point before, so one point alone lets no token leave */
    double lambda;  /* where none is given */
    double (*score)(const jc_gate_view *view);
    /* decay falls from 1 at the beginning of a text to 0. NULL: lambda itself */
    double (*level)(double lambda, double decay);
    /* Lambdas that a calibration tries, the safest first; false past the last. */
    bool (*grid)(size_t i, double *lambda);
} jc_exit_gate;

const jc_exit_gate *jc_gate_find(const char *name); /* NULL: there is none */
const jc_exit_gate *jc_gate_row(size_t i);          /* NULL past the last */

bool jc_gate_leaves(const jc_exit_gate *gate, const jc_gate_view *view, double lambda,
                    double decay);

/* False where a logit is not finite, or there is one only. */
bool jc_leader_of(jc_leader *top, const float *logits, size_t vocab);

/* first, first - step, ... : n of them. */
bool jc_gate_steps(size_t i, double first, double step, size_t n, double *lambda);

#endif
