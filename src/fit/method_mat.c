/* SPDX-License-Identifier: MIT */
/* method_mat.c: ordinary least squares, the map of least norm where the vectors leave a
 * choice (Yom Din et al. 2024, section 3). */
#include "fit/methods.h"

static jc_status prepare(jc_solver **out, jc_source source, const jc_fit_params *params,
                         jc_error *err)
{
    (void)params;
    return jc_solver_new(out, &source, err);
}

const jc_method jc_method_mat = {
    .info = {"mat", "least squares, of least norm where the vectors leave a choice"},
    .form = &jc_form_dense,
    .form_bias = &jc_form_affine,
    .prepare = prepare,
};
