/* SPDX-License-Identifier: MIT */
/* train.h: methods that are trained on texts, for commands that fit. */
#ifndef JC_CLI_TRAIN_H
#define JC_CLI_TRAIN_H

#include "cli/work.h"

/* Whether a method of that name is. */
bool jc_cli_trains(const char *method);

/* Whether an option of its own is called so. */
bool jc_cli_takes(const jc_method_info *method, const char *option);

/* Texts of the command line or, if `samples` is not NULL, those for training of that file,
 * which can be read again and again. */
typedef struct jc_again {
    jc_cli *cli;
    const jc_model *model;
    const char *samples;
    bool noted;      /* what there is to note was noted */
    jc_work work[4]; /* those that are open have samples */
} jc_again;
jc_texts jc_again_texts(jc_again *again); /* valid as long as it is */

/* jc_train() by `method` on the texts of the command line or, if `samples` is not NULL, on
 * those for training of that file. Where it is stopped, *out may be there all the same. */
jc_status jc_cli_train(jc_shortcut **out, jc_cli *cli, const jc_model *model,
                       const char *method, const char *samples, const jc_stats *stats,
                       jc_error *err) JC_NODISCARD;

/* ---- fit_method.c ---- */

/* Usage where an option of the command line means nothing with the method. */
jc_status jc_fit_check_method(jc_cli *cli, jc_error *err) JC_NODISCARD;

#endif
