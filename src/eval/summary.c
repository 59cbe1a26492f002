/* SPDX-License-Identifier: MIT */
/* summary.c: what was scored: model, texts, where the shortcuts come from, what they cost.
 */
#include "eval/summary.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "shortcut/shortcut.h"

/* Of a shortcut's metadata. */
struct fit {
    const char *method;
    double ridge;
    bool bias;
    uint64_t rank; /* of narrow maps, 0: of all others */
    uint64_t rows, texts;
    const char *sources; /* JSON, or NULL */
    size_t shortcut;     /* its place among those given to jc_eval() */
};

typedef struct summary {
    jc_model_info model; /* its texts are the section's */
    jc_eval_counts counts;
    int64_t exit_position; /* -1: each token's own */
    struct fit *fits;      /* [n_methods], but for the identity's */
    jc_map_cost *costs;    /* [n_methods]: of all maps to the last layer, flops of one */
} summary;

/* ---- making ---- */

static bool copy_model(summary *s, jc_section *section, const jc_model_info *info)
{
    char *path = jc_utf8_name(info->path);

    s->model = *info;
    s->model.path = jc_section_text(section, path);
    s->model.architecture = jc_section_text(section, info->architecture);
    s->model.stored_dtype = jc_section_text(section, info->stored_dtype);
    s->model.backend = jc_section_text(section, info->backend);
    s->model.dtype = jc_section_text(section, info->dtype);
    s->model.fingerprint = jc_section_text(section, info->fingerprint);
    jc_free(path);
    return s->model.path && s->model.architecture && s->model.stored_dtype &&
           s->model.backend && s->model.dtype && s->model.fingerprint;
}

static uint64_t whole_number(const char *text)
{
    return text ? strtoull(text, NULL, 10) : 0;
}

static bool copy_fit(struct fit *fit, jc_section *section, const jc_eval_run *run,
                     const jc_shortcut *shortcut)
{
    const char *method = jc_shortcut_meta(shortcut, "method");
    const char *ridge = jc_shortcut_meta(shortcut, "ridge");
    const char *bias = jc_shortcut_meta(shortcut, "bias");
    const char *texts = jc_shortcut_meta(shortcut, "texts.files");

    fit->method = jc_section_text(section, method ? method : "");
    fit->ridge = ridge ? jc_real_parse(ridge, NULL) : 0;
    fit->bias = bias && strcmp(bias, "true") == 0;
    fit->rank = whole_number(jc_shortcut_meta(shortcut, "rank"));
    fit->rows = whole_number(jc_shortcut_meta(shortcut, "rows"));
    fit->texts = whole_number(jc_shortcut_meta(shortcut, "rows.texts"));
    fit->sources = jc_section_text(section, texts);
    while (run->shortcuts[fit->shortcut] != shortcut)
        fit->shortcut++;
    return fit->method && (fit->sources || !texts);
}

/* What a method's maps to the last layer cost: all of them in numbers and bytes, what they
 * share once; and the most that one takes for a token. */
static jc_map_cost cost_of(const jc_packed *method, uint32_t taps)
{
    jc_map_cost all = {0};
    const jc_map *shared = NULL;

    for (uint32_t l = 0; l + 1 < taps && method->shortcut; l++) {
        const jc_map *map = jc_shortcut_find(method->shortcut, l, taps - 1);
        jc_map_cost cost = jc_map_costs(map);
        all.parameters += cost.parameters;
        all.bytes += cost.bytes;
        all.flops = cost.flops > all.flops ? cost.flops : all.flops;
        if (map->base && map->base != shared) {
            shared = map->base;
            cost = jc_map_costs(shared);
            all.parameters += cost.parameters;
            all.bytes += cost.bytes;
        }
    }
    return all;
}

/* ---- writing ---- */

static void write_model(const jc_model_info *info, jc_json *json, json_t *root)
{
    json_t *model = jc_put_object(json, root, "model");
    size_t n = strlen(info->path), start;

    while (n > 1 && info->path[n - 1] == '/')
        n--;
    for (start = n; start > 0 && info->path[start - 1] != '/';)
        start--;
    jc_put_text(json, model, "path", info->path);
    jc_put_value(json, model, "name", json_stringn(info->path + start, n - start));
    jc_put_text(json, model, "architecture", info->architecture);
    jc_put_count(json, model, "layers", info->layers);
    jc_put_count(json, model, "width", info->width);
    jc_put_count(json, model, "heads", info->heads);
    jc_put_count(json, model, "context", info->context);
    jc_put_count(json, model, "vocab", info->vocab);
    jc_put_count(json, model, "parameters", info->parameters);
    jc_put_text(json, model, "stored_dtype", info->stored_dtype);
    jc_put_text(json, model, "backend", info->backend);
    jc_put_text(json, model, "dtype", info->dtype);
    jc_put_text(json, model, "fingerprint", info->fingerprint);
    jc_put_flag(json, model, "head", info->has_head);
}

static void write_data(const summary *s, jc_json *json, json_t *root)
{
    json_t *data = jc_put_object(json, root, "data");

    jc_put_count(json, data, "texts", s->counts.texts);
    jc_put_count(json, data, "rows", s->counts.rows);
    if (s->counts.route_rows) {
        jc_put_count(json, data, "route_texts", s->counts.route_texts);
        jc_put_count(json, data, "route_rows", s->counts.route_rows);
    }
    if (s->exit_position < 0)
        jc_put_null(json, data, "exit_position");
    else
        jc_put_count(json, data, "exit_position", (uint64_t)s->exit_position);
}

/* Sources that are no list were written by another program, and are left out. */
static void write_sources(const char *text, jc_json *json, json_t *object)
{
    json_error_t why = {0};
    json_t *sources = text ? json_loads(text, 0, &why) : NULL;

    if (json_is_array(sources)) {
        jc_put_value(json, object, "sources", sources);
        return;
    }
    json->failed |= text && !sources && jc_json_no_memory(&why);
    json_decref(sources);
}

static void write_fit(const struct fit *fit, jc_json *json, json_t *fits, const char *name)
{
    json_t *object = jc_put_object(json, fits, name);

    jc_put_text(json, object, "method", fit->method);
    jc_put_number(json, object, "ridge", fit->ridge);
    jc_put_flag(json, object, "bias", fit->bias);
    if (fit->rank)
        jc_put_count(json, object, "rank", fit->rank);
    jc_put_count(json, object, "rows", fit->rows);
    jc_put_count(json, object, "texts", fit->texts);
    write_sources(fit->sources, json, object);
}

void jc_cost_write(const jc_map_cost *cost, jc_json *json, json_t *object)
{
    jc_put_count(json, object, "parameters", cost->parameters);
    jc_put_count(json, object, "bytes", cost->bytes);
    jc_put_count(json, object, "flops", cost->flops);
}

static void write(const jc_section *section, jc_json *json, json_t *root)
{
    const summary *s = section->figures;

    jc_put_text(json, root, "format", "jumpcut-results/1");
    write_model(&s->model, json, root);
    write_data(s, json, root);
    json_t *fits = jc_put_object(json, root, "fits");
    for (size_t m = 1; m < section->n_methods; m++)
        write_fit(&s->fits[m], json, fits, section->methods[m]);
    json_t *costs = jc_put_object(json, root, "cost");
    for (size_t m = 0; m < section->n_methods; m++)
        jc_cost_write(&s->costs[m], json, jc_put_object(json, costs, section->methods[m]));
    jc_put_count(json, root, "n_val", s->counts.rows);
}

jc_status jc_eval_summary(const jc_eval_run *run, const jc_eval_counts *counts,
                          jc_section *section, jc_error *err)
{
    summary *s = jc_section_room(section, 1, sizeof *s);

    section->name = "summary";
    section->write = write;
    if (!s)
        return jc_fail_nomem(err, "the results");
    s->counts = *counts;
    s->exit_position = jc_eval_exit_position(run);
    s->fits = jc_section_room(section, run->n_methods, sizeof *s->fits);
    s->costs = jc_section_room(section, run->n_methods, sizeof *s->costs);
    bool copied = s->fits && s->costs && copy_model(s, section, run->info);
    for (size_t m = 0; m < run->n_methods && copied; m++) {
        const jc_packed *method = &run->methods[m];
        s->costs[m] = cost_of(method, run->taps);
        copied = !method->shortcut || copy_fit(&s->fits[m], section, run, method->shortcut);
    }
    section->figures = s;
    return copied ? JC_OK : jc_fail_nomem(err, "the results");
}

uint64_t jc_results_rows(const jc_results *results)
{
    const jc_section *section = jc_results_find(results, "summary");

    return section ? ((const summary *)section->figures)->counts.rows : 0;
}

const jc_map_cost *jc_results_costs(const jc_results *results)
{
    const jc_section *section = jc_results_find(results, "summary");

    return section ? ((const summary *)section->figures)->costs : NULL;
}

const char *jc_results_fit(const jc_results *results, size_t shortcut)
{
    const jc_section *section = results ? jc_results_find(results, "summary") : NULL;
    const summary *s = section ? section->figures : NULL;

    for (size_t m = 1; s && m < section->n_methods; m++)
        if (s->fits[m].shortcut == shortcut)
            return section->methods[m];
    return NULL;
}
