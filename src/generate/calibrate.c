/* SPDX-License-Identifier: MIT */
/* calibrate.c: a threshold with a promise: readings of texts, then Learn then Test. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "generate/losses.h"
#include "generate/ltt.h"
#include "generate/policy.h"
#include "model/session.h"

/* clang-format off */
static const jc_option rows[] = {
    {"exit",       JC_OPTION_TEXT, offsetof(jc_calibrate_params, gate),       0, 0, "gap", NULL, "the gate whose threshold is looked for (jumpcut list gates)"},
    {"exit-at",    JC_OPTION_TEXT, offsetof(jc_calibrate_params, exit_at),    0, 0, NULL, NULL, "the blocks after which tokens may leave, as 3,6,9; without it chosen by what exits cost"},
    {"risk",       JC_OPTION_REAL, offsetof(jc_calibrate_params, risk),       0.0001, 0.9999, "0.05", NULL, "the share of a text's tokens that exits may change on average"},
    {"confidence", JC_OPTION_REAL, offsetof(jc_calibrate_params, confidence), 0.5, 0.999999, "0.95", NULL, "how sure that must be"},
    {"length",     JC_OPTION_U32,  offsetof(jc_calibrate_params, length),     1, 1e9, "256", NULL, "tokens of the texts that will be written, for gates whose level falls along a text"},
};
/* clang-format on */

const jc_option *jc_calibrate_options(size_t *n_rows)
{
    if (n_rows)
        *n_rows = JC_COUNT(rows);
    return rows;
}

/* Into the policy: of the last of n_shown thresholds. */
static void fill(jc_policy *policy, const jc_exit_losses *losses, size_t n_shown)
{
    jc_policy_info *info = &policy->info;
    double tokens = (double)losses->tokens;

    info->never = n_shown == 0;
    info->texts = losses->n_texts;
    info->tokens = losses->tokens;
    info->layers = tokens > 0 ? losses->plain.blocks / tokens : 0;
    info->blocks = info->layers;
    info->flops = info->bytes = 1;
    if (info->never) {
        info->threshold = info->measured_risk = info->p = (double)NAN;
        return;
    }
    const jc_exit_sums *sums = &losses->sums[n_shown - 1];
    info->threshold = losses->lambda[n_shown - 1];
    info->blocks = sums->blocks / tokens;
    info->late = sums->late / tokens;
    info->flops = sums->flops / losses->plain.flops;
    info->bytes = sums->bytes / losses->plain.bytes;
}

static void name_exits(jc_policy *policy, const jc_exits *exits)
{
    size_t n = 0;

    snprintf(policy->gate, sizeof policy->gate, "%s", exits->gate->name);
    for (size_t p = 0; p < exits->n && n < sizeof policy->exit_at; p++)
        n += (size_t)snprintf(policy->exit_at + n, sizeof policy->exit_at - n, "%s%u",
                              p ? "," : "", exits->at[p]);
    policy->info.gate = policy->gate;
    policy->info.exit_at = policy->exit_at;
}

static void tell(const jc_policy_info *info, const jc_hooks *hooks)
{
    size_t least = jc_ltt_least(info->risk, 1 - info->confidence);

    if (!info->never)
        return;
    if (info->texts < least)
        jc_note(hooks,
                "no token leaves by this policy: %llu texts cannot show a risk below %g, "
                "%zu without any change could",
                (unsigned long long)info->texts, info->risk, least);
    else
        jc_note(hooks,
                "no token leaves by this policy: no threshold was shown to have a risk "
                "below %g",
                info->risk);
}

static jc_status choose(jc_policy *policy, const jc_exits *exits, jc_samples *samples,
                        const jc_calibrate_params *p, jc_error *err)
{
    jc_exit_losses losses;
    jc_policy_info *info = &policy->info;
    jc_status st = jc_exit_losses_gather(&losses, exits, samples, p->length, p->hooks, err);

    if (st == JC_OK) {
        name_exits(policy, exits);
        info->length = p->length;
        info->risk = p->risk;
        info->confidence = p->confidence;
        double mean = (double)NAN, value = (double)NAN;
        size_t n = jc_ltt_choose(losses.loss, losses.n_texts, losses.n, p->risk,
                                 1 - p->confidence, &mean, &value);
        fill(policy, &losses, n);
        info->measured_risk = mean;
        info->p = value;
        tell(info, p->hooks);
    }
    jc_exit_losses_free(&losses);
    return st;
}

static jc_status check(const jc_calibrate_params *p, const jc_model *model, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(model);
    jc_status st = jc_model_ready(model, err);

    if (st)
        return st;
    if (!info->causal || !info->has_head)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "'%s' %s, so it writes no texts and has no exits to calibrate",
                       info->path, info->causal ? "has no head" : "is an encoder");
    if (!(p->risk > 0 && p->risk < 1))
        return jc_fail(err, JC_E_ARG, "a risk of %g: it must be between 0 and 1", p->risk);
    if (!(p->confidence > 0 && p->confidence < 1))
        return jc_fail(err, JC_E_ARG, "a confidence of %g: it must be between 0 and 1",
                       p->confidence);
    if (p->length == 0)
        return jc_fail(err, JC_E_ARG, "texts of 0 tokens: the length must be 1 or more");
    return JC_OK;
}

jc_status jc_calibrate(jc_policy **out, const jc_model *model, const jc_shortcut *shortcut,
                       jc_samples *samples, const jc_calibrate_params *params,
                       jc_error *err)
{
    jc_calibrate_params own;
    jc_exits *exits = NULL;

    if (jc_want_out(out, err))
        return JC_E_ARG;
    if (jc_want(model, "model", err))
        return JC_E_ARG;
    if (jc_want(samples, "samples", err))
        return JC_E_ARG;
    JC_USE_THREADS(jc_model_threads(model));
    jc_calibrate_params_init(&own);
    jc_status st = jc_params_take(&own, sizeof own, params, rows, JC_COUNT(rows), err);
    const jc_exit_spec spec = {.model = model,
                               .shortcut = shortcut,
                               .gate = own.gate,
                               .fill = "defer",
                               .at = own.exit_at,
                               .hooks = own.hooks};
    if (st == JC_OK)
        st = check(&own, model, err);
    if (st == JC_OK)
        st = jc_exits_new(&exits, &spec, err);
    if (st == JC_OK)
        st = jc_policy_new(out, model, shortcut, err);
    if (st == JC_OK)
        st = choose(*out, exits, samples, &own, err);
    jc_exits_free(exits);
    if (st) {
        jc_policy_free(*out);
        *out = NULL;
    }
    return st;
}
