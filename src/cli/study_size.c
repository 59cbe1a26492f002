/* SPDX-License-Identifier: MIT */
/*
 * study_size.c: `jumpcut study`: how much text is enough. One position per text and all
 * positions, of the same training texts; one of them is what samples.jsonl holds, the other
 * is drawn from the whole texts there, or by reading the texts again with the same seed.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/study.h"

/* Samples with positions as they are in the file; whole texts of a decoder, of which one
 * position can be drawn; texts that can be read, or written by the model, again. */
bool jc_study_can_open(const jc_study *s, const char *positions)
{
    const jc_args *args = &s->cli->args;

    if (strcmp(args->samples.positions, positions) == 0 ||
        (strcmp(positions, "one") == 0 && jc_model_get_info(s->model)->causal))
        return true;
    for (size_t i = 0; i < args->own.text.n; i++)
        if (strcmp(args->own.text.item[i], "-") == 0)
            return false;
    return true;
}

static jc_status read_again(jc_study *s, jc_work *work, const char *positions,
                            const char *split, jc_error *err)
{
    jc_samples_params *params = &s->cli->args.samples;
    const jc_samples_params own = *params;

    params->positions = positions;
    params->split = split;
    params->hooks = NULL; /* what there is to note was noted */
    jc_status st = jc_work_texts(work, s->cli, s->model, err);
    *params = own;
    return st;
}

jc_status jc_study_open(jc_study *s, jc_work *work, const char *positions,
                        const char *split, jc_error *err)
{
    if (strcmp(s->cli->args.samples.positions, positions) == 0)
        return jc_work_samples(work, s->cli, s->samples, split, s->model, err);
    if (strcmp(positions, "one") == 0 && jc_model_get_info(s->model)->causal)
        return jc_work_choose(work, s->cli, s->samples, split, s->model, err);
    return read_again(s, work, positions, split, err);
}

/* What the positions of an encoder, and of a decoder, are called. */
static void name_series(const jc_study *s, char one[48], char all[48])
{
    bool causal = jc_model_get_info(s->model)->causal;

    snprintf(one, 48, causal ? "one position per text" : "one mask per text");
    if (causal)
        snprintf(all, 48, "all positions");
    else
        snprintf(all, 48, "%g%% masked", 100 * s->cli->args.samples.mask_rate);
}

static jc_status measure(jc_study *s, jc_results **results, jc_error *err)
{
    jc_work one = {0}, all = {0}, val = {0};
    char one_name[48], all_name[48];
    jc_status st = jc_study_open(s, &one, "one", "train", err);

    if (st == JC_OK)
        st = jc_study_open(s, &all, "all", "train", err);
    if (st == JC_OK)
        st = jc_study_open(s, &val, "one", "val", err);
    if (st == JC_OK) {
        name_series(s, one_name, all_name);
        const jc_training_series series[] = {{one_name, "one", one.samples},
                                             {all_name, "all", all.samples}};
        st = jc_training_size(results, s->model, series, JC_COUNT_OF(series), val.samples,
                              &s->cli->args.training_size, err);
    }
    jc_work_close(&one);
    jc_work_close(&all);
    jc_work_close(&val);
    jc_ui_clear(&s->cli->ui);
    return st;
}

jc_status jc_study_training_size(jc_study *s, jc_error *err)
{
    const jc_hooks *hooks = &s->cli->ui.hooks;
    jc_results *results = NULL;

    if (!jc_study_can_open(s, "one") || !jc_study_can_open(s, "all")) {
        hooks->note(hooks->arg, "the training size is left out: standard input cannot be "
                                "read again for other positions");
        return JC_OK;
    }
    jc_status st = measure(s, &results, err);
    if (st == JC_OK)
        st = jc_results_take(s->results, results, "training_size", err);
    if (st == JC_OK)
        st = jc_study_save(s, err);
    jc_results_free(results);
    if (st == JC_OK)
        jc_study_say("training size", s->results_path);
    return st;
}
