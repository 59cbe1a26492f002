/* SPDX-License-Identifier: MIT */
/*
 * transfer.c: shortcuts of two texts, scored on both: the 2 x 2 table of mean precision@1
 * and its curves by layer.
 *
 * Each text's validation part is run once, by jc_eval(), with the shortcuts of both side by
 * side, as others that hold the same maps to the last layer only and carry a name of this
 * file's choosing.
 */
#include <stdio.h>
#include <string.h>

#include "eval/results.h"
#include "jumpcut/study.h"
#include "model/session.h"
#include "shortcut/shortcut.h"

enum { NAME = 32 };

struct transfer {
    const jc_model *model;
    const jc_transfer_text *texts; /* [2] */
    size_t n;                      /* shortcuts a text */
    jc_shortcut **copies;          /* [2 n]: of the first text, then of the second */
    jc_results *on[2];             /* on each text */
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
            st = jc_shortcut_lend_map(copy, map, err);
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

    return jc_eval(&x->on[at], x->model, copies, 2 * x->n, x->texts[at].val, params, err);
}

/* ---- the section ---- */

/* A method: the maps of the first and the second text, on the first and the second. */
typedef struct table {
    char name[2 * NAME];
    jc_estimate mean[2][2]; /* precision@1, over the layers before the last */
    double *curve[2][2];    /* [taps]: by layer */
} table;

typedef struct figures {
    const char *texts[2];
    uint64_t n_val[2];
    table *tables; /* [n], the identity last */
    size_t n;
} figures;

static bool is_taken(const figures *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->tables[i].name, name) == 0)
            return true;
    return false;
}

/* The method of shortcut i, with a number where it is not the first of it. */
static void name_method(const struct transfer *x, const figures *f, size_t i,
                        char name[2 * NAME])
{
    const char *method = jc_shortcut_meta(x->texts[0].shortcuts[i], "method");

    snprintf(name, 2 * NAME, "%.30s", method ? method : "unnamed");
    for (size_t same = 2; is_taken(f, name); same++)
        snprintf(name, 2 * NAME, "%.30s-%zu", method ? method : "unnamed", same);
}

/* `names`: of the copies of the first and the second text. */
static jc_status add_table(const struct transfer *x, jc_section *section, figures *f,
                           const char *const names[2], jc_error *err)
{
    table *t = &f->tables[f->n++];

    for (size_t of = 0; of < 2; of++)
        for (size_t on = 0; on < 2; on++) {
            const jc_section *jump = jc_results_find(x->on[on], "jump");
            const jc_jump_figures *scores = jump->figures;
            size_t m = 0;
            while (strcmp(jump->methods[m], names[of]) != 0)
                m++;
            double *curve = jc_section_room(section, jump->taps, sizeof *curve);
            if (!curve)
                return jc_fail_nomem(err, "the scores of two texts");
            for (uint32_t l = 0; l < jump->taps; l++)
                curve[l] = scores->layer[m * jump->taps + l].p1.value;
            t->mean[of][on] = scores->mean[m];
            t->curve[of][on] = curve;
            section->taps = jump->taps;
        }
    return JC_OK;
}

static void write_table(const jc_section *section, const table *t, jc_json *json,
                        json_t *map)
{
    json_t *object = jc_put_object(json, map, t->name);
    json_t *means = jc_put_list(json, object, "p1_mean");
    json_t *intervals = jc_put_list(json, object, "p1_mean_ci");
    json_t *curves = jc_put_list(json, object, "p1");

    for (size_t of = 0; of < 2; of++) {
        json_t *mean = jc_put_list(json, means, NULL);
        json_t *interval = jc_put_list(json, intervals, NULL);
        json_t *pair = jc_put_list(json, curves, NULL);
        for (size_t on = 0; on < 2; on++) {
            json_t *curve = jc_put_list(json, pair, NULL);
            jc_put_number(json, mean, NULL, t->mean[of][on].value);
            jc_put_interval(json, interval, NULL, t->mean[of][on]);
            for (uint32_t l = 0; l < section->taps; l++)
                jc_put_number(json, curve, NULL, t->curve[of][on][l]);
        }
    }
}

static void write(const jc_section *section, jc_json *json, json_t *root)
{
    const figures *f = section->figures;
    json_t *transfer = jc_put_object(json, root, "transfer");
    json_t *texts = jc_put_list(json, transfer, "texts");
    json_t *n_val = jc_put_list(json, transfer, "n_val");
    json_t *map = jc_put_object(json, transfer, "map");

    for (size_t at = 0; at < 2; at++) {
        jc_put_text(json, texts, NULL, f->texts[at]);
        jc_put_count(json, n_val, NULL, f->n_val[at]);
    }
    for (size_t i = 0; i < f->n; i++)
        write_table(section, &f->tables[i], json, map);
}

static jc_status make_section(const struct transfer *x, jc_results *results, jc_error *err)
{
    const char *id[2] = {"id", "id"};
    jc_section *section;
    jc_status st = jc_results_section(results, &section, err);

    if (st)
        return st;
    section->name = "transfer";
    section->write = write;
    figures *f = jc_section_room(section, 1, sizeof *f);
    if (f)
        f->tables = jc_section_room(section, x->n + 1, sizeof *f->tables);
    if (!f || !f->tables)
        return jc_fail_nomem(err, "the scores of two texts");
    section->figures = f;
    for (size_t at = 0; at < 2; at++) {
        f->texts[at] = jc_section_text(section, x->texts[at].name);
        f->n_val[at] = jc_results_rows(x->on[at]);
        if (!f->texts[at])
            return jc_fail_nomem(err, "the scores of two texts");
    }
    for (size_t i = 0; i < x->n && st == JC_OK; i++) {
        char of[2][NAME];
        name_method(x, f, i, f->tables[i].name);
        name_copy(of[0], 0, i);
        name_copy(of[1], 1, i);
        st = add_table(x, section, f, (const char *[]){of[0], of[1]}, err);
    }
    snprintf(f->tables[x->n].name, sizeof f->tables->name, "id");
    return st ? st : add_table(x, section, f, id, err);
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

jc_status jc_transfer(jc_results **out, const jc_model *model,
                      const jc_transfer_text texts[2], size_t n_shortcuts,
                      const jc_eval_params *params, jc_error *err)
{
    JC_USE_THREADS(jc_model_threads(model));
    struct transfer x = {.model = model, .texts = texts, .n = n_shortcuts};
    jc_results *results = NULL;
    jc_status st = jc_want_out(out, err);

    if (st)
        return st;
    st = jc_model_ready(model, err);
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
    if (st == JC_OK)
        st = jc_results_new(&results, err);
    if (st == JC_OK)
        st = make_section(&x, results, err);
    for (size_t at = 0; at < 2; at++)
        jc_results_free(x.on[at]);
    for (size_t i = 0; x.copies && i < 2 * n_shortcuts; i++)
        jc_shortcut_free(x.copies[i]);
    jc_free(x.copies);
    if (st) {
        jc_results_free(results);
        return st;
    }
    *out = results;
    return JC_OK;
}
