/* SPDX-License-Identifier: MIT */
/* policy.c: policies in memory. */
#include "generate/policy.h"

#include <stdio.h>
#include <string.h>

#include "shortcut/shortcut.h"

jc_status jc_policy_new(jc_policy **out, const jc_model *model, const jc_shortcut *shortcut,
                        jc_error *err)
{
    jc_policy *policy = jc_alloc_array(1, sizeof *policy);
    jc_status st = policy ? JC_OK : jc_fail_nomem(err, "a policy");

    *out = NULL;
    if (st)
        return st;
    snprintf(policy->model, sizeof policy->model, "%s",
             jc_model_get_info(model)->fingerprint);
    if (shortcut)
        st = jc_shortcut_fingerprint(shortcut, policy->shortcut, err);
    if (st) {
        jc_policy_free(policy);
        return st;
    }
    *out = policy;
    return JC_OK;
}

void jc_policy_free(jc_policy *policy)
{
    if (policy)
        jc_free(policy->frequent);
    jc_free(policy);
}

void jc_policy_tell_draft(jc_policy *policy)
{
    jc_policy_info *info = &policy->info;

    info->draft = policy->draft;
    info->pass_rows = policy->tuning.times.rows;
    info->pass_seconds = policy->tuning.times.seconds;
    info->n_pass = policy->tuning.times.n;
    info->tried = policy->tried;
}

const jc_policy_info *jc_policy_get_info(const jc_policy *policy)
{
    return policy ? &policy->info : NULL;
}

jc_status jc_policy_check(const jc_policy *policy, const jc_model *model,
                          const jc_shortcut *shortcut, jc_error *err)
{
    char own[33] = "";

    if (!policy || !model)
        return jc_fail(err, JC_E_ARG, "there is no policy or no model to check it against");
    const jc_model_info *info = jc_model_get_info(model);
    if (strcmp(policy->model, info->fingerprint) != 0)
        return jc_fail(err, JC_E_MISMATCH,
                       "the policy is of model %s, and '%s' is %s: make one of this model",
                       policy->model, info->path, info->fingerprint);
    if (!policy->shortcut[0])
        return JC_OK;
    if (!shortcut)
        return jc_fail(err, JC_E_ARG,
                       "the policy was made with shortcuts: name their file, too");
    jc_status st = jc_shortcut_fingerprint(shortcut, own, err);
    if (st == JC_OK && strcmp(policy->shortcut, own) != 0)
        st = jc_fail(err, JC_E_MISMATCH,
                     "the policy is of shortcuts %s, and these are %s: use those that it "
                     "was made with, or make another policy",
                     policy->shortcut, own);
    return st;
}

jc_status jc_policy_apply(jc_generate_params *params, const jc_model *model, jc_error *err)
{
    const jc_policy_info *info = &params->policy->info;
    jc_status st = jc_policy_check(params->policy, model, params->shortcut, err);

    if (st)
        return st;
    if (info->draft) {
        params->draft = info->draft;
        params->draft_nodes = 0;
        if (params->n_frequent == 0) {
            params->frequent = params->policy->frequent;
            params->n_frequent = params->policy->n_frequent;
        }
    }
    if (!info->gate)
        return JC_OK;
    params->exit = info->never ? "none" : info->gate;
    params->exit_at = info->exit_at;
    params->exit_threshold = info->threshold;
    params->kv_fill = "defer";
    return JC_OK;
}
