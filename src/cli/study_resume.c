/* SPDX-License-Identifier: MIT */
/*
 * study_resume.c: a study that was stopped goes on in its folder. What a stage has written
 * whole is taken from there: texts, shortcuts, sections of the results. The sums of the
 * training texts are gathered in shares, and those that were added up lie in
 * gathered.K-of-N.sums: sums of shares are the same bits as those of one run.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/output.h"
#include "cli/study.h"

/* A share takes some seconds: as many flops, at what a processor does. Sums are written
 * each CHECKPOINT seconds at most, as they may be large; JUMPCUT_CHECKPOINT says otherwise.
 */
static const double SHARE_FLOPS = 1e12, CHECKPOINT = 40;
enum { MOST_SHARES = 200, LEAST_SHARES = 8 /* where the time is chosen */ };

bool jc_study_there(const jc_study *s, const char *name)
{
    char *path = jc_format("%s/%s", s->cli->args.own.out, name);
    struct stat info;
    bool there = path && stat(path, &info) == 0;

    free(path);
    return there;
}

/* ---- results ---- */

/* All of a file; free(); NULL: it cannot be read. */
static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    size_t n = 0, room = 0;

    while (f && !feof(f) && !ferror(f)) {
        if (n + 1 >= room) {
            char *more = realloc(text, room = 2 * room + 65536);
            if (!more)
                break;
            text = more;
        }
        n += fread(text + n, 1, room - n - 1, f);
    }
    bool whole = f && feof(f) && text;
    if (f)
        fclose(f);
    if (!whole) {
        free(text);
        return NULL;
    }
    text[n] = '\0';
    return text;
}

bool jc_study_has(const jc_study *s, const char *section)
{
    return s->results && jc_results_has(s->results, section);
}

jc_status jc_study_read_results(jc_study *s, jc_error *err)
{
    char *text = s->resumes ? read_text(s->results_path) : NULL;
    jc_status st = JC_OK;

    if (text && jc_results_read(&s->results, text, err) != JC_OK)
        s->results = NULL; /* a file of another program: it is made anew */
    else if (text)
        st = jc_study_save(s, err); /* its page may not have been written */
    free(text);
    return st;
}

/* ---- sums ---- */

unsigned jc_study_shares(const jc_study *s)
{
    double n = jc_study_sums_flops(s) / SHARE_FLOPS + 1;

    if (getenv("JUMPCUT_CHECKPOINT") && n < LEAST_SHARES)
        return LEAST_SHARES;
    return n < MOST_SHARES ? (unsigned)n : MOST_SHARES;
}

/* The file of the first `done` of n shares. */
static char *sums_path(const jc_study *s, unsigned done, unsigned n)
{
    return jc_format("%s/gathered.%u-of-%u.sums", s->cli->args.own.out, done, n);
}

/* "gathered.3-of-8.sums" */
static bool read_name(const char *name, unsigned *k, unsigned *of)
{
    char *end, again[64];

    if (strncmp(name, "gathered.", 9) != 0)
        return false;
    *k = (unsigned)strtoul(name + 9, &end, 10);
    if (strncmp(end, "-of-", 4) != 0)
        return false;
    *of = (unsigned)strtoul(end + 4, NULL, 10);
    snprintf(again, sizeof again, "gathered.%u-of-%u.sums", *k, *of);
    return strcmp(name, again) == 0;
}

/* What was added up by a run before, the furthest. */
static void find_sums(const jc_study *s, unsigned *done, unsigned *n)
{
    DIR *folder = opendir(s->cli->args.own.out);
    const struct dirent *entry;

    *done = 0;
    while (folder && (entry = readdir(folder))) {
        unsigned k, of;
        if (read_name(entry->d_name, &k, &of) && k > *done && k <= of &&
            of <= MOST_SHARES) {
            *done = k;
            *n = of;
        }
    }
    if (folder)
        closedir(folder);
}

/* Remove those of all shares but of so many. */
static void drop_sums(const jc_study *s, unsigned keep, unsigned n)
{
    for (unsigned k = 1; k <= n; k++) {
        char *path = sums_path(s, k, n);
        if (path && k != keep)
            unlink(path);
        free(path);
    }
}

/* `before`: the sums of the shares before it, or NULL. */
static jc_status gather_share(jc_study *s, unsigned share, unsigned n,
                              const jc_stats *before, jc_stats **sums, jc_error *err)
{
    jc_stats_params params = s->cli->args.stats;
    char *name = jc_format("%u/%u", share, n);
    jc_work work = {0};
    jc_status st = name ? jc_work_samples(&work, s->cli, s->samples, "train", s->model, err)
                        : jc_cli_fail(err, JC_E_NOMEM, "out of memory for the sums");

    params.shard = n > 1 ? name : NULL;
    params.frame = before;
    if (st == JC_OK)
        st = jc_stats_gather(sums, s->model, work.samples, &params, err);
    jc_work_close(&work);
    free(name);
    return st;
}

static bool is_time(const jc_study *s)
{
    const char *chosen = getenv("JUMPCUT_CHECKPOINT");

    return jc_seconds() - s->checkpoint >= (chosen ? strtod(chosen, NULL) : CHECKPOINT);
}

/* Write what was added up, in the place of what was before. */
static jc_status keep_sums(jc_study *s, unsigned share, unsigned n, const jc_stats *sums,
                           jc_error *err)
{
    char *path = sums_path(s, share, n);
    jc_status st = path ? jc_stats_save(sums, path, err)
                        : jc_cli_fail(err, JC_E_NOMEM, "out of memory for paths");

    if (st == JC_OK)
        drop_sums(s, share, n);
    s->checkpoint = jc_seconds();
    free(path);
    return st;
}

/* Add a share to what there is. */
static jc_status add_share(jc_study *s, unsigned share, unsigned n, jc_stats **sums,
                           jc_error *err)
{
    jc_stats *more = NULL;
    jc_status st = gather_share(s, share, n, *sums, &more, err);

    if (st == JC_OK && *sums) {
        st = jc_stats_merge(*sums, more, err);
        jc_stats_free(more);
    } else if (st == JC_OK) {
        *sums = more;
    }
    return st == JC_OK && n > 1 && is_time(s) ? keep_sums(s, share, n, *sums, err) : st;
}

jc_status jc_study_gather(jc_study *s, jc_stats **sums, jc_error *err)
{
    unsigned done = 0, n = jc_study_shares(s);
    jc_status st = JC_OK;

    *sums = NULL;
    s->checkpoint = jc_seconds();
    if (s->resumes)
        find_sums(s, &done, &n);
    if (done) {
        char *path = sums_path(s, done, n);
        jc_error why;
        if (!path || jc_stats_load(sums, path, &why) != JC_OK)
            done = 0; /* it was cut short or changed: once more */
        free(path);
    }
    jc_ui_enter(&s->cli->ui, "gathering sums");
    for (unsigned share = done + 1; share <= n && st == JC_OK; share++) {
        jc_ui_share(&s->cli->ui, (share - 1.0 - done) / (n - done),
                    (double)(share - done) / (n - done));
        st = add_share(s, share, n, sums, err);
    }
    if (st == JC_OK)
        st = jc_stats_finish(*sums, err);
    jc_ui_clear(&s->cli->ui);
    return st;
}

void jc_study_drop_sums(const jc_study *s)
{
    unsigned done, n = 0;

    for (find_sums(s, &done, &n); done; find_sums(s, &done, &n))
        drop_sums(s, 0, n);
}

/* ---- the folder ---- */

void jc_study_leave(const jc_study *s)
{
    const char *folder = s->cli->args.own.out;
    char *path = jc_format("%s/study.json", folder);

    if (s->began && path && !jc_study_there(s, "samples.jsonl")) {
        unlink(path);
        if (s->made_folder)
            rmdir(folder);
    }
    free(path);
}
