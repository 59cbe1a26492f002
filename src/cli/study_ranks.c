/* SPDX-License-Identifier: MIT */
/* study_ranks.c: `jumpcut study --ranks`: narrow maps by rank, on one position of each
 * validation text. */
#include "cli/study.h"

/* Progress of scores, which are the last part of the step. */
static bool scoring(void *arg, const jc_progress *progress)
{
    jc_ui *ui = arg;

    jc_ui_share(ui, 0.6, 1);
    return ui->hooks.progress(ui->hooks.arg, progress);
}

static jc_status measure(jc_study *s, jc_results **results, jc_error *err)
{
    const jc_args *args = &s->cli->args;
    jc_eval_params params = args->eval;
    jc_hooks hooks = s->cli->ui.hooks;
    jc_work train = {0}, val = {0};
    jc_status st = jc_work_samples(&train, s->cli, s->samples, "train", s->model, err);

    hooks.progress = scoring;
    params.hooks = &hooks;
    if (st == JC_OK)
        st = jc_study_open(s, &val, "one", "val", err);
    jc_ui_share(&s->cli->ui, 0, 0.5);
    if (st == JC_OK)
        st = jc_rank_study(results, s->model, train.samples, val.samples, &args->stats,
                           &args->fit, &params, err);
    jc_work_close(&train);
    jc_work_close(&val);
    jc_ui_clear(&s->cli->ui);
    return st;
}

jc_status jc_study_ranks(jc_study *s, jc_error *err)
{
    const jc_hooks *hooks = &s->cli->ui.hooks;
    jc_results *results = NULL;

    if (!jc_study_can_open(s, "one")) {
        hooks->note(hooks->arg,
                    "scores by rank are left out: standard input cannot be read "
                    "again for one position per text");
        return JC_OK;
    }
    jc_status st = measure(s, &results, err);
    if (st == JC_OK)
        st = jc_results_take(s->results, results, "ranks", err);
    jc_results_free(results);
    if (st == JC_OK)
        st = jc_study_save(s, err);
    if (st == JC_OK)
        jc_study_say("ranks", s->results_path);
    return st;
}
