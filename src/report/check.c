/* SPDX-License-Identifier: MIT */
/*
 * check.c: the shape of results.json, member by member.
 * Sections that results may lack are in check_sections.c.
 */
#include "report/check.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "report/members.h"

#define MAX_LAYERS 1000 /* a page of more cells than a million is not looked at */
#define MAX_NAME   64   /* bytes of a method's name */

static const jc_report_member model_rows[] = {
    {"path", TEXT},        {"name", TEXT},   {"architecture", TEXT}, {"layers", COUNT},
    {"width", COUNT},      {"heads", COUNT}, {"context", COUNT},     {"vocab", COUNT},
    {"parameters", COUNT}, {"dtype", TEXT},  {"stored_dtype", TEXT}, {"backend", TEXT},
    {"fingerprint", TEXT},
};
static const jc_report_member data_rows[] = {
    {"texts", COUNT},   {"rows", COUNT},          {"positions", TEXT},     {"seed", MAYBE},
    {"sources", TEXTS}, {"route_texts", PERHAPS}, {"route_rows", PERHAPS},
};
static const jc_report_member fit_rows[] = {
    {"method", TEXT}, {"ridge", NUMBER},  {"bias", FLAG}, {"rows", COUNT},
    {"texts", COUNT}, {"sources", TEXTS}, {"file", TEXT}, {"rank", PERHAPS},
};
static const jc_report_member jump_rows[] = {
    {"layer", COUNT},    {"p1", SHARE},         {"p5", SHARE},
    {"p10", SHARE},      {"surprisal", NUMBER}, {"surprisal_ci", RANGE},
    {"p1_ci", INTERVAL}, {"p5_ci", INTERVAL},   {"p10_ci", INTERVAL},
    {"kl", PERHAPS},     {"kl_ci", INTERVAL},
};
static const jc_report_member exit_rows[] = {
    {"lambda", NUMBER},      {"layers", NUMBER},  {"p1", SHARE},
    {"layers_ci", INTERVAL}, {"p1_ci", INTERVAL},
};
static const jc_report_member saved_rows[] = {
    {"blocks", MAYBE},        {"percent", MAYBE}, {"blocks_ci", INTERVAL},
    {"percent_ci", INTERVAL}, {"flops", PERHAPS}, {"bytes", PERHAPS},
};

/* [L+1][L+1], each a number or null, 1 on the diagonal. */
static jc_status check_r2(const jc_report_at *at, const char *path, const json_t *matrix)
{
    size_t n = at->layers + 1;

    if (!json_is_array(matrix) || json_array_size(matrix) != n)
        return jc_report_wrong(at, "'%s' is not a list of %zu rows", path, n);
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(matrix, i);
        if (!jc_report_all(row, MAYBE) || json_array_size(row) != n)
            return jc_report_wrong(at, "'%s[%zu]' is not a list of %zu numbers or nulls",
                                   path, i, n);
        const json_t *self = json_array_get(row, i);
        if (!json_is_number(self) || json_number_value(self) < 1 ||
            json_number_value(self) > 1)
            return jc_report_wrong(at, "'%s[%zu][%zu]' is not 1", path, i, i);
    }
    return JC_OK;
}

/* A score for each of the layers 0..L, in order. */
static jc_status check_jump(const jc_report_at *at, const char *path, const json_t *list)
{
    if (!json_is_array(list) || json_array_size(list) != at->layers + 1)
        return jc_report_wrong(at, "'%s' is not a list of %zu layers", path,
                               at->layers + 1);
    for (size_t i = 0; i <= at->layers; i++) {
        char item[160];
        const json_t *entry = json_array_get(list, i);
        snprintf(item, sizeof item, "%s[%zu]", path, i);
        jc_status st = jc_report_object(at, item, entry, jump_rows, JC_COUNT(jump_rows));
        if (st)
            return st;
        if (json_integer_value(json_object_get(entry, "layer")) != (json_int_t)i)
            return jc_report_wrong(at, "'%s.layer' is not %zu", item, i);
    }
    return JC_OK;
}

static jc_status check_exit(const jc_report_at *at, const char *path, const json_t *list)
{
    if (!json_is_array(list))
        return jc_report_wrong(at, "'%s' is not a list", path);
    for (size_t i = 0; i < json_array_size(list); i++) {
        char item[160];
        const json_t *entry = json_array_get(list, i);
        snprintf(item, sizeof item, "%s[%zu]", path, i);
        jc_status st = jc_report_object(at, item, entry, exit_rows, JC_COUNT(exit_rows));
        if (st)
            return st;
        double layers = json_number_value(json_object_get(entry, "layers"));
        if (layers < 0 || layers > (double)at->layers)
            return jc_report_wrong(at, "'%s.layers' is not from 0 to %zu", item,
                                   at->layers);
    }
    return JC_OK;
}

static jc_status check_saved(const jc_report_at *at, const char *path, const json_t *saved)
{
    return jc_report_object(at, path, saved, saved_rows, JC_COUNT(saved_rows));
}

static jc_status check_fit(const jc_report_at *at, const char *path, const json_t *fit)
{
    if (strcmp(at->method, "id") == 0) /* nothing is fitted for it */
        return JC_OK;
    return jc_report_object(at, path, fit, fit_rows, JC_COUNT(fit_rows));
}

/* What results hold for each method. */
static const struct part {
    const char *name;
    jc_status (*check)(const jc_report_at *at, const char *path, const json_t *value);
    bool reads_out; /* missing where the model has no head */
} parts[] = {
    {"fits", check_fit, false}, {"r2", check_r2, false},      {"jump", check_jump, true},
    {"exit", check_exit, true}, {"saved", check_saved, true},
};

static bool name_is_plain(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
            return false;
    return length >= 1 && length <= MAX_NAME;
}

static jc_status check_method(jc_report_at *at, const json_t *root, const char *method)
{
    if (!name_is_plain(method))
        return jc_report_wrong(
            at,
            "a method in '%s' has a name that is empty, longer than %d bytes "
            "or with control characters",
            at->head ? "jump" : "r2", MAX_NAME);
    at->method = method;
    for (size_t i = 0; i < JC_COUNT(parts); i++) {
        char path[96];
        snprintf(path, sizeof path, "%s.%s", parts[i].name, method);
        const json_t *value = json_object_get(json_object_get(root, parts[i].name), method);
        if (!value && !at->head && parts[i].reads_out)
            continue;
        if (!value && parts[i].check != check_fit)
            return jc_report_wrong(at, "it has no '%s'", path);
        jc_status st = parts[i].check(at, path, value);
        if (st)
            return st;
    }
    return JC_OK;
}

static jc_status check_head(jc_report_at *at, const json_t *root)
{
    static const jc_report_member saved[] = {{"target", SHARE}};
    const json_t *format = json_object_get(root, "format");
    const json_t *model = json_object_get(root, "model");

    if (!json_is_string(format) ||
        strcmp(json_string_value(format), "jumpcut-results/1") != 0)
        return jc_report_wrong(at, "'format' is not \"jumpcut-results/1\"");
    jc_status st = jc_report_object(at, "model", model, model_rows, JC_COUNT(model_rows));
    if (st)
        return st;
    json_int_t layers = json_integer_value(json_object_get(model, "layers"));
    if (layers < 1 || layers > MAX_LAYERS)
        return jc_report_wrong(at, "'model.layers' is not from 1 to %d", MAX_LAYERS);
    at->layers = (size_t)layers;
    at->head = !json_is_false(json_object_get(model, "head"));
    st = jc_report_object(at, "data", json_object_get(root, "data"), data_rows,
                          JC_COUNT(data_rows));
    if (st)
        return st;
    if (!jc_report_is(json_object_get(root, "n_val"), COUNT))
        return jc_report_wrong(at, "'n_val' is missing or not a count");
    for (size_t i = 0; i < JC_COUNT(parts) - 1; i++) {
        if (parts[i].reads_out && !at->head)
            continue;
        st = jc_report_object(at, parts[i].name, json_object_get(root, parts[i].name), NULL,
                              0);
        if (st)
            return st;
    }
    return at->head ? jc_report_object(at, "saved", json_object_get(root, "saved"), saved,
                                       JC_COUNT(saved))
                    : JC_OK;
}

static jc_status check_root(jc_report_at *at, json_t *root)
{
    const char *method;
    json_t *list;

    jc_status st = check_head(at, root);
    if (st)
        return st;
    json_t *scores = json_object_get(root, at->head ? "jump" : "r2");
    if (!json_object_get(scores, "id"))
        return jc_report_wrong(at, "it has no '%s.id'", at->head ? "jump" : "r2");
    json_object_foreach(scores, method, list)
    {
        st = check_method(at, root, method);
        if (st)
            return st;
    }
    return jc_report_check_sections(at, root);
}

static int say(json_t *object, const char *key, json_t *value)
{
    if (!json_is_object(object) || json_object_get(object, key)) {
        json_decref(value);
        return 0;
    }
    return json_object_set_new(object, key, value);
}

/* What jc_eval() cannot know, where its caller has not added it. */
static bool say_unsaid(json_t *root)
{
    static const char unsaid[] = "(not said)";
    json_t *data = json_object_get(root, "data"), *fit;
    const char *name;
    int failed = say(data, "positions", json_string(unsaid)) ||
                 say(data, "seed", json_null()) ||
                 say(data, "sources", json_pack("[s]", unsaid));

    json_object_foreach(json_object_get(root, "fits"), name, fit)
    {
        failed = failed || say(fit, "file", json_string(unsaid)) ||
                 say(fit, "sources", json_pack("[s]", unsaid));
    }
    return !failed;
}

jc_status jc_report_check(const char *json, size_t length, const char *name,
                          json_t **results, jc_error *err)
{
    jc_report_at at = {.file = name, .err = err};
    json_error_t why = {0};

    json_t *root = *results = json_loadb(json, length, 0, &why);
    if (!root && (!why.text[0] || json_error_code(&why) == json_error_out_of_memory))
        return jc_fail_nomem(err, name);
    if (!root)
        return jc_report_wrong(&at, "line %d, column %d: %.*s", why.line, why.column,
                               (int)strcspn(why.text, "\r\n"), why.text);
    jc_status st = say_unsaid(root) ? check_root(&at, root) : jc_fail_nomem(err, name);
    if (st) {
        json_decref(root);
        *results = NULL;
    }
    return st;
}
