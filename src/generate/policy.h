/* SPDX-License-Identifier: MIT */
/* policy.h: what a policy holds. */
#ifndef JC_POLICY_H
#define JC_POLICY_H

#include <jansson.h>

#include "generate/tree.h"
#include "jumpcut/policy.h"

struct jc_policy {
    char model[33], shortcut[33]; /* fingerprints; "": it is of no shortcuts */
    char gate[32], exit_at[8 * JC_EXIT_POINTS];
    jc_policy_info info; /* its strings point into this struct */
    char draft[64];
    jc_draft_tuning tuning;
    uint32_t *frequent; /* [n_frequent]: jc_generate_params.frequent */
    size_t n_frequent;
    char names[JC_TRIED][64]; /* of tried[] */
    jc_tried tried[JC_TRIED]; /* [info.n_tried] */
};

/* Of a model and perhaps shortcuts, saying nothing yet. */
jc_status jc_policy_new(jc_policy **out, const jc_model *model, const jc_shortcut *shortcut,
                        jc_error *err) JC_NODISCARD;

/* Have info point at what the policy holds of drafts. */
void jc_policy_tell_draft(jc_policy *policy);

/* What a policy says of drafts: to and from its JSON. False: it is not one. */
json_t *jc_policy_draft_json(const jc_policy *policy);
bool jc_policy_draft_read(jc_policy *policy, const json_t *in, const char **wrong);

/* Put what params->policy says into the params, once it is checked. */
jc_status jc_policy_apply(jc_generate_params *params, const jc_model *model,
                          jc_error *err) JC_NODISCARD;

#endif
