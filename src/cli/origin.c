/* SPDX-License-Identifier: MIT */
/* origin.c: what a shortcut was fitted on, kept in its metadata, and a note when it is then
 * scored on the same texts; and what scores were made on, kept in the results. The library
 * does not know: it is given streams, not files. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/work.h"
#include "cli/output.h"

#define OWN_WRITING "the model's own writing"

/* The name of a file, which may hold any byte. */
static json_t *name_of(const char *path)
{
    char *name = jc_cli_readable(path);
    json_t *json = json_string(name);

    free(name);
    return json;
}

/* Names as a JSON list. */
static json_t *names(const jc_list *list, const char *one)
{
    json_t *json = json_array();

    for (size_t i = 0; i < list->n; i++)
        json_array_append_new(json, name_of(list->item[i]));
    if (one)
        json_array_append_new(json, name_of(one));
    return json;
}

static char *list_of(const jc_list *list, const char *one)
{
    json_t *json = names(list, one);
    char *text = json_dumps(json, JSON_COMPACT);

    json_decref(json);
    return text;
}

static jc_status record(jc_shortcut *shortcut, const char *key, char *value, jc_error *err)
{
    jc_status st = value ? jc_shortcut_set_meta(shortcut, key, value, err)
                         : jc_cli_fail(err, JC_E_NOMEM, "out of memory for metadata");

    free(value);
    return st;
}

static jc_status record_number(jc_shortcut *shortcut, const char *key, uint64_t n,
                               jc_error *err)
{
    return record(shortcut, key, jc_format("%" PRIu64, n), err);
}

jc_status jc_origin_record(const jc_cli *cli, jc_shortcut *shortcut, jc_error *err)
{
    const jc_own *own = &cli->args.own;
    const jc_samples_params *s = &cli->args.samples;
    jc_status st;

    if (own->sums.n) /* what they were gathered from is not known here */
        return record(shortcut, "sums", list_of(&own->sums, NULL), err);
    if (cli->args.self.self_text)
        st = record_number(shortcut, "texts.self", cli->args.self.self_text, err);
    else
        st = record(shortcut, "texts.files", list_of(&own->text, own->samples), err);
    if (st == JC_OK)
        st = jc_shortcut_set_meta(shortcut, "texts.split", s->split, err);
    if (st == JC_OK && own->samples)
        return JC_OK; /* the file says how its texts were chosen */
    if (st == JC_OK)
        st = jc_shortcut_set_meta(shortcut, "texts.unit", s->unit, err);
    if (st == JC_OK)
        st = jc_shortcut_set_meta(shortcut, "positions", s->positions, err);
    if (st == JC_OK)
        st = record_number(shortcut, "seed", s->seed, err);
    if (st == JC_OK)
        st = record_number(shortcut, "train", s->train, err);
    if (st == JC_OK)
        st = record_number(shortcut, "val", s->val, err);
    return st;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Whether `name`, of a list of names, is that of the file. */
static bool is_name(const char *name, const char *path)
{
    char *own = jc_cli_readable(path);
    bool same = own && strcmp(base_name(name), base_name(own)) == 0;

    free(own);
    return same;
}

/* The first file that both lists name, NULL where there is none. Standard input is not
 * one: it was something else then. */
static const char *shared_file(const jc_own *own, const json_t *fitted)
{
    const json_t *name;
    size_t k;

    json_array_foreach((json_t *)(uintptr_t)fitted, k, name)
    {
        const char *text = json_string_value(name);
        if (!text || strcmp(text, "-") == 0)
            continue;
        if (own->samples && is_name(text, own->samples))
            return own->samples;
        for (size_t i = 0; i < own->text.n; i++)
            if (is_name(text, own->text.item[i]))
                return own->text.item[i];
    }
    return NULL;
}

static bool same_number(const jc_shortcut *shortcut, const char *key, uint64_t n)
{
    const char *value = jc_shortcut_meta(shortcut, key);

    return value && strtoull(value, NULL, 10) == n;
}

/* Two different splits, drawn in the same way. */
static bool is_disjoint(const jc_cli *cli, const jc_shortcut *shortcut)
{
    const jc_samples_params *s = &cli->args.samples;
    const char *split = jc_shortcut_meta(shortcut, "texts.split");
    const char *unit = jc_shortcut_meta(shortcut, "texts.unit");

    if (!split || strcmp(split, "all") == 0 || strcmp(s->split, "all") == 0 ||
        strcmp(split, s->split) == 0)
        return false;
    if (cli->args.own.samples)
        return true;
    return unit && strcmp(unit, s->unit) == 0 && same_number(shortcut, "seed", s->seed) &&
           same_number(shortcut, "train", s->train) && same_number(shortcut, "val", s->val);
}

void jc_origin_compare(jc_cli *cli, const jc_shortcut *shortcut, const char *path)
{
    const char *texts = jc_shortcut_meta(shortcut, "texts.files");
    json_t *fitted = texts ? json_loads(texts, 0, NULL) : NULL;
    const char *file = shared_file(&cli->args.own, fitted);

    if (file && !is_disjoint(cli, shortcut)) {
        char note[400];
        snprintf(note, sizeof note,
                 "'%s' was fitted on texts of '%s' too: scores on them are too good; see "
                 "--train and --val",
                 path, file);
        cli->ui.hooks.note(cli->ui.hooks.arg, note);
    }
    json_decref(fitted);
}

/* Where the texts of a fit came from, as its shortcut's metadata tells. */
static json_t *sources_of(const jc_shortcut *shortcut)
{
    const char *files = jc_shortcut_meta(shortcut, "texts.files");
    const char *sums = jc_shortcut_meta(shortcut, "sums");
    json_t *list = NULL;

    if (jc_shortcut_meta(shortcut, "texts.self"))
        return json_pack("[s]", OWN_WRITING);
    if (files || sums)
        list = json_loads(files ? files : sums, 0, NULL);
    return list ? list : json_array();
}

/* The rows of "fits" stand in the order of the shortcuts. */
static void complete_fits(json_t *fits, jc_shortcut *const *shortcuts,
                          const char *const *paths)
{
    const char *name;
    json_t *fit;
    size_t i = 0;

    json_object_foreach(fits, name, fit)
    {
        json_object_set_new(fit, "sources", sources_of(shortcuts[i]));
        json_object_set_new(fit, "file", name_of(paths[i]));
        i++;
    }
}

jc_status jc_origin_complete(const jc_cli *cli, char **results,
                             jc_shortcut *const *shortcuts, const char *const *paths,
                             jc_error *err)
{
    const jc_own *own = &cli->args.own;
    const jc_samples_params *s = &cli->args.samples;
    json_error_t why;
    json_t *json = json_loads(*results, 0, &why);
    json_t *data = json_object_get(json, "data");

    if (!json)
        return jc_cli_fail(err, JC_E_FORMAT, "cannot read results: %s", why.text);
    json_object_set_new(data, "sources",
                        cli->args.self.self_text ? json_pack("[s]", OWN_WRITING)
                                                 : names(&own->text, own->samples));
    /* a file of samples tells its positions, not how they were chosen */
    json_object_set_new(data, "positions",
                        json_string(own->samples ? "listed" : s->positions));
    json_object_set_new(data, "seed",
                        own->samples ? json_null() : json_integer((json_int_t)s->seed));
    complete_fits(json_object_get(json, "fits"), shortcuts, paths);
    char *text = json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
    json_decref(json);
    if (!text)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for the results");
    free(*results);
    *results = jc_format("%s\n", text);
    free(text);
    return *results ? JC_OK : jc_cli_fail(err, JC_E_NOMEM, "out of memory for the results");
}
