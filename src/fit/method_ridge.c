/* SPDX-License-Identifier: MIT */
/* method_ridge.c: least squares with a penalty on the map, relative to the mean of the
 * diagonal of the matrix that is solved. An intercept is not penalised. */
#include "fit/methods.h"

static jc_status prepare(jc_solver **out, jc_source source, const jc_fit_params *params,
                         jc_error *err)
{
    source.ridge = params->ridge;
    return jc_solver_new(out, &source, err);
}

const jc_method jc_method_ridge = {
    .info = {"ridge", "least squares with a penalty on large maps"},
    .form = &jc_form_dense,
    .form_bias = &jc_form_affine,
    .prepare = prepare,
};
