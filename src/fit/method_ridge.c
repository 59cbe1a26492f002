/* SPDX-License-Identifier: MIT */
/* method_ridge.c: least squares with a penalty on the map, relative to the mean of the
 * diagonal of the matrix that is solved. An intercept is not penalised. */
#include "fit/least.h"

static jc_status fit(jc_fit_job *job)
{
    return jc_least_each(job, job->params->ridge, jc_least_store, NULL);
}

const jc_method jc_method_ridge = {
    .info = {.name = "ridge",
             .summary = "least squares with a penalty on large maps",
             .options = "ridge|bias"},
    .form = &jc_form_dense,
    .form_bias = &jc_form_affine,
    .fit = fit,
};
