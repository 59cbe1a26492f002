/* SPDX-License-Identifier: MIT */
/* fit_method.c: options that mean nothing with the method of `jumpcut fit`. */
#include <stdio.h>
#include <string.h>

#include "cli/train.h"

/* A method that is trained reads its texts more than once, and maps layers to the last. */
static jc_status check_training(jc_cli *cli, jc_error *err)
{
    static const char *const of_fits[] = {"sums", "shard", "layers", "save-sums"};
    static const char *const of_training[] = {"tokens"};
    const jc_args *args = &cli->args;
    bool trains = jc_cli_trains(args->fit.method);
    const char *const *names = trains ? of_fits : of_training;
    size_t n = trains ? JC_COUNT_OF(of_fits) : JC_COUNT_OF(of_training);

    for (size_t i = 0; i < n; i++)
        if (jc_args_given(args, names[i]))
            return jc_cli_usage(cli, err,
                                trains
                                    ? "'--%s' means nothing with '--method %s', which "
                                      "trains a map from each layer to the last on texts"
                                    : "'--%s' is of methods that are trained, not of '%s'",
                                names[i], args->fit.method);
    for (size_t i = 0; trains && i < args->own.text.n; i++)
        if (strcmp(args->own.text.item[i], "-") == 0)
            return jc_cli_usage(cli, err,
                                "'--method %s' reads its texts more than once, so they "
                                "cannot come from standard input",
                                args->fit.method);
    return JC_OK;
}

static const jc_method_info *method_of(const jc_args *args)
{
    size_t i = 0;

    while (jc_method_at(i) && strcmp(jc_method_at(i)->name, args->fit.method) != 0)
        i++;
    return jc_method_at(i);
}

/* A method may have maps to the last layer only; '--pairs final' says no more than that. */
static jc_status check_last(jc_cli *cli, jc_error *err)
{
    static const char *const of_others[] = {"maps", "parts", "from", "to"};
    const jc_args *args = &cli->args;
    const jc_method_info *method = method_of(args);
    const char *pairs = args->stats.pairs;
    const char *given = pairs && strcmp(pairs, "final") != 0 ? "pairs" : NULL;

    if (!method || !method->last)
        return JC_OK;
    for (size_t i = 0; i < JC_COUNT_OF(of_others); i++)
        if (jc_args_given(args, of_others[i]))
            given = of_others[i];
    return given
               ? jc_cli_usage(cli, err,
                              "'--%s' means nothing with '--method %s', whose maps go from "
                              "each layer to the last; 'mat', 'ridge' and 'narrow' have "
                              "others",
                              given, args->fit.method)
               : JC_OK;
}

/* An option of other methods would do nothing. */
static jc_status check_options(jc_cli *cli, jc_error *err)
{
    const jc_args *args = &cli->args;

    for (size_t i = 0; i < args->given.n; i++) {
        const char *option = args->given.item[i];
        char others[80] = "";
        bool taken = false;
        for (size_t m = 0; jc_method_at(m); m++) {
            const jc_method_info *method = jc_method_at(m);
            size_t n = strlen(others);
            if (!jc_cli_takes(method, option))
                continue;
            taken |= strcmp(method->name, args->fit.method) == 0;
            snprintf(others + n, sizeof others - n, "%s'%s'", n ? ", " : "", method->name);
        }
        if (others[0] && !taken)
            return jc_cli_usage(cli, err,
                                "'--%s' means nothing with '--method %s'; it is of %s",
                                option, args->fit.method, others);
    }
    return JC_OK;
}

jc_status jc_fit_check_method(jc_cli *cli, jc_error *err)
{
    jc_status st = check_training(cli, err);

    if (st == JC_OK)
        st = check_last(cli, err);
    return st ? st : check_options(cli, err);
}
