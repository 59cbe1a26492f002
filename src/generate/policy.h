/* SPDX-License-Identifier: MIT */
/* policy.h: what a policy holds. */
#ifndef JC_POLICY_H
#define JC_POLICY_H

#include "base/base.h"
#include "jumpcut/policy.h"

struct jc_policy {
    char model[33], shortcut[33]; /* fingerprints; "": it is of no shortcuts */
    char gate[32], exit_at[8 * JC_EXIT_POINTS];
    jc_policy_info info; /* its strings point into this struct */
};

/* Of a model and perhaps shortcuts, saying nothing yet. */
jc_status jc_policy_new(jc_policy **out, const jc_model *model, const jc_shortcut *shortcut,
                        jc_error *err) JC_NODISCARD;

/* Put what params->policy says into the params, once it is checked. */
jc_status jc_policy_apply(jc_generate_params *params, const jc_model *model,
                          jc_error *err) JC_NODISCARD;

#endif
