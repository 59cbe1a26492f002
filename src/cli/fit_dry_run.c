/* SPDX-License-Identifier: MIT */
/* fit_dry_run.c: `jumpcut fit --dry-run`: some seconds of its sums, or of its training. */
#include <string.h>

#include "cli/ahead.h"
#include "cli/dry_run.h"
#include "cli/train.h"

/* Of sums and maps: maps beyond JC_MAPS_IN_MEMORY go to files. */
static double kept_of(double sums, double maps)
{
    double room = JC_MAPS_IN_MEMORY > sums ? JC_MAPS_IN_MEMORY - sums : 0;

    return sums + (maps < room ? maps : room);
}

/* Sums and fits; or sums and a training, by the rate of what was measured of them. */
static void print_dry(const jc_dry *dry, const jc_cli *cli, const jc_model *model)
{
    const jc_args *args = &cli->args;
    const jc_model_info *info = jc_model_get_info(model);
    double d = info->width, layers = info->layers, pass = 2.0 * (double)info->parameters;
    bool all = args->stats.pairs && strcmp(args->stats.pairs, "all") == 0;
    double n = all ? layers * (layers + 1) / 2 : layers, maps = n * d * d * sizeof(float);
    double sums = jc_ahead_sums(cli, info) - maps;
    double flops = dry->tokens * (pass + 4 * n * d * d);
    double rate = flops > 0 ? dry->seconds / flops : 0; /* seconds of one */
    bool trains = jc_cli_trains(args->fit.method);
    double fit = trains ? 0 : rate * n * 30 * d * d * d, training = 0;
    if (trains)
        training = dry->training ? dry->seconds
                                 : rate * jc_ahead_training(cli, info, args->fit.method,
                                                            dry->vectors);
    const jc_dry_step steps[] = {
        {"gathering sums", dry->training ? dry->before : dry->seconds, dry->memory,
         args->own.save_sums ? 2 * maps + layers * d * d * sizeof(double) : 0},
        {"fitting", fit, jc_dry_fitting(kept_of(sums, maps), d), maps},
        {"training", training, dry->memory, maps}};

    jc_dry_print(dry, steps, JC_COUNT_OF(steps));
}

jc_status jc_fit_dry_run(jc_cli *cli, jc_error *err)
{
    const jc_args *args = &cli->args;
    jc_work work = {0};
    jc_model *model = NULL;
    jc_stats *stats = NULL;
    jc_shortcut *shortcut = NULL;
    jc_dry dry;
    jc_status st;

    if (args->own.sums.n)
        return jc_cli_usage(cli, err, "'--dry-run' is of texts, and '--sums' are there");
    cli->args.train.resume = NULL;
    st = jc_work_model(&model, cli, args->word[0], true, err);
    if (st == JC_OK)
        st = jc_dry_count(&dry, cli, model, err);
    if (st == JC_OK)
        st = jc_work_open(&work, cli, model, err);
    if (st == JC_OK) {
        jc_dry_begin(&dry);
        st = jc_cli_trains(args->fit.method)
                 ? jc_cli_train(&shortcut, cli, model, args->fit.method, NULL, NULL, err)
                 : jc_stats_gather(&stats, model, work.samples, &args->stats, err);
        st = jc_dry_end(&dry, st);
    }
    jc_shortcut_free(shortcut);
    jc_stats_free(stats);
    if (st == JC_OK)
        print_dry(&dry, cli, model);
    jc_work_close(&work);
    jc_model_close(model);
    return st;
}
