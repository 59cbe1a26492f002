/* SPDX-License-Identifier: MIT */
/* train.c: training reads its texts again and again; here each time is a work of its own,
 * opened as the command line says. */
#include "cli/train.h"

#include <stdlib.h>
#include <string.h>

#include "cli/ahead.h"

bool jc_cli_trains(const char *method)
{
    for (size_t i = 0; jc_method_at(i); i++)
        if (strcmp(jc_method_at(i)->name, method) == 0)
            return jc_method_at(i)->texts;
    return false;
}

bool jc_cli_takes(const jc_method_info *method, const char *option)
{
    size_t n = strlen(option);

    for (const char *at = method->options; at; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, option, n) == 0 && (at[n] == '|' || !at[n]))
            return true;
    }
    return false;
}

static jc_status open_texts(void *arg, jc_samples **samples, jc_error *err)
{
    jc_again *o = arg;
    jc_args *args = &o->cli->args;
    const jc_hooks *hooks = args->samples.hooks;
    jc_work *work = o->work;

    while (work->samples)
        work++;
    if (o->noted)
        args->samples.hooks = NULL;
    o->noted = true;
    jc_status st = o->samples
                       ? jc_work_samples(work, o->cli, o->samples, "train", o->model, err)
                       : jc_work_open(work, o->cli, o->model, err);
    args->samples.hooks = hooks;
    *samples = work->samples;
    return st;
}

static void close_texts(void *arg, jc_samples *samples)
{
    jc_again *o = arg;

    for (size_t i = 0; i < JC_COUNT_OF(o->work); i++)
        if (o->work[i].samples == samples)
            jc_work_close(&o->work[i]);
}

jc_texts jc_again_texts(jc_again *again)
{
    return (jc_texts){open_texts, close_texts, again};
}

jc_status jc_cli_train(jc_shortcut **out, jc_cli *cli, const jc_model *model,
                       const char *method, const char *samples, const jc_stats *stats,
                       jc_error *err)
{
    jc_again again = {.cli = cli, .model = model, .samples = samples};
    const jc_texts texts = jc_again_texts(&again);
    jc_train_params params = cli->args.train;
    jc_tokenizer *tokenizer = NULL;
    const char *path = jc_model_get_info(model)->path;
    jc_error unused;

    const jc_model_info *info = jc_model_get_info(model);
    double d = info->width, vectors = params.tokens ? (double)params.tokens : 1e5;
    /* a training may begin at maps of sums */
    const jc_ui_step steps[] = {
        {"gathering sums",
         stats ? 0 : vectors * (jc_ahead_pass(info) + 4 * info->layers * d * d)},
        {"training", jc_ahead_training(cli, info, method, vectors)}};

    jc_ui_plan(&cli->ui, steps, JC_COUNT_OF(steps)); /* that of a study stays */
    params.method = method;
    params.store = cli->args.fit.store;
    params.hooks = &cli->ui.hooks;
    /* without a tokenizer losses are in nats per token */
    if (jc_work_tokenizer(&tokenizer, cli, path, &unused) == JC_OK)
        params.tokenizer = tokenizer;
    jc_status st = jc_train(out, model, &texts, stats, &params, err);
    jc_tokenizer_close(tokenizer);
    jc_ui_clear(&cli->ui);
    return st;
}
