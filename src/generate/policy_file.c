/* SPDX-License-Identifier: MIT */
/* policy_file.c: policies as files, JSON of the format "jumpcut-policy/1". */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "generate/exits.h"
#include "generate/policy.h"
#include "store/json.h"

#define FORMAT "jumpcut-policy/1"

/* ---- writing ---- */

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *exit_json(const jc_policy_info *i)
{
    return json_pack(
        "{s:s, s:s, s:o, s:s, s:f, s:f, s:f, s:I, s:I, s:o, s:o, s:f, s:f, s:f, s:f, s:f}",
        "gate", i->gate, "at", i->exit_at, "threshold",
        i->never ? json_null() : json_real(i->threshold), "kv_fill", "defer", "length",
        i->length, "risk", i->risk, "confidence", i->confidence, "texts",
        (json_int_t)i->texts, "tokens", (json_int_t)i->tokens, "measured_risk",
        number(i->measured_risk), "p_value", number(i->p), "blocks", i->blocks, "of_blocks",
        i->layers, "blocks_run_later", i->late, "flops_of_the_full_model", i->flops,
        "bytes_of_the_full_model", i->bytes);
}

static json_t *policy_json(const jc_policy *policy)
{
    json_t *json = json_pack("{s:s, s:s}", "format", FORMAT, "model", policy->model);
    int failed = json == NULL;

    if (policy->shortcut[0])
        failed |= json_object_set_new(json, "shortcuts", json_string(policy->shortcut));
    if (policy->info.gate)
        failed |= json_object_set_new(json, "exit", exit_json(&policy->info));
    if (policy->info.draft)
        failed |= json_object_set_new(json, "draft", jc_policy_draft_json(policy));
    if (!failed)
        return json;
    json_decref(json);
    return NULL;
}

jc_status jc_policy_save(const jc_policy *policy, const char *path, jc_error *err)
{
    if (!policy || !path)
        return jc_fail(err, JC_E_ARG, "there is no policy to save, or no file");
    json_t *json = policy_json(policy);
    char *text = jc_json_dump(json, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
    jc_outfile out;

    json_decref(json);
    if (!text)
        return jc_fail_nomem(err, "a policy");
    jc_status st = jc_outfile_open(&out, path, err);
    if (st == JC_OK) {
        fprintf(out.f, "%s\n", text);
        st = jc_outfile_commit(&out, err);
    }
    free(text);
    return st;
}

/* ---- reading ---- */

static jc_status wrong(const char *path, const char *what, jc_error *err)
{
    return jc_fail(err, JC_E_FORMAT, "cannot read '%s': %s", path, what);
}

static bool copy_text(char *to, size_t size, const json_t *in, const char *name)
{
    const char *text = json_string_value(json_object_get(in, name));

    if (!text || strlen(text) >= size)
        return false;
    snprintf(to, size, "%s", text);
    return true;
}

static bool is_fingerprint(const char *text)
{
    return strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32;
}

/* A member between lo and hi; with `null` it may be null, which is NAN. */
static bool read_number(double *x, const json_t *in, const char *name, double lo, double hi,
                        bool null)
{
    const json_t *value = json_object_get(in, name);

    *x = json_is_number(value) ? json_number_value(value) : (double)NAN;
    if (null && json_is_null(value))
        return true;
    return *x >= lo && *x <= hi;
}

static jc_status read_exit(jc_policy *policy, const json_t *in, const char *path,
                           jc_error *err)
{
    jc_policy_info *i = &policy->info;
    double texts, tokens;
    uint32_t at[JC_EXIT_POINTS];
    size_t n;

    if (!copy_text(policy->gate, sizeof policy->gate, in, "gate") ||
        !jc_gate_find(policy->gate))
        return wrong(path, "it names no gate that there is ('jumpcut list gates')", err);
    const char *fill = json_string_value(json_object_get(in, "kv_fill"));
    if (!fill || strcmp(fill, "defer") != 0)
        return wrong(path, "its promise is of \"kv_fill\":\"defer\" only", err);
    if (!copy_text(policy->exit_at, sizeof policy->exit_at, in, "at") ||
        jc_exit_points_read(at, &n, policy->exit_at, UINT32_MAX, NULL))
        return wrong(path, "\"at\" is not a list of exit points, as \"3,6,9\"", err);
    if (!read_number(&i->threshold, in, "threshold", -1e9, 1e9, true) ||
        !read_number(&i->length, in, "length", 1, 1e9, false) ||
        !read_number(&i->risk, in, "risk", 0, 1, false) ||
        !read_number(&i->confidence, in, "confidence", 0, 1, false) ||
        !read_number(&texts, in, "texts", 0, 1e15, false) ||
        !read_number(&tokens, in, "tokens", 0, 1e15, false) ||
        !read_number(&i->measured_risk, in, "measured_risk", 0, 1, true) ||
        !read_number(&i->p, in, "p_value", 0, 1, true) ||
        !read_number(&i->blocks, in, "blocks", 0, 1e6, false) ||
        !read_number(&i->layers, in, "of_blocks", 1, 1e6, false) ||
        !read_number(&i->late, in, "blocks_run_later", 0, 1e6, false) ||
        !read_number(&i->flops, in, "flops_of_the_full_model", 0, 1e6, false) ||
        !read_number(&i->bytes, in, "bytes_of_the_full_model", 0, 1e6, false))
        return wrong(path, "a number of \"exit\" is missing or out of range", err);
    i->texts = (uint64_t)texts;
    i->tokens = (uint64_t)tokens;
    i->never = isnan(i->threshold);
    i->gate = policy->gate;
    i->exit_at = policy->exit_at;
    return JC_OK;
}

static jc_status read_policy(jc_policy *policy, const json_t *json, const char *path,
                             jc_error *err)
{
    const char *format = json_string_value(json_object_get(json, "format"));
    const json_t *exits = json_object_get(json, "exit");
    const json_t *draft = json_object_get(json, "draft");
    const char *why;

    if (!format || strcmp(format, FORMAT) != 0)
        return wrong(path, "it is not a policy, whose \"format\" is \"" FORMAT "\"", err);
    if (!copy_text(policy->model, sizeof policy->model, json, "model") ||
        !is_fingerprint(policy->model))
        return wrong(path, "\"model\" is not a fingerprint of 32 digits", err);
    if (json_object_get(json, "shortcuts") &&
        (!copy_text(policy->shortcut, sizeof policy->shortcut, json, "shortcuts") ||
         !is_fingerprint(policy->shortcut)))
        return wrong(path, "\"shortcuts\" is not a fingerprint of 32 digits", err);
    if (!json_is_object(exits) && !json_is_object(draft))
        return wrong(path, "it says nothing of exits or drafts", err);
    if (draft && !jc_policy_draft_read(policy, draft, &why))
        return wrong(path, why, err);
    return exits ? read_exit(policy, exits, path, err) : JC_OK;
}

jc_status jc_policy_open(jc_policy **out, const char *path, jc_error *err)
{
    jc_mapped map = {0};
    json_t *json = NULL;
    jc_policy *policy = NULL;

    jc_status st = jc_want_out(out, err);
    if (st == JC_OK)
        st = jc_want(path, "path", err);
    if (st == JC_OK)
        st = jc_map_open(&map, path, err);
    if (st == JC_OK)
        st = jc_json_file(&json, (const char *)map.data, map.size, 0, path, err);
    if (st == JC_OK) {
        policy = jc_alloc_array(1, sizeof *policy);
        st = policy ? JC_OK : jc_fail_nomem(err, "a policy");
    }
    if (st == JC_OK)
        st = read_policy(policy, json, path, err);
    json_decref(json);
    jc_map_close(&map);
    if (st) {
        jc_policy_free(policy);
        return st;
    }
    *out = policy;
    return JC_OK;
}
