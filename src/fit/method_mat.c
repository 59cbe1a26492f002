/* SPDX-License-Identifier: MIT */
/* method_mat.c: ordinary least squares, the map of least norm where the vectors leave a
 * choice (Yom Din et al. 2024, section 3). */
#include "fit/least.h"

static jc_status fit(jc_fit_job *job)
{
    return jc_least_each(job, 0, jc_least_store, NULL);
}

const jc_method jc_method_mat = {
    .info = {.name = "mat",
             .summary = "least squares, of least norm where the vectors leave a choice",
             .options = "bias"},
    .form = &jc_form_dense,
    .form_bias = &jc_form_affine,
    .fit = fit,
};
