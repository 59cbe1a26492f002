/* SPDX-License-Identifier: MIT */
/* study.c: the steps of `jumpcut study` that it takes for each of its texts. */
#include "cli/study.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/train.h"
#include "jumpcut/report.h"

void jc_study_say(const char *what, const char *path)
{
    printf("%s: %s\n", what, path);
    fflush(stdout);
}

/* A study that has nothing to score on would say so after it has fitted. */
static jc_status check_drawn(const jc_study *s, const char *path, const uint64_t n[3],
                             jc_error *err)
{
    const jc_samples_params *p = &s->cli->args.samples;

    if (n[JC_SPLIT_TRAIN] && n[JC_SPLIT_VAL])
        return JC_OK;
    unlink(path);
    return jc_cli_fail(err, JC_E_FORMAT,
                       "there are only %llu texts for '--train %llu' and '--val %llu', and "
                       "none is left for validation: ask for fewer",
                       (unsigned long long)n[JC_SPLIT_TRAIN] + n[JC_SPLIT_VAL],
                       (unsigned long long)p->train, (unsigned long long)p->val);
}

jc_status jc_study_draw(jc_study *s, const char *path, jc_error *err)
{
    jc_work work = {0};
    uint64_t n[3];
    struct stat info;
    jc_status st;

    if (s->resumes && stat(path, &info) == 0) {
        s->cli->args.samples.split = "train";
        jc_study_say("samples", path);
        return JC_OK;
    }
    s->cli->args.samples.split = "all";
    st = jc_work_texts(&work, s->cli, s->model, err);
    if (st == JC_OK)
        st = jc_work_copy(&work, s->cli, path, n, err);
    if (st == JC_OK)
        st = check_drawn(s, path, n, err);
    jc_work_close(&work);
    if (st == JC_OK)
        jc_study_say("samples", path);
    s->cli->args.samples.split = "train"; /* of which the shortcuts are made */
    return st;
}

bool jc_study_open_fitted(const jc_study *s, const char *path, jc_shortcut **out)
{
    jc_error why;

    *out = NULL;
    if (!s->resumes || jc_shortcut_open(out, path, &why) != JC_OK)
        return false;
    if (jc_shortcut_check(*out, s->model, &why) == JC_OK)
        return true;
    jc_shortcut_free(*out);
    *out = NULL;
    return false;
}

/* The state of training is kept beside the maps until these are there, so that a study that
 * was stopped goes on from it. */
static jc_status train(jc_study *s, const char *method, const char *samples,
                       const jc_stats *stats, jc_shortcut **out, const char *state,
                       jc_error *err)
{
    if (!s->resumes)
        unlink(state);
    s->cli->args.train.resume = state;
    jc_status st = jc_cli_train(out, s->cli, s->model, method, samples, stats, err);
    s->cli->args.train.resume = NULL;
    return st;
}

jc_status jc_study_fit(jc_study *s, size_t i, const char *samples, const jc_stats *stats,
                       jc_shortcut **out, const char *path, jc_error *err)
{
    jc_fit_params params = s->cli->args.fit;

    if (!path)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for a path");
    if (jc_study_open_fitted(s, path, out)) {
        jc_study_say("shortcuts", path);
        return JC_OK;
    }
    char *state = jc_format("%s.state", path);
    if (!state)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for a path");
    params.method = s->method[i];
    jc_status st = jc_cli_trains(s->method[i])
                       ? train(s, s->method[i], samples, stats, out, state, err)
                       : jc_fit(out, stats, &params, err);
    if (st == JC_OK)
        st = jc_origin_record(s->cli, *out, NULL, err);
    if (st == JC_OK)
        st = jc_shortcut_save(*out, path, err);
    if (st == JC_OK) { /* from the file its maps are read as they are wanted */
        jc_shortcut_free(*out);
        st = jc_shortcut_open(out, path, err);
        unlink(state);
    }
    free(state);
    jc_ui_clear(&s->cli->ui);
    if (st == JC_OK)
        jc_study_say("shortcuts", path);
    return st;
}

jc_status jc_study_save(jc_study *s, jc_error *err)
{
    free(s->json);
    s->json = NULL;
    jc_status st = jc_origin_complete(s->cli, s->results, s->shortcut,
                                      (const char *const *)s->path, s->n, &s->json, err);
    if (st == JC_OK)
        st = jc_output_text(s->results_path, s->json, err);
    return st ? st : jc_report_write(s->results_path, s->report, err);
}
