/* SPDX-License-Identifier: MIT */
/* study_decode.c: `jumpcut study --decode-exits`: texts written with early exit, by each
 * gate and way to fill keys and values, with the maps of the first method. */
#include "cli/study.h"

jc_status jc_study_decode(jc_study *s, jc_error *err)
{
    const jc_hooks *hooks = &s->cli->ui.hooks;
    const jc_model_info *info = jc_model_get_info(s->model);
    const jc_decode_params params = {.size = sizeof params, .hooks = hooks};
    jc_work work = {0};
    jc_results *results = NULL;

    if (!info->causal || !info->has_head || info->layers < 3 || s->n == 0) {
        hooks->note(hooks->arg, "texts written with early exit are left out: they are of "
                                "decoders with a head and three blocks at least, and of "
                                "fitted maps");
        return JC_OK;
    }
    jc_status st = jc_work_samples(&work, s->cli, s->samples, "val", s->model, err);
    if (st == JC_OK)
        st =
            jc_decode_study(&results, s->model, s->shortcut[0], work.samples, &params, err);
    if (st == JC_OK)
        st = jc_results_take(s->results, results, "decode", err);
    jc_results_free(results);
    jc_work_close(&work);
    jc_ui_clear(&s->cli->ui);
    if (st == JC_OK)
        st = jc_study_save(s, err);
    if (st == JC_OK)
        jc_study_say("early exit", s->results_path);
    return st;
}
