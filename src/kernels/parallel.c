/* SPDX-License-Identifier: MIT */
/* parallel.c: the one pool of threads, OpenMP's, shared with oneDNN and OpenBLAS. */
#include "kernels/kernels.h"

#include <omp.h>

#define ASK_SECONDS 0.2

uint32_t jc_threads_enter(uint32_t n)
{
    uint32_t before = jc_threads_max();

    omp_set_num_threads(n ? (int)n : omp_get_num_procs());
    return before;
}

void jc_threads_leave(const uint32_t *before)
{
    omp_set_num_threads((int)*before);
}

uint32_t jc_threads_max(void)
{
    return (uint32_t)omp_get_max_threads();
}

/* Of the thread that called the library: the others have none. */
static _Thread_local struct {
    const jc_hooks *hooks; /* NULL: nobody is asked */
    jc_progress progress;
    double asked;
} watch;

void jc_watch(const jc_hooks *hooks, const jc_progress *progress)
{
    watch.hooks = hooks;
    if (!hooks)
        return;
    watch.progress = *progress;
    watch.asked = jc_seconds();
}

/* Whoever has no error to fill ignores failures, too. */
static jc_status ask(jc_error *err)
{
    if (!watch.hooks || !err)
        return JC_OK;
    double now = jc_seconds();
    if (now < watch.asked + ASK_SECONDS)
        return JC_OK;
    watch.asked = now;
    return jc_report(watch.hooks, &watch.progress, err);
}

jc_status jc_parallel(size_t n, jc_task_fn *fn, void *arg, jc_error *err)
{
    jc_status result = JC_OK;

    if (n <= 1 || omp_in_parallel()) {
        int threads = omp_get_max_threads();
        omp_set_num_threads(1); /* a lone task is computed as one among many */
        for (size_t i = 0; i < n && result == JC_OK; i++) {
            result = fn(arg, i, err);
            result = result ? result : ask(err);
        }
        omp_set_num_threads(threads);
        return result;
    }
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < n; i++) {
        jc_status so_far;
#pragma omp atomic read
        so_far = result;
        if (so_far != JC_OK)
            continue;
        jc_error own = {JC_OK, ""};
        jc_status st = fn(arg, i, &own);
        st = st || !err ? st : ask(&own);
        if (st != JC_OK) {
#pragma omp critical(jc_parallel_failed)
            if (result == JC_OK) {
#pragma omp atomic write
                result = st;
                if (err)
                    *err = own;
            }
        }
    }
    return result;
}
