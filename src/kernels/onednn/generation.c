/* SPDX-License-Identifier: MIT */
/*
 * generation.c: a linear layer's weight in the generation plan: read where it lies in its
 * file, by the kernels for few rows. Made when the layer first runs in that plan.
 */
#include <string.h>

#include "kernels/few/few.h"
#include "kernels/onednn/onednn.h"

static const struct {
    const char *name;
    jc_few_type type;
    bool quantised;
} types[] = {
    {"F32", JC_FEW_F32, false},  {"F16", JC_FEW_F16, false},  {"BF16", JC_FEW_BF16, false},
    {"Q8_0", JC_FEW_Q8_0, true}, {"Q4_0", JC_FEW_Q4_0, true}, {"Q4_1", JC_FEW_Q4_1, true},
    {"Q5_0", JC_FEW_Q5_0, true}, {"Q5_1", JC_FEW_Q5_1, true}, {"Q4_K", JC_FEW_Q4_K, true},
    {"Q5_K", JC_FEW_Q5_K, true}, {"Q6_K", JC_FEW_Q6_K, true},
};

jc_status jc_generation_init(jc_generation *g, const jc_linear_spec *spec, jc_error *err)
{
    for (size_t p = 0; p < spec->n_stored; p++) {
        size_t t = 0;
        while (t < JC_COUNT(types) && strcmp(types[t].name, spec->stored[p].type) != 0)
            t++;
        if (t == JC_COUNT(types)) {
            g->n = 0; /* the packed weight is used */
            return JC_OK;
        }
        g->type[p] = t;
        g->stored[p] = spec->stored[p];
        g->n = p + 1;
    }
    if (g->n == 0)
        return JC_OK;
    g->in_out = spec->weight.in_out;
    g->lock_ready = pthread_mutex_init(&g->lock, NULL) == 0;
    return g->lock_ready ? JC_OK : jc_fail_nomem(err, "a lock");
}

void jc_generation_release(jc_generation *g)
{
    for (size_t p = 0; p < JC_STORED_PARTS; p++)
        jc_few_free(g->few[p]);
    if (g->lock_ready)
        pthread_mutex_destroy(&g->lock);
}

static jc_status make(jc_generation *g, size_t n_in, const float *bias, jc_act act,
                      jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t p = 0, first = 0; p < g->n && st == JC_OK; first += g->stored[p++].n_out) {
        const jc_few_spec spec = {.type = types[g->type[p]].type,
                                  .n_in = n_in,
                                  .n_out = g->stored[p].n_out,
                                  .data = g->stored[p].data,
                                  .in_out = g->in_out,
                                  .bias = bias + first,
                                  .act = act,
                                  .int8 = types[g->type[p]].quantised};
        if (!g->few[p])
            st = jc_few_new(&g->few[p], &spec, err);
    }
    return st;
}

/* Once, by whichever thread comes first. */
static jc_status prepare(jc_generation *g, size_t n_in, const float *bias, jc_act act,
                         jc_error *err)
{
    jc_status st = JC_OK;

    if (atomic_load_explicit(&g->ready, memory_order_acquire))
        return JC_OK;
    if (pthread_mutex_lock(&g->lock) != 0)
        return jc_fail(err, JC_E_NOMEM, "cannot take the lock of a linear layer");
    if (!atomic_load_explicit(&g->ready, memory_order_relaxed))
        st = make(g, n_in, bias, act, err);
    if (st == JC_OK)
        atomic_store_explicit(&g->ready, true, memory_order_release);
    pthread_mutex_unlock(&g->lock);
    return st;
}

jc_status jc_generation_run(jc_generation *g, const jc_linear *linear, const float *bias,
                            jc_act act, bool add, const float *x, size_t rows, float *y,
                            jc_error *err)
{
    jc_status st = prepare(g, linear->n_in, bias, act, err);

    for (size_t p = 0, first = 0; p < g->n && st == JC_OK; first += g->stored[p++].n_out)
        st = jc_few_run(g->few[p], 0, g->stored[p].n_out, x, linear->n_in, rows, add,
                        y + first, linear->n_out, err);
    return st;
}
