/* SPDX-License-Identifier: MIT */
/* origin.c: what a shortcut was fitted on, kept in its metadata, and a note when it is then
 * scored on the same texts; and what scores were made on, kept in the results. The library
 * does not know: it is given streams, not files. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/work.h"
#include "cli/output.h"

#define OWN_WRITING "the model's own writing"

bool jc_json_short(const json_error_t *why)
{
    return !why->text[0] || json_error_code(why) == json_error_out_of_memory;
}

/* The name of a file as JSON; NULL: out of memory. */
static json_t *name_of(const char *path)
{
    char *name = jc_utf8_name(path);
    json_t *json = name ? json_string(name) : NULL;

    jc_free(name);
    return json;
}

/* The files of a list, or the one; NULL: out of memory. */
static json_t *names(const jc_list *list, const char *one)
{
    json_t *json = json_array();
    bool made = true;

    for (size_t i = 0; i < list->n; i++)
        made &= json_array_append_new(json, name_of(list->item[i])) == 0;
    if (one)
        made &= json_array_append_new(json, name_of(one)) == 0;
    if (made)
        return json;
    json_decref(json);
    return NULL;
}

static char *list_of(const jc_list *list, const char *one)
{
    json_t *json = names(list, one);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    json_decref(json);
    return text;
}

/* Where it is kept: in shortcuts, or in sums. */
typedef struct target {
    jc_shortcut *shortcut;
    jc_stats *stats;
} target;

static jc_status set(const target *to, const char *key, const char *value, jc_error *err)
{
    return to->shortcut ? jc_shortcut_set_meta(to->shortcut, key, value, err)
                        : jc_stats_set_meta(to->stats, key, value, err);
}

static jc_status record(const target *to, const char *key, char *value, jc_error *err)
{
    jc_status st = value ? set(to, key, value, err)
                         : jc_cli_fail(err, JC_E_NOMEM, "out of memory for metadata");

    free(value);
    return st;
}

static jc_status record_number(const target *to, const char *key, uint64_t n, jc_error *err)
{
    return record(to, key, jc_format("%" PRIu64, n), err);
}

/* What this run does. */
static jc_status record_run(const jc_cli *cli, const target *to, jc_error *err)
{
    const jc_own *own = &cli->args.own;
    const jc_samples_params *s = &cli->args.samples;
    jc_status st;

    if (cli->args.self.self_text)
        st = record_number(to, "texts.self", cli->args.self.self_text, err);
    else
        st = record(to, "texts.files", list_of(&own->text, own->samples), err);
    if (st == JC_OK)
        st = set(to, "texts.split", s->split, err);
    if (st == JC_OK && own->samples)
        return JC_OK; /* the file says how its texts were chosen */
    if (st == JC_OK)
        st = set(to, "texts.unit", s->unit, err);
    if (st == JC_OK)
        st = set(to, "positions", s->positions, err);
    if (st == JC_OK)
        st = record_number(to, "seed", s->seed, err);
    if (st == JC_OK)
        st = record_number(to, "train", s->train, err);
    if (st == JC_OK)
        st = record_number(to, "val", s->val, err);
    return st;
}

/* What the sums say of theirs. */
static jc_status record_sums(const jc_cli *cli, const target *to, const jc_stats *stats,
                             jc_error *err)
{
    static const char *const keys[] = {"texts.self", "texts.files", "texts.split",
                                       "texts.unit", "positions",   "seed",
                                       "train",      "val"};
    jc_status st = record(to, "sums", list_of(&cli->args.own.sums, NULL), err);

    for (size_t i = 0; i < JC_COUNT_OF(keys) && st == JC_OK; i++) {
        const char *value = jc_stats_meta(stats, keys[i]);
        st = value ? set(to, keys[i], value, err) : JC_OK;
    }
    return st;
}

jc_status jc_origin_record(const jc_cli *cli, jc_shortcut *shortcut, const jc_stats *stats,
                           jc_error *err)
{
    const target to = {.shortcut = shortcut};

    return cli->args.own.sums.n ? record_sums(cli, &to, stats, err)
                                : record_run(cli, &to, err);
}

jc_status jc_origin_of_sums(const jc_cli *cli, jc_stats *stats, jc_error *err)
{
    const target to = {.stats = stats};

    return cli->args.own.sums.n ? JC_OK : record_run(cli, &to, err);
}

/* The names of a list in metadata; NULL: none, or *why says that memory was short. */
static json_t *listed(const char *text, json_error_t *why)
{
    json_t *list = text ? json_loads(text, 0, why) : NULL;

    if (json_is_array(list))
        return list;
    json_decref(list);
    return NULL;
}

static bool has(const json_t *list, const json_t *name)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_equal(json_array_get(list, i), name))
            return true;
    return false;
}

jc_status jc_origin_join(char **files, const jc_stats *a, const jc_stats *b, jc_error *err)
{
    json_error_t why = {0};
    const char *of_a = jc_stats_meta(a, "texts.files");
    const char *of_b = jc_stats_meta(b, "texts.files");
    json_t *all = listed(of_a ? of_a : of_b, &why), *more = listed(of_b, &why), *name;
    bool made = true;
    size_t i;

    *files = NULL;
    json_array_foreach(more, i, name) made &=
        has(all, name) || json_array_append(all, name) == 0;
    if (all && made)
        *files = json_dumps(all, JSON_COMPACT);
    made &= *files || (!all && !(jc_json_short(&why) && (of_a || of_b)));
    json_decref(all);
    json_decref(more);
    return made ? JC_OK : jc_cli_fail(err, JC_E_NOMEM, "out of memory for metadata");
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Whether the path ends in the name of the file that `fitted` was. */
static bool has_name(const char *path, const char *fitted)
{
    char *name = jc_utf8_name(base_name(path));
    bool same = name && strcmp(name, base_name(fitted)) == 0;

    jc_free(name);
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
        if (own->samples && has_name(own->samples, text))
            return own->samples;
        for (size_t i = 0; i < own->text.n; i++)
            if (has_name(own->text.item[i], text))
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

/* Whether both are of texts that the model wrote from the same seed. */
static bool shares_writing(const jc_cli *cli, const jc_shortcut *shortcut)
{
    return cli->args.self.self_text && jc_shortcut_meta(shortcut, "texts.self") &&
           same_number(shortcut, "seed", cli->args.samples.seed);
}

jc_status jc_origin_compare(jc_cli *cli, const jc_shortcut *shortcut, const char *path,
                            jc_error *err)
{
    const char *texts = jc_shortcut_meta(shortcut, "texts.files");
    json_error_t why = {0};
    json_t *fitted = texts ? json_loads(texts, 0, &why) : NULL;

    if (texts && !fitted && jc_json_short(&why))
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for '%s'", path);
    const char *file = shared_file(&cli->args.own, fitted);
    const bool written = shares_writing(cli, shortcut);

    if ((file || written) && !is_disjoint(cli, shortcut)) {
        char note[400];
        if (file)
            snprintf(note, sizeof note,
                     "'%s' was fitted on texts of '%s' too: scores on them are too good; "
                     "see --train and --val",
                     path, file);
        else
            snprintf(note, sizeof note,
                     "'%s' was fitted on texts that the model wrote from the same seed: "
                     "scores on them are too good; see --seed, --train and --val",
                     path);
        jc_ui_note(&cli->ui, note);
    }
    json_decref(fitted);
    return JC_OK;
}

/* Where the texts of a fit came from, as its shortcut's metadata tells; NULL: out of
 * memory. */
static json_t *sources_of(const jc_shortcut *shortcut)
{
    const char *files = jc_shortcut_meta(shortcut, "texts.files");
    const char *sums = jc_shortcut_meta(shortcut, "sums");
    json_error_t why = {0};

    if (jc_shortcut_meta(shortcut, "texts.self"))
        return json_pack("[s]", OWN_WRITING);
    if (!files && !sums)
        return json_array();
    json_t *list = json_loads(files ? files : sums, 0, &why);
    return list || jc_json_short(&why) ? list : json_array(); /* another program's */
}

/* {"METHOD": {"sources": ..., "file": ...}, ...}; NULL: out of memory. */
static json_t *describe_fits(const jc_results *results, jc_shortcut *const *shortcuts,
                             const char *const *paths, size_t n)
{
    json_t *fits = json_object();
    bool made = true;

    for (size_t i = 0; i < n; i++) {
        const char *name = jc_results_fit(results, i);
        if (name)
            made &= json_object_set_new(fits, name,
                                        json_pack("{s:o, s:o}", "sources",
                                                  sources_of(shortcuts[i]), "file",
                                                  name_of(paths[i]))) == 0;
    }
    if (made)
        return fits;
    json_decref(fits);
    return NULL;
}

/* The same of the texts that the scores are of. */
static json_t *describe_data(const jc_cli *cli)
{
    const jc_own *own = &cli->args.own;
    const jc_samples_params *s = &cli->args.samples;
    bool listed = own->samples != NULL; /* the file tells positions, not how they came */
    json_t *sources = cli->args.self.self_text ? json_pack("[s]", OWN_WRITING)
                                               : names(&own->text, own->samples);

    return json_pack("{s:o, s:s, s:o}", "sources", sources, "positions",
                     listed ? "listed" : s->positions, "seed",
                     listed ? json_null() : json_integer((json_int_t)s->seed));
}

/* What made the results: the version, and the command line. */
static json_t *describe_run(const jc_cli *cli)
{
    const jc_list said = {.item = cli->said, .n = cli->n_said};
    json_t *command = names(&said, NULL);

    if (command && json_array_insert_new(command, 0, json_string("jumpcut")) != 0) {
        json_decref(command);
        command = NULL;
    }
    return json_pack("{s:s, s:o}", "version", jc_version(), "command", command);
}

jc_status jc_origin_complete(const jc_cli *cli, jc_results *results,
                             jc_shortcut *const *shortcuts, const char *const *paths,
                             size_t n, char **json, jc_error *err)
{
    json_t *own =
        json_pack("{s:o, s:o, s:o}", "made", describe_run(cli), "data", describe_data(cli),
                  "fits", describe_fits(results, shortcuts, paths, n));
    char *text = own ? json_dumps(own, JSON_COMPACT) : NULL, *whole = NULL;
    jc_status st = text ? jc_results_add(results, text, err)
                        : jc_cli_fail(err, JC_E_NOMEM, "out of memory for the results");

    json_decref(own);
    free(text);
    if (st == JC_OK)
        st = jc_results_json(results, &whole, err);
    *json = st == JC_OK ? jc_format("%s\n", whole) : NULL;
    free(whole);
    return st || *json ? st : jc_cli_fail(err, JC_E_NOMEM, "out of memory for the results");
}
