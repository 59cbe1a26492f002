/* SPDX-License-Identifier: MIT */
/* policy_draft.c: what a policy says of drafts, as JSON. */
#include <math.h>
#include <string.h>

#include "generate/policy.h"

/* ---- writing ---- */

/* list with item at its end; NULL where there is no memory for it. */
static json_t *add(json_t *list, json_t *item)
{
    if (json_array_append_new(list, item) == 0)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *numbers(const double *x, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n && list; i++)
        list = add(list, json_real(x[i]));
    return list;
}

static json_t *counts(const uint32_t *x, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n && list; i++)
        list = add(list, json_integer(x[i]));
    return list;
}

static json_t *tried_json(const jc_tried *t)
{
    json_t *right = json_array();

    for (size_t d = 0; d < JC_TRIED_DEPTHS && t->came[d] && right; d++)
        right = add(right, numbers(t->right[d], JC_TRIED_RANKS));
    return json_pack("{s:s, s:f, s:f, s:f, s:f, s:o}", "drafters", t->drafters,
                     "tokens_a_pass", t->tokens, "drafts_a_pass", t->drafts,
                     "predicted_speedup", t->predicted, "measured_speedup", t->measured,
                     "right_by_depth_and_rank", right);
}

static json_t *odds_json(const jc_draft_tuning *t)
{
    json_t *all = json_object();
    int failed = all == NULL;

    for (size_t i = 0; i < t->n && !failed; i++) {
        double odds[JC_SIGNS];
        for (size_t s = 0; s < JC_SIGNS; s++)
            odds[s] = (double)t->odds[i][s];
        failed = json_object_set_new(all, t->name[i], numbers(odds, JC_SIGNS));
    }
    if (!failed)
        return all;
    json_decref(all);
    return NULL;
}

json_t *jc_policy_draft_json(const jc_policy *policy)
{
    const jc_policy_info *info = &policy->info;
    const jc_draft_tuning *t = &policy->tuning;
    json_t *tried = json_array();

    for (size_t i = 0; i < info->n_tried && tried; i++)
        tried = add(tried, tried_json(&policy->tried[i]));
    return json_pack("{s:s, s:f, s:I, s:f, s:{s:o, s:o}, s:o, s:o, s:o}", "drafters",
                     policy->draft, "temperature", info->draft_temperature, "tokens",
                     (json_int_t)info->draft_written, "predicted_speedup",
                     info->draft_speed, "pass", "rows", counts(t->times.rows, t->times.n),
                     "seconds", numbers(t->times.seconds, t->times.n), "odds", odds_json(t),
                     "frequent", counts(policy->frequent, policy->n_frequent), "tried",
                     tried);
}

/* ---- reading ---- */

static bool is_between(const json_t *value, double lo, double hi)
{
    double x = json_number_value(value);

    return json_is_number(value) && x >= lo && x <= hi;
}

static bool read_times(jc_pass_times *times, const json_t *pass)
{
    const json_t *rows = json_object_get(pass, "rows");
    const json_t *seconds = json_object_get(pass, "seconds");
    size_t n = json_array_size(rows);

    if (n < 2 || n > JC_TIMED || json_array_size(seconds) != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *k = json_array_get(rows, i), *t = json_array_get(seconds, i);
        double least = i ? times->rows[i - 1] + 1 : 1;
        if (!is_between(k, least, i ? 1e6 : 1) ||
            !is_between(t, i ? times->seconds[i - 1] : 1e-12, 1e6))
            return false;
        times->rows[i] = (uint32_t)json_number_value(k);
        times->seconds[i] = json_number_value(t);
    }
    times->n = n;
    return true;
}

static bool read_odds(jc_draft_tuning *t, const json_t *in)
{
    const char *name;
    json_t *list;

    if (!json_is_object(in) || json_object_size(in) > JC_MIX)
        return false;
    json_object_foreach((json_t *)(uintptr_t)in, name, list)
    {
        if (strlen(name) >= sizeof t->name[0] || json_array_size(list) != JC_SIGNS)
            return false;
        snprintf(t->name[t->n], sizeof t->name[0], "%s", name);
        for (size_t s = 0; s < JC_SIGNS; s++) {
            if (!is_between(json_array_get(list, s), -100, 100))
                return false;
            t->odds[t->n][s] = (float)json_number_value(json_array_get(list, s));
        }
        t->n++;
    }
    return true;
}

static bool read_frequent(jc_policy *policy, const json_t *in)
{
    size_t n = json_array_size(in);

    if (!json_is_array(in))
        return false;
    policy->frequent = n ? jc_alloc_array(n, sizeof *policy->frequent) : NULL;
    if (n && !policy->frequent)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!is_between(json_array_get(in, i), 0, 4e9))
            return false;
        policy->frequent[i] = (uint32_t)json_number_value(json_array_get(in, i));
    }
    policy->n_frequent = n;
    return true;
}

bool jc_policy_draft_read(jc_policy *policy, const json_t *in, const char **wrong)
{
    jc_policy_info *info = &policy->info;
    jc_draft_tuning *t = &policy->tuning;
    const char *drafters = json_string_value(json_object_get(in, "drafters"));
    const json_t *warm = json_object_get(in, "temperature");
    const json_t *tokens = json_object_get(in, "tokens");
    const json_t *speed = json_object_get(in, "predicted_speedup");

    *wrong = "\"draft\" names no drafters";
    if (!drafters || !drafters[0] || strlen(drafters) >= sizeof policy->draft)
        return false;
    *wrong = "a number of \"draft\" is missing or out of range";
    if (!is_between(warm, 0, 1e6) || !is_between(tokens, 0, 1e15) ||
        !is_between(speed, 0, 1e6))
        return false;
    *wrong =
        "\"pass\" of \"draft\" is not a list of rows and their seconds, both ascending";
    if (!read_times(&t->times, json_object_get(in, "pass")))
        return false;
    *wrong =
        "\"odds\" of \"draft\" is not a list of 65 log-odds for each drafter: make the "
        "policy again with 'jumpcut tune'";
    if (!read_odds(t, json_object_get(in, "odds")))
        return false;
    *wrong = "\"frequent\" of \"draft\" is not a list of token ids";
    if (!read_frequent(policy, json_object_get(in, "frequent")))
        return false;
    snprintf(policy->draft, sizeof policy->draft, "%s", drafters);
    info->draft_temperature = json_number_value(warm);
    info->draft_written = (uint64_t)json_number_value(tokens);
    info->draft_speed = json_number_value(speed);
    jc_policy_tell_draft(policy);
    return true;
}
