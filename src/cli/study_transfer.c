/* SPDX-License-Identifier: MIT */
/* study_transfer.c: `jumpcut study --transfer`: the same maps fitted on other text, each
 * scored on both. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "cli/output.h"
#include "cli/study.h"

static bool has_standard_input(const jc_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->item[i], "-") == 0)
            return true;
    return false;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

static void note_same_files(jc_cli *cli)
{
    const jc_list *text = &cli->args.own.text, *other = &cli->args.own.transfer;
    char note[400];

    for (size_t i = 0; i < other->n; i++)
        for (size_t k = 0; k < text->n; k++)
            if (is_same_file(other->item[i], text->item[k])) {
                snprintf(
                    note, sizeof note,
                    "'%.300s' is in '--text' and in '--transfer': it is not other text",
                    other->item[i]);
                jc_ui_note(&cli->ui, note);
                break;
            }
}

jc_status jc_study_check_transfer(jc_cli *cli, jc_error *err)
{
    const jc_own *own = &cli->args.own;

    if (!own->transfer.n)
        return JC_OK;
    if (!own->text.n)
        return jc_cli_usage(cli, err,
                            "'--transfer' wants '--text', with whose texts its own are "
                            "compared");
    if (has_standard_input(&own->text) && has_standard_input(&own->transfer))
        return jc_cli_usage(cli, err, "standard input can be read only once");
    for (size_t i = 0; i < own->transfer.n; i++) { /* they are read last, after hours */
        const char *path = own->transfer.item[i];
        if (strcmp(path, "-") != 0 && access(path, R_OK) != 0)
            return jc_cli_fail(err, JC_E_IO, "cannot open '%s': %s", path, strerror(errno));
    }
    note_same_files(cli);
    return JC_OK;
}

/* ---- the other text ---- */

typedef struct other {
    char *samples; /* path */
    jc_shortcut *shortcut[JC_STUDY_METHODS];
} other;

/* Whether some method is not yet fitted. */
static bool wants_sums(const jc_study *s)
{
    bool wanted = false;

    for (size_t i = 0; i < s->n; i++) {
        char *path =
            jc_format("%s/transfer.%s.safetensors", s->cli->args.own.out, s->method[i]);
        jc_shortcut *there = NULL;
        wanted |= !path || !jc_study_open_fitted(s, path, &there);
        jc_shortcut_free(there);
        free(path);
    }
    return wanted;
}

/* Maps to the last layer are enough. */
static jc_status fit(jc_study *s, other *o, jc_error *err)
{
    jc_stats_params params = s->cli->args.stats;
    jc_work work = {0};
    jc_stats *stats = NULL;
    jc_status st = jc_work_samples(&work, s->cli, o->samples, "train", s->model, err);

    params.pairs = "final";
    params.parts = false;
    jc_ui_share(&s->cli->ui, 0, 0.5);
    if (st == JC_OK && wants_sums(s))
        st = jc_stats_gather(&stats, s->model, work.samples, &params, err);
    jc_work_close(&work);
    jc_ui_clear(&s->cli->ui);
    for (size_t i = 0; i < s->n && st == JC_OK; i++) {
        char *path =
            jc_format("%s/transfer.%s.safetensors", s->cli->args.own.out, s->method[i]);
        st = jc_study_fit(s, i, o->samples, stats, &o->shortcut[i], path, err);
        free(path);
    }
    jc_stats_free(stats);
    return st;
}

/* Texts as the report calls them: the name of the file, with its path where `whole`. */
static char *name_texts(const jc_list *files, bool whole)
{
    const char *first = files->item[0], *slash = strrchr(first, '/');
    const char *name = slash && slash[1] && !whole ? slash + 1 : first;

    if (strcmp(name, "-") == 0)
        name = "standard input";
    if (files->n == 1)
        return jc_format("%s", name);
    return jc_format("%s and %zu more", name, files->n - 1);
}

static jc_status compare(jc_study *s, const other *o, char *const names[2],
                         jc_results **results, jc_error *err)
{
    jc_work own = {0}, others = {0};
    jc_status st = jc_work_samples(&own, s->cli, s->samples, "val", s->model, err);

    if (st == JC_OK)
        st = jc_work_samples(&others, s->cli, o->samples, "val", s->model, err);
    jc_ui_share(&s->cli->ui, 0.6, 1);
    if (st == JC_OK) {
        const jc_transfer_text texts[2] = {
            {names[0], (const jc_shortcut *const *)s->shortcut, own.samples},
            {names[1], (const jc_shortcut *const *)o->shortcut, others.samples}};
        st = jc_transfer(results, s->model, texts, s->n, &s->cli->args.eval, err);
    }
    jc_work_close(&own);
    jc_work_close(&others);
    jc_ui_clear(&s->cli->ui);
    return st;
}

static jc_status score(jc_study *s, const other *o, const jc_list *text,
                       const jc_list *transfer, jc_error *err)
{
    char *names[2] = {name_texts(text, false), name_texts(transfer, false)};
    jc_results *results = NULL;

    if (names[0] && names[1] && strcmp(names[0], names[1]) == 0) {
        free(names[0]);
        free(names[1]);
        names[0] = name_texts(text, true);
        names[1] = name_texts(transfer, true);
    }
    jc_status st = names[0] && names[1]
                       ? compare(s, o, names, &results, err)
                       : jc_cli_fail(err, JC_E_NOMEM, "out of memory for names of texts");
    if (st == JC_OK)
        st = jc_results_take(s->results, results, "transfer", err);
    jc_results_free(results);
    free(names[0]);
    free(names[1]);
    return st;
}

jc_status jc_study_transfer(jc_study *s, jc_error *err)
{
    jc_own *own = &s->cli->args.own;
    const jc_list text = own->text;
    other o = {.samples = jc_format("%s/transfer.samples.jsonl", own->out)};
    jc_status st =
        o.samples ? JC_OK : jc_cli_fail(err, JC_E_NOMEM, "out of memory for paths");

    own->text = own->transfer; /* the work of this step, and what its shortcuts say of it */
    if (st == JC_OK)
        st = jc_study_draw(s, o.samples, err);
    if (st == JC_OK)
        st = fit(s, &o, err);
    own->text = text;
    if (st == JC_OK)
        st = score(s, &o, &text, &own->transfer, err);
    if (st == JC_OK)
        st = jc_study_save(s, err);
    for (size_t i = 0; i < s->n; i++)
        jc_shortcut_free(o.shortcut[i]);
    free(o.samples);
    if (st == JC_OK)
        jc_study_say("other text", s->results_path);
    return st;
}
