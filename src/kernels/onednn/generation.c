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
    enum { SINGLE, NARROW, QUANTISED } kind; /* narrow ones become floats, too */
} types[] = {
    {"F32", JC_FEW_F32, SINGLE},          {"F16", JC_FEW_F16, NARROW},
    {"BF16", JC_FEW_BF16, NARROW},        {"Q8_0", JC_FEW_Q8_0, QUANTISED},
    {"Q4_0", JC_FEW_Q4_0, QUANTISED},     {"Q4_1", JC_FEW_Q4_1, QUANTISED},
    {"Q5_0", JC_FEW_Q5_0, QUANTISED},     {"Q5_1", JC_FEW_Q5_1, QUANTISED},
    {"Q4_K", JC_FEW_Q4_K, QUANTISED},     {"Q5_K", JC_FEW_Q5_K, QUANTISED},
    {"Q6_K", JC_FEW_Q6_K, QUANTISED},     {"Q2_K", JC_FEW_Q2_K, QUANTISED},
    {"Q3_K", JC_FEW_Q3_K, QUANTISED},     {"IQ4_NL", JC_FEW_IQ4_NL, QUANTISED},
    {"IQ4_XS", JC_FEW_IQ4_XS, QUANTISED}, {"MXFP4", JC_FEW_MXFP4, QUANTISED},
    {"Q4_Z", JC_FEW_Q4_Z, QUANTISED},     {"Q8_Z", JC_FEW_Q8_Z, QUANTISED},
    {"F8_S", JC_FEW_F8_S, NARROW},
};

/* The row of `types`, or their number. */
static size_t find_type(const jc_stored *stored)
{
    size_t t = 0;

    while (t < JC_COUNT(types) && strcmp(types[t].name, stored->type) != 0)
        t++;
    return t;
}

jc_status jc_generation_init(jc_generation *g, const jc_linear_spec *spec, jc_error *err)
{
    for (size_t p = 0; p < spec->n_stored; p++)
        if (find_type(&spec->stored[p]) == JC_COUNT(types) && !spec->stored[p].read)
            return JC_OK; /* the packed weight is used */
    if (spec->n_stored == 0)
        return JC_OK;
    g->n = spec->n_stored;
    g->stored = jc_alloc_array(g->n, sizeof *g->stored);
    g->parts = jc_alloc_array(g->n, sizeof *g->parts);
    if (!g->stored || !g->parts)
        return jc_fail_nomem(err, "a linear layer");
    memcpy(g->stored, spec->stored, g->n * sizeof *g->stored);
    g->in_out = spec->weight.in_out;
    g->has_bias = spec->bias;
    g->expert = spec->expert;
    g->lock_ready = pthread_mutex_init(&g->lock, NULL) == 0;
    return g->lock_ready ? JC_OK : jc_fail_nomem(err, "a lock");
}

bool jc_generation_serves(const jc_generation *g, jc_plan plan)
{
    bool prompts = plan == JC_PLAN_PROMPT;

    for (size_t p = 0; prompts && p < g->n; p++) {
        size_t t = find_type(&g->stored[p]);
        prompts = t < JC_COUNT(types) && types[t].kind >= (g->expert ? NARROW : QUANTISED);
    }
    return g->n > 0 && (prompts || plan == JC_PLAN_GENERATION);
}

/* The weights; `w` is const in parts, which only borrow elsewhere. */
static void free_few(const jc_few *w)
{
    union {
        const jc_few *w;
        jc_few *own;
    } u = {w};

    jc_few_free(u.own);
}

void jc_generation_release(jc_generation *g)
{
    for (size_t p = 0; g->parts && p < g->n; p++)
        free_few(g->parts[p].w);
    if (g->lock_ready)
        pthread_mutex_destroy(&g->lock);
    jc_free(g->parts);
    jc_free(g->stored);
}

static jc_status make(jc_generation *g, size_t n_in, const float *bias, jc_act act,
                      jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t p = 0, first = 0; p < g->n && st == JC_OK; first += g->stored[p++].n_out) {
        const jc_stored *stored = &g->stored[p];
        size_t t = find_type(stored);
        bool known = t < JC_COUNT(types);
        const jc_few_spec spec = {.type = known ? types[t].type : JC_FEW_OTHER,
                                  .n_in = n_in,
                                  .n_out = stored->n_out,
                                  .data = stored->data,
                                  .step = stored->step,
                                  .order = stored->order,
                                  .in_out = g->in_out,
                                  .bias = g->has_bias ? bias + first : NULL,
                                  .act = act,
                                  .int8 = known && types[t].kind == QUANTISED,
                                  .other = {stored->read, stored->arg, stored->from}};
        jc_few *w = NULL;
        if (!g->parts[p].w)
            st = jc_few_new(&w, &spec, err);
        if (w)
            g->parts[p] = (jc_few_part){w, 0, stored->n_out, NULL};
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
    jc_few_part *parts = jc_alloc_array(g->n, sizeof *parts);
    jc_status st = parts ? prepare(g, linear->n_in, bias, act, err)
                         : jc_fail_nomem(err, "a linear layer");

    if (st == JC_OK) {
        memcpy(parts, g->parts, g->n * sizeof *parts);
        for (size_t p = 0; p < g->n; y += parts[p++].n)
            parts[p].y = y;
        st = jc_few_run_parts(parts, g->n, x, linear->n_in, rows, add, linear->n_out, err);
    }
    jc_free(parts);
    return st;
}
