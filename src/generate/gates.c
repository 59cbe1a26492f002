/* SPDX-License-Identifier: MIT */
/* gates.c: the table of gates. */
#include "generate/gates.h"

#include <math.h>
#include <string.h>

#include "jumpcut/generate.h"
#include "kernels/vector.h"

/* The entries, in the order in which they are listed: jc_gate_<name> is in gate_<name>.c.
 */
#define GATES(X)                                                                           \
    X(gap)                                                                                 \
    X(calm)                                                                                \
    X(max)                                                                                 \
    X(agree)                                                                               \
    X(cosine)

#define JC_X(name) extern const jc_exit_gate jc_gate_##name;
GATES(JC_X)
#undef JC_X

#define JC_X(name) &jc_gate_##name,
static const jc_exit_gate *const table[] = {GATES(JC_X)};
#undef JC_X

const jc_exit_gate *jc_gate_row(size_t i)
{
    return i < JC_COUNT(table) ? table[i] : NULL;
}

const jc_exit_gate *jc_gate_find(const char *name)
{
    for (size_t i = 0; i < JC_COUNT(table); i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}

const char *jc_gate_name(size_t i)
{
    return i < JC_COUNT(table) ? table[i]->name : NULL;
}

const char *jc_gate_about(size_t i)
{
    return i < JC_COUNT(table) ? table[i]->about : NULL;
}

bool jc_gate_leaves(const jc_exit_gate *gate, const jc_gate_view *view, double lambda,
                    double decay)
{
    double level = gate->level ? gate->level(lambda, decay) : lambda;

    return (view->before || !gate->compares) && gate->score(view) > level;
}

bool jc_leader_of(jc_leader *leader, const float *logits, size_t vocab)
{
    const jc_vector *vector = jc_vector_get();

    if (vocab < 2 || !vector->finite(vocab, logits))
        return false;
    jc_top top = vector->top(vocab, logits);
    double sum = vector->sum_exp(vocab, logits, top.first);
    double second = exp((double)(top.second - top.first));
    *leader = (jc_leader){.id = top.index, .p = 1 / sum, .gap = (1 - second) / sum};
    return true;
}

bool jc_gate_steps(size_t i, double first, double step, size_t n, double *lambda)
{
    *lambda = first - step * (double)i;
    return i < n;
}
