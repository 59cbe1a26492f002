/* SPDX-License-Identifier: MIT */
/*
 * study_folder.c: whose folder `jumpcut study --out` writes to. study.json there says which
 * model and which options made it. The same study may be run again in its place; another
 * one would mix its files with those of the first, or lose them, and wants --force.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/utf8.h"
#include "cli/inputs.h"
#include "cli/output.h"
#include "cli/study.h"

/* These change no figure. */
static const char *const aside[] = {"out", "quiet", "force", "dry-run", "threads", "batch"};

static json_t *text_of(const char *text)
{
    char *name = text ? jc_utf8_name(text) : NULL;
    json_t *json = text ? (name ? json_string(name) : NULL) : json_null();

    jc_free(name);
    return json;
}

static json_t *list_of(const jc_list *list)
{
    json_t *json = json_array();

    for (size_t i = 0; i < list->n; i++)
        if (json_array_append_new(json, text_of(list->item[i])) != 0) {
            json_decref(json);
            return NULL;
        }
    return json;
}

/* What the option is now. */
static json_t *value_of(const jc_args *args, const jc_flag *flag)
{
    const char *params = flag->group->own ? (const char *)&args->own
                                          : (const char *)args + flag->group->params;
    const void *at = params + flag->row->offset;

    if (flag->many)
        return list_of(at);
    switch (flag->row->type) {
    case JC_OPTION_BOOL:
        return json_boolean(*(const bool *)at);
    case JC_OPTION_U32:
        return json_integer(*(const uint32_t *)at);
    case JC_OPTION_U64:
        return json_integer((json_int_t) * (const uint64_t *)at);
    case JC_OPTION_REAL:
        return json_real(*(const double *)at);
    case JC_OPTION_TEXT:
        return text_of(*(const char *const *)at);
    }
    return NULL;
}

static bool is_aside(const char *name)
{
    for (size_t i = 0; i < JC_COUNT_OF(aside); i++)
        if (strcmp(aside[i], name) == 0)
            return true;
    return false;
}

/* A name for the contents of a file: null where it cannot be read, or only once. */
static json_t *contents_of(const char *path)
{
    uint64_t part[4096], hash[2] = {0x243f6a8885a308d3, 0x13198a2e03707344};
    char text[36];
    size_t bytes;
    FILE *f = strcmp(path, "-") ? fopen(path, "rb") : NULL;

    if (!f)
        return json_null();
    do {
        memset(part, 0, sizeof part);
        bytes = fread(part, 1, sizeof part, f);
        for (size_t i = 0; i < (bytes + 7) / 8; i++)
            for (int k = 0; k < 2; k++) {
                hash[k] =
                    (hash[k] ^ part[i]) * (k ? 0x9e3779b97f4a7c15 : 0xbf58476d1ce4e5b9);
                hash[k] ^= hash[k] >> 29;
            }
        hash[0] += bytes;
    } while (bytes == sizeof part);
    fclose(f);
    snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64, hash[0], hash[1]);
    return json_string(text);
}

/* The contents of all texts, in order; NULL: out of memory. */
static json_t *texts_of(const jc_own *own)
{
    const jc_list *lists[] = {&own->text, &own->transfer};
    json_t *texts = json_array();
    int failed = !texts;

    for (size_t k = 0; k < JC_COUNT_OF(lists) && !failed; k++)
        for (size_t i = 0; i < lists[k]->n; i++)
            failed |= json_array_append_new(texts, contents_of(lists[k]->item[i]));
    if (!failed)
        return texts;
    json_decref(texts);
    return NULL;
}

/* The options of this run; NULL: out of memory. */
static json_t *options_of(const jc_cli *cli)
{
    jc_flag flags[JC_FLAGS_MAX];
    size_t n = jc_flags(cli->command, flags);
    json_t *options = json_object();

    for (size_t i = 0; i < n; i++) {
        const char *name = flags[i].row->name;
        if (flags[i].repeated || is_aside(name))
            continue;
        if (json_object_set_new(options, name, value_of(&cli->args, &flags[i])) != 0) {
            json_decref(options);
            return NULL;
        }
    }
    return options;
}

static json_t *describe(const jc_study *s)
{
    const jc_model_info *info = jc_model_get_info(s->model);

    return json_pack("{s:s, s:s, s:o, s:s, s:o, s:o}", "format", "jumpcut-study/1",
                     "version", jc_version(), "model", text_of(info->path), "fingerprint",
                     info->fingerprint, "texts", texts_of(&s->cli->args.own), "options",
                     options_of(s->cli));
}

/* ---- what is there ---- */

static bool is_there(const char *folder, const char *name)
{
    char *path = jc_format("%s/%s", folder, name);
    struct stat info;
    bool there = path && stat(path, &info) == 0;

    free(path);
    return there;
}

static jc_status refuse(const char *folder, const char *what, jc_error *err)
{
    return jc_cli_fail(err, JC_E_ARG,
                       "cannot write to '%s': it holds a study %s; choose another folder, "
                       "or --force to write over it",
                       folder, what);
}

/* Compare with the study that the folder holds. */
static jc_status compare(const jc_study *s, const json_t *own, const json_t *other,
                         jc_error *err)
{
    const char *folder = s->cli->args.own.out, *name;
    json_t *a = json_object_get(own, "fingerprint"), *value;
    json_t *options = json_object_get(other, "options");
    char what[120];

    if (!json_equal(a, json_object_get(other, "fingerprint")))
        return refuse(folder, "of another model", err);
    json_object_foreach(json_object_get(own, "options"), name, value)
    {
        if (json_equal(value, json_object_get(options, name)))
            continue;
        snprintf(what, sizeof what, "with another '--%.60s'", name);
        return refuse(folder, what, err);
    }
    if (json_object_get(other, "texts") &&
        !json_equal(json_object_get(own, "texts"), json_object_get(other, "texts")))
        return refuse(folder, "of texts that have changed since", err);
    return JC_OK;
}

static jc_status check(jc_study *s, const json_t *own, const char *path, jc_error *err)
{
    static const char *const kept[] = {"results.json", "samples.jsonl"};
    const char *folder = s->cli->args.own.out;
    json_error_t why = {0};

    if (is_there(folder, "study.json")) {
        json_t *other = json_load_file(path, 0, &why);
        if (!other && jc_json_short(&why))
            return jc_cli_fail(err, JC_E_NOMEM, "out of memory for '%s'", path);
        jc_status st = other ? compare(s, own, other, err)
                             : refuse(folder, "whose options cannot be read", err);
        s->resumes =
            st == JC_OK && json_object_get(other, "texts") &&
            json_equal(json_object_get(own, "version"), json_object_get(other, "version"));
        json_decref(other);
        return st;
    }
    for (size_t i = 0; i < JC_COUNT_OF(kept); i++)
        if (is_there(folder, kept[i]))
            return refuse(folder, "whose options are not known", err);
    return JC_OK;
}

static bool is_model_folder(const jc_study *s)
{
    struct stat out, model;

    return stat(s->cli->args.own.out, &out) == 0 && stat(s->model_path, &model) == 0 &&
           out.st_dev == model.st_dev && out.st_ino == model.st_ino;
}

/* None of the files that the study writes is one that it reads. */
static jc_status spare_inputs(const jc_study *s, jc_error *err)
{
    static const char *const names[] = {"study.json", "samples.jsonl", "results.json",
                                        "report.html", "transfer.samples.jsonl"};
    char *path[JC_COUNT_OF(names)] = {NULL};
    jc_status st = JC_OK;

    for (size_t i = 0; i < JC_COUNT_OF(names); i++) {
        path[i] = jc_format("%s/%s", s->cli->args.own.out, names[i]);
        if (!path[i])
            st = jc_cli_fail(err, JC_E_NOMEM, "out of memory for paths");
    }
    if (st == JC_OK)
        st = jc_inputs_spare(s->cli, (const char *const *)path, JC_COUNT_OF(names), err);
    for (size_t i = 0; i < JC_COUNT_OF(names); i++)
        free(path[i]);
    return st;
}

/* Of another study, or of this one that is to be made anew. */
static void remove_stages(const jc_study *s)
{
    static const char *const names[] = {"samples.jsonl", "results.json", "report.html",
                                        "transfer.samples.jsonl"};

    for (size_t i = 0; i < JC_COUNT_OF(names) + 2 * s->n; i++) {
        size_t k = i - JC_COUNT_OF(names);
        char *path = i < JC_COUNT_OF(names)
                         ? jc_format("%s/%s", s->cli->args.own.out, names[i])
                         : jc_format("%s/%s%s.safetensors", s->cli->args.own.out,
                                     k % 2 ? "transfer." : "", s->method[k / 2]);
        if (path)
            unlink(path);
        free(path);
    }
    jc_study_drop_sums(s);
}

jc_status jc_study_folder(jc_study *s, jc_error *err)
{
    const jc_own *own = &s->cli->args.own;
    char *path = jc_format("%s/study.json", own->out), *text = NULL;
    json_t *json = describe(s);
    jc_status st =
        path && json ? JC_OK : jc_cli_fail(err, JC_E_NOMEM, "out of memory for options");

    if (st == JC_OK && is_model_folder(s))
        st = jc_cli_fail(err, JC_E_ARG, "cannot write to '%s': it is the model's folder",
                         own->out);
    if (st == JC_OK && !own->force)
        st = check(s, json, path, err);
    struct stat info;
    s->made_folder = stat(own->out, &info) != 0;
    if (st == JC_OK)
        st = jc_output_folder(own->out, err);
    if (st == JC_OK)
        st = spare_inputs(s, err);
    if (st == JC_OK && !s->resumes)
        remove_stages(s);
    s->began = st == JC_OK && !s->resumes;
    if (st == JC_OK) {
        text = json_dumps(json, JSON_INDENT(1));
        st = text ? jc_output_text(path, text, err)
                  : jc_cli_fail(err, JC_E_NOMEM, "out of memory for options");
    }
    free(text);
    json_decref(json);
    free(path);
    return st;
}
