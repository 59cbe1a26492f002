/* SPDX-License-Identifier: MIT */
/* context.c: a backend and a number of threads. */
#include "kernels/context.h"

enum { MOST_THREADS = 4096 };

jc_status jc_context_new(jc_context **out, const jc_context_params *params, jc_error *err)
{
    jc_context_params own;

    jc_status st = jc_want_out(out, err);
    jc_context_params_init(&own);
    if (st == JC_OK)
        st = jc_params_take(&own, sizeof own, params, NULL, 0, err);
    if (st)
        return st;
    const char *name = own.backend ? own.backend : jc_backend_names()[0];
    const jc_backend *backend = jc_backend_find(name);
    if (!backend)
        return jc_fail(err, JC_E_ARG, "no backend is called '%s'", name);
    if (own.threads > MOST_THREADS)
        return jc_fail(err, JC_E_ARG, "%u threads are more than %d", own.threads,
                       MOST_THREADS);
    *out = jc_alloc_array(1, sizeof **out);
    if (!*out)
        return jc_fail_nomem(err, "a context");
    **out = (jc_context){backend, own.threads};
    return JC_OK;
}

void jc_context_free(jc_context *context)
{
    jc_free(context);
}
