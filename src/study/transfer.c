/* SPDX-License-Identifier: MIT */
/*
 * transfer.c: shortcuts of two texts, scored on both: the 2 x 2 table of mean precision@1
 * and its curves by layer.
 *
 * Each text's validation part is run once, by jc_eval(), with the shortcuts of both side by
 * side, as copies that hold the maps to the last layer only and carry a name of this file's
 * choosing.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "jumpcut/study.h"
#include "model/session.h"
#include "shortcut/shortcut.h"

enum { NAME = 32 };

struct transfer {
    const jc_model *model;
    const jc_transfer_text *texts; /* [2] */
    size_t n;                      /* shortcuts a text */
    jc_shortcut **copies;          /* [2 n]: of the first text, then of the second */
    json_t *on[2];                 /* results on each text */
};

/* The name of a copy in results; no method is called so. */
static void name_copy(char name[NAME], size_t at, size_t i)
{
    snprintf(name, NAME, "of-%zu.%zu", at, i);
}

static jc_status copy_final(jc_shortcut **out, const jc_shortcut *from, const char *name,
                            jc_error *err)
{
    jc_shortcut *copy = NULL;
    const char *print = jc_shortcut_meta(from, "model.fingerprint");
    jc_status st = jc_shortcut_new(&copy, from->form, from->layers, from->width, err);

    *out = copy;
    if (st == JC_OK)
        st = jc_shortcut_set_meta(copy, "method", name, err);
    if (st == JC_OK && print)
        st = jc_shortcut_set_meta(copy, "model.fingerprint", print, err);
    for (uint32_t l = 0; l < from->layers && st == JC_OK; l++) {
        const jc_map *map = jc_shortcut_find(from, l, from->layers);
        if (map && map != from->implied)
            st = jc_shortcut_copy_map(copy, map, err);
    }
    return st;
}

static jc_status copy_all(struct transfer *x, jc_error *err)
{
    x->copies = jc_alloc_array(2 * x->n + 1, sizeof(jc_shortcut *));
    jc_status st = x->copies ? JC_OK : jc_fail_nomem(err, "the shortcuts of two texts");

    for (size_t at = 0; at < 2; at++)
        for (size_t i = 0; i < x->n && st == JC_OK; i++) {
            char name[NAME];
            const jc_shortcut *from = x->texts[at].shortcuts[i];
            st = jc_shortcut_check(from, x->model, err);
            name_copy(name, at, i);
            if (st == JC_OK)
                st = copy_final(&x->copies[at * x->n + i], from, name, err);
        }
    return st;
}

static jc_status score(struct transfer *x, size_t at, const jc_eval_params *params,
                       jc_error *err)
{
    const jc_shortcut *const *copies = (const jc_shortcut *const *)x->copies;
    jc_results *results;
    char *text = NULL;
    jc_status st =
        jc_eval(&results, x->model, copies, 2 * x->n, x->texts[at].val, params, err);

    if (st)
        return st;
    st = jc_results_json(results, &text, err);
    jc_results_free(results);
    if (st)
        return st;
    x->on[at] = json_loads(text, 0, NULL); /* our own: NULL is short memory */
    jc_free(text);
    return x->on[at] ? JC_OK : jc_fail_nomem(err, "the scores of two texts");
}

/* ---- the section ---- */

/* precision@1 by layer. */
static json_t *curve_of(const json_t *results, const char *name)
{
    json_t *curve = json_array(), *entry;
    size_t l;

    json_array_foreach(json_object_get(json_object_get(results, "jump"), name), l, entry)
    {
        if (json_array_append(curve, json_object_get(entry, "p1")) != 0) {
            json_decref(curve);
            return NULL;
        }
    }
    return curve;
}

/* Of the mean of precision@1 over the layers before the last: "p1" or "p1_ci". */
static json_t *mean_of(const json_t *results, const char *name, const char *member)
{
    const json_t *mean = json_object_get(json_object_get(results, "jump_mean"), name);

    return json_incref(json_object_get(mean, member));
}

/* A square: the copies of the first and the second text, on the first and the second. */
static json_t *means_of(const struct transfer *x, const char *const names[2],
                        const char *member)
{
    return json_pack("[[o,o],[o,o]]", mean_of(x->on[0], names[0], member),
                     mean_of(x->on[1], names[0], member),
                     mean_of(x->on[0], names[1], member),
                     mean_of(x->on[1], names[1], member));
}

/* `name`s of the copies of the first and the second text. */
static json_t *table_of(const struct transfer *x, const char *const names[2])
{
    return json_pack("{s:o, s:o, s:[[o,o],[o,o]]}", "p1_mean", means_of(x, names, "p1"),
                     "p1_mean_ci", means_of(x, names, "p1_ci"), "p1",
                     curve_of(x->on[0], names[0]), curve_of(x->on[1], names[0]),
                     curve_of(x->on[0], names[1]), curve_of(x->on[1], names[1]));
}

/* The method of shortcut i, with a number where it is not the first of it. */
static void name_method(const struct transfer *x, const json_t *maps, size_t i,
                        char name[2 * NAME])
{
    const char *method = jc_shortcut_meta(x->texts[0].shortcuts[i], "method");

    snprintf(name, 2 * NAME, "%.30s", method ? method : "unnamed");
    for (size_t same = 2; json_object_get(maps, name); same++)
        snprintf(name, 2 * NAME, "%.30s-%zu", method ? method : "unnamed", same);
}

static json_t *section_of(const struct transfer *x)
{
    json_t *maps = json_object();
    const char *id[2] = {"id", "id"};
    bool made = true;

    for (size_t i = 0; i < x->n; i++) {
        char name[2 * NAME], of[2][NAME];
        name_method(x, maps, i, name);
        name_copy(of[0], 0, i);
        name_copy(of[1], 1, i);
        made &= json_object_set_new(maps, name,
                                    table_of(x, (const char *[]){of[0], of[1]})) == 0;
    }
    made &= json_object_set_new(maps, "id", table_of(x, id)) == 0;
    if (!made) {
        json_decref(maps);
        return NULL;
    }
    return json_pack("{s:{s:[s,s], s:[I,I], s:o}}", "transfer", "texts", x->texts[0].name,
                     x->texts[1].name, "n_val",
                     json_integer_value(json_object_get(x->on[0], "n_val")),
                     json_integer_value(json_object_get(x->on[1], "n_val")), "map", maps);
}

static jc_status check_methods(const struct transfer *x, jc_error *err)
{
    for (size_t i = 0; i < x->n; i++) {
        const char *a = jc_shortcut_meta(x->texts[0].shortcuts[i], "method");
        const char *b = jc_shortcut_meta(x->texts[1].shortcuts[i], "method");
        if (strcmp(a ? a : "", b ? b : "") != 0)
            return jc_fail(err, JC_E_ARG,
                           "cannot compare shortcuts of method '%.40s' with shortcuts of "
                           "method '%.40s'",
                           a ? a : "", b ? b : "");
        if (strcmp(a ? a : "", "id") == 0)
            return jc_fail(err, JC_E_ARG,
                           "nothing is fitted for method 'id', which is scored on both "
                           "texts anyway");
    }
    return JC_OK;
}

jc_status jc_transfer(char **json, const jc_model *model, const jc_transfer_text texts[2],
                      size_t n_shortcuts, const jc_eval_params *params, jc_error *err)
{
    JC_USE_THREADS(jc_model_threads(model));
    struct transfer x = {.model = model, .texts = texts, .n = n_shortcuts};
    jc_status st = jc_model_ready(model, err);

    *json = NULL;
    if (st == JC_OK)
        st = jc_want(texts, "texts", err);
    if (st)
        return st;
    const jc_model_info *info = jc_model_get_info(model);
    st = check_methods(&x, err);
    if (st == JC_OK && !info->has_head)
        st = jc_fail(err, JC_E_UNSUPPORTED,
                     "'%s' has no head, and a transfer compares what is read out",
                     info->path);
    if (st == JC_OK)
        st = copy_all(&x, err);
    for (size_t at = 0; at < 2 && st == JC_OK; at++)
        st = score(&x, at, params, err);
    if (st == JC_OK) {
        json_t *section = section_of(&x);
        *json =
            section ? json_dumps(section, JSON_INDENT(1) | JSON_REAL_PRECISION(10)) : NULL;
        json_decref(section);
        st = *json ? JC_OK : jc_fail_nomem(err, "the scores of two texts");
    }
    json_decref(x.on[0]);
    json_decref(x.on[1]);
    for (size_t i = 0; x.copies && i < 2 * n_shortcuts; i++)
        jc_shortcut_free(x.copies[i]);
    jc_free(x.copies);
    return st;
}
