/* SPDX-License-Identifier: MIT */
/*
 * study_routes.c: how many of the validation vectors parts of blocks and schedules are
 * scored on. They run the model again some 50 times, so they would take most of a study's
 * time; beyond some thousand vectors of many texts that time buys little (docs/methods.md).
 */
#include "cli/study.h"

enum { TEXTS = 750 };

/* Texts and vectors of the validation split. */
static jc_status count_samples(jc_study *s, size_t *texts, size_t *vectors, jc_error *err)
{
    jc_work work = {0};
    jc_sample sample;
    jc_status st = jc_work_samples(&work, s->cli, s->samples, "val", s->model, err);

    *texts = *vectors = 0;
    while (st == JC_OK) {
        st = jc_samples_next(work.samples, &sample, err);
        if (st || !sample.ids)
            break;
        *texts += 1;
        *vectors += sample.n_positions;
    }
    jc_work_close(&work);
    return st;
}

jc_status jc_study_routes(jc_study *s, jc_eval_params *params, jc_error *err)
{
    const jc_args *args = &s->cli->args;
    size_t texts, vectors;

    if (jc_args_given(args, "route-every") || jc_args_given(args, "route-positions"))
        return JC_OK;
    jc_status st = count_samples(s, &texts, &vectors, err);
    if (st || vectors <= JC_ROUTE_VECTORS)
        return st;
    size_t every = texts > TEXTS ? texts / TEXTS : 1, taken = (texts + every - 1) / every;
    params->route_every = (uint32_t)every;
    params->route_positions = (uint32_t)((JC_ROUTE_VECTORS + taken - 1) / taken);
    return JC_OK;
}
