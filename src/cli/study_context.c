/* SPDX-License-Identifier: MIT */
/*
 * study_context.c: `jumpcut study --context`: what the token before adds to each layer's
 * map, [l] beside [l, L@-1], and what a state says of the tokens to come, l to L@+1 ..
 * L@+4. All maps come from one more pass over the training texts, and one over those for
 * validation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/study.h"

enum { AHEAD = 4, FUTURE_LAYERS = 6 };

/* "0:12 0,12@-1:12 ... 0:12@+1 ..."; free(). */
static char *name_maps(uint32_t layers)
{
    uint32_t step = (layers + FUTURE_LAYERS - 1) / FUTURE_LAYERS;
    size_t room = ((size_t)layers + 1) * (2 + AHEAD) * 64, n = 0;
    char *maps = calloc(room, 1);

    for (uint32_t l = 0; maps && l < layers; l++)
        n += (size_t)snprintf(maps + n, room - n, "%u:%u %u,%u@-1:%u ", l, layers, l,
                              layers, layers);
    for (uint32_t l = 0; maps && l <= layers; l += step)
        for (int k = 1; k <= AHEAD; k++)
            n += (size_t)snprintf(maps + n, room - n, "%u:%u@+%d ", l, layers, k);
    return maps;
}

static jc_status fit(jc_study *s, jc_shortcut **shortcut, jc_error *err)
{
    jc_stats_params params = s->cli->args.stats;
    jc_fit_params fit = s->cli->args.fit;
    char *maps = name_maps(jc_model_get_info(s->model)->layers);
    jc_work work = {0};
    jc_stats *stats = NULL;
    jc_status st = maps ? jc_work_samples(&work, s->cli, s->samples, "train", s->model, err)
                        : jc_cli_fail(err, JC_E_NOMEM, "out of memory for the maps");

    params.pairs = "none";
    params.parts = false;
    params.maps = maps;
    fit.method = "ridge"; /* taps of one text are nearly collinear */
    fit.ridge = 1e-6;
    fit.bias = true;
    jc_ui_share(&s->cli->ui, 0, 0.5);
    if (st == JC_OK)
        st = jc_stats_gather(&stats, s->model, work.samples, &params, err);
    jc_ui_share(&s->cli->ui, 0.5, 0.6);
    if (st == JC_OK)
        st = jc_fit(shortcut, stats, &fit, err);
    jc_stats_free(stats);
    jc_work_close(&work);
    jc_ui_clear(&s->cli->ui);
    free(maps);
    return st;
}

/* Their scores, as "maps" of the results. */
static jc_status score(jc_study *s, const jc_shortcut *shortcut, jc_error *err)
{
    jc_work work = {0};
    jc_results *results = NULL;
    jc_status st = jc_work_samples(&work, s->cli, s->samples, "val", s->model, err);

    jc_ui_share(&s->cli->ui, 0.6, 1);
    if (st == JC_OK)
        st = jc_eval(&results, s->model, &shortcut, 1, work.samples, &s->cli->args.eval,
                     err);
    if (st == JC_OK)
        st = jc_results_take(s->results, results, "maps", err);
    jc_results_free(results);
    jc_work_close(&work);
    jc_ui_clear(&s->cli->ui);
    return st;
}

jc_status jc_study_context(jc_study *s, jc_error *err)
{
    const jc_hooks *hooks = &s->cli->ui.hooks;
    const jc_model_info *info = jc_model_get_info(s->model);
    jc_shortcut *shortcut = NULL;

    if (!info->causal || !info->has_head ||
        strcmp(s->cli->args.samples.positions, "all") != 0) {
        hooks->note(
            hooks->arg,
            "what the token before adds is left out: it is of decoders with a head, "
            "and of all positions of a text");
        return JC_OK;
    }
    jc_status st = fit(s, &shortcut, err);
    if (st == JC_OK)
        st = score(s, shortcut, err);
    if (st == JC_OK)
        st = jc_study_save(s, err);
    jc_shortcut_free(shortcut);
    if (st == JC_OK)
        jc_study_say("the token before", s->results_path);
    return st;
}
