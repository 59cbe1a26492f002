/* SPDX-License-Identifier: MIT */
/* methods.h: a method is how a map is found: a row of the table in methods.c. */
#ifndef JC_METHODS_H
#define JC_METHODS_H

#include "fit/solve.h"
#include "jumpcut/fit.h"
#include "shortcut/shortcut.h"

typedef struct jc_method {
    jc_method_info info;
    const jc_form *form;      /* of its maps; without tensors: nothing is solved */
    const jc_form *form_bias; /* the same with an intercept; NULL when it has none */
    /* Prepare the maps from one tap. jc_solver_solve() then finds one for each target. */
    jc_status (*prepare)(jc_solver **out, jc_source source, const jc_fit_params *params,
                         jc_error *err);
} jc_method;

extern const jc_method jc_method_id, jc_method_mat, jc_method_ridge;

/* NULL when no method is called so. */
const jc_method *jc_method_find(const char *name);

#endif
