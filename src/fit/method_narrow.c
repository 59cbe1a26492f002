/* SPDX-License-Identifier: MIT */
/* method_narrow.c: the best map of a given rank: what NJTC and, with an intercept, N-NJTC
 * (Seshadri 2024) are trained towards, in closed form (reduce.h). */
#include <stdio.h>

#include "fit/reduce.h"

struct narrow {
    jc_weighing weighing;
    size_t rank;
};

static jc_status found(jc_fit_job *job, const jc_least *least, void *arg)
{
    const struct narrow *narrow = arg;
    const jc_fit_params *p = job->params;
    char name[JC_PLACE_NAME];
    jc_reduced reduced;
    jc_status st = jc_reduce(&reduced, least, p->bias, &narrow->weighing, job->err);

    if (st)
        return st;
    st = jc_reduced_store(job, job->shortcut, least, &reduced, narrow->rank);
    for (size_t i = 0; i < job->n_more && st == JC_OK; i++)
        st = jc_reduced_store(job, job->more[i], least, &reduced, job->more_ranks[i]);
    if (p->curve && st == JC_OK) {
        jc_place_name(&least->wanted->place, name);
        st = p->curve->take(p->curve->arg, name, reduced.d_in, reduced.r2, reduced.d,
                            job->err);
    }
    jc_reduced_release(&reduced);
    return st;
}

/* What the metadata says of a shortcut of that rank. */
static jc_status describe(const jc_fit_job *job, jc_shortcut *shortcut, size_t rank)
{
    const char *metric = job->params->metric;
    char text[24];

    snprintf(text, sizeof text, "%zu", rank);
    jc_status st = jc_shortcut_set_meta(shortcut, "rank", text, job->err);
    return st ? st
              : jc_shortcut_set_meta(shortcut, "metric", metric ? metric : "state",
                                     job->err);
}

static jc_status fit(jc_fit_job *job)
{
    const jc_fit_params *p = job->params;
    struct narrow narrow = {.rank = 0};
    jc_status st = jc_rank_of(job, &narrow.rank);

    if (st == JC_OK)
        st = describe(job, job->shortcut, narrow.rank);
    for (size_t i = 0; i < job->n_more && st == JC_OK; i++)
        st = describe(job, job->more[i], job->more_ranks[i]);
    if (st == JC_OK)
        st = jc_weighing_new(&narrow.weighing, p->metric, p->model, job->stats->width,
                             job->err);
    if (st == JC_OK)
        st = jc_least_each(job, 0, found, &narrow);
    jc_weighing_release(&narrow.weighing);
    return st;
}

const jc_method jc_method_narrow = {
    .info = {.name = "narrow",
             .summary = "the best map of a given rank, as two narrow matrices",
             .options = "bias|rank|metric"},
    .form = &jc_form_low_rank,
    .form_bias = &jc_form_low_rank,
    .fit = fit,
};
