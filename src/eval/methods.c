/* SPDX-License-Identifier: MIT */
/* methods.c: the methods that an evaluation compares, their maps packed for products. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "eval/run.h"
#include "shortcut/shortcut.h"

bool jc_eval_has(const jc_eval_run *run, size_t method, uint32_t from, uint32_t to)
{
    const jc_eval_method *m = &run->methods[method];

    return from == to || !m->shortcut || jc_shortcut_find(m->shortcut, from, to);
}

static void read_weight(void *arg, size_t first, size_t n, float *out)
{
    const float *weight = arg;

    memcpy(out, weight + first, n * sizeof *out);
}

static jc_status pack_map(const jc_eval_run *run, const jc_link *link, jc_linear **out,
                          jc_error *err)
{
    size_t d = run->width;
    float *weight;

    memcpy(&weight, &link->weight, sizeof weight); /* only read */
    const jc_linear_spec spec = {.n_in = d,
                                 .n_out = d,
                                 .weight = {false, weight, read_weight},
                                 .bias = link->bias,
                                 .precision = JC_PRECISION_F32};
    jc_status st = jc_linear_new(out, jc_backend_find(run->info->backend), &spec, err);
    if (!link->own_weight)
        jc_map_release(link->weight, d * d * sizeof *weight);
    return st;
}

static jc_status pack_maps(const jc_eval_run *run, jc_eval_method *method, jc_error *err)
{
    jc_status st = JC_OK;

    for (uint32_t i = 0; i + 1 < run->taps; i++)
        if (!jc_shortcut_find(method->shortcut, i, run->taps - 1))
            return jc_fail(err, JC_E_ARG,
                           "the shortcut '%s' has no map from layer %u to the last, %u, "
                           "which scores need",
                           method->name, i, run->taps - 1);
    method->maps = jc_alloc_array((size_t)run->taps * run->taps, sizeof *method->maps);
    if (!method->maps)
        return jc_fail_nomem(err, "the maps");
    for (uint32_t i = 0; i < run->taps; i++)
        for (uint32_t j = i + 1; j < run->taps && st == JC_OK; j++) {
            const jc_link *link = jc_shortcut_find(method->shortcut, i, j);
            if (link && link->weight)
                st = pack_map(run, link, &method->maps[i * run->taps + j], err);
        }
    return st;
}

/* "mat"; a second one is "mat-2". */
static void name_method(const jc_eval_run *run, size_t n, jc_eval_method *method)
{
    const char *base = jc_shortcut_meta(method->shortcut, "method");
    size_t same = 1;

    snprintf(method->name, sizeof method->name, "%.30s", base ? base : "unnamed");
    for (size_t i = 0; i < n; i++)
        if (strcmp(run->methods[i].name, method->name) == 0) {
            same++;
            snprintf(method->name, sizeof method->name, "%.30s-%zu",
                     base ? base : "unnamed", same);
            i = (size_t)-1; /* the new name may be taken as well */
        }
}

jc_status jc_eval_methods_new(jc_eval_run *run, const jc_shortcut *const *shortcuts,
                              size_t n_shortcuts, jc_error *err)
{
    jc_status st = JC_OK;

    run->methods = jc_alloc_array(n_shortcuts + 1, sizeof *run->methods);
    if (!run->methods)
        return jc_fail_nomem(err, "the methods");
    snprintf(run->methods[0].name, sizeof run->methods[0].name, "id");
    run->n_methods = 1;
    for (size_t i = 0; i < n_shortcuts && st == JC_OK; i++) {
        const char *kind = jc_shortcut_meta(shortcuts[i], "method");
        st = jc_shortcut_check(shortcuts[i], run->model, err);
        if (st || (kind && strcmp(kind, "id") == 0))
            continue; /* the identity is there already */
        jc_eval_method *method = &run->methods[run->n_methods];
        method->shortcut = shortcuts[i];
        name_method(run, run->n_methods, method);
        run->n_methods++;
        st = pack_maps(run, method, err);
    }
    return st;
}

void jc_eval_methods_free(jc_eval_run *run)
{
    for (size_t m = 0; run->methods && m < run->n_methods; m++) {
        jc_linear **maps = run->methods[m].maps;
        for (size_t i = 0; maps && i < (size_t)run->taps * run->taps; i++)
            jc_linear_free(maps[i]);
        jc_free(maps);
    }
    jc_free(run->methods);
}

jc_status jc_eval_map(const jc_eval_run *run, size_t method, uint32_t from, uint32_t to,
                      const float *x, size_t rows, float *buffer, const float **y,
                      jc_error *err)
{
    const jc_eval_method *m = &run->methods[method];

    if (from == to || !m->shortcut) {
        *y = x;
        return JC_OK;
    }
    *y = buffer;
    return jc_linear_run(m->maps[from * run->taps + to], x, rows, buffer, err);
}
