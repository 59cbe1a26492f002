/* SPDX-License-Identifier: MIT */
/* cmd_sample.c: `jumpcut sample`: the work list of a fit. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/closing.h"
#include "cli/inputs.h"
#include "cli/work.h"

static void close_sample(jc_cli *cli, const uint64_t n[3])
{
    const char *out = cli->args.own.out;
    char what[120];
    jc_next next;

    if (n[JC_SPLIT_NONE])
        snprintf(what, sizeof what, "%" PRIu64 " sample%s", n[JC_SPLIT_NONE],
                 n[JC_SPLIT_NONE] == 1 ? "" : "s");
    else
        snprintf(what, sizeof what,
                 "%" PRIu64 " samples for training and %" PRIu64 " for validation",
                 n[JC_SPLIT_TRAIN], n[JC_SPLIT_VAL]);
    jc_closing_wrote(cli, what, out);
    if (!out || strcmp(out, "-") == 0)
        return;
    jc_next_begin(&next, cli, "fit");
    jc_next_model(&next);
    jc_next_option(&next, "--samples", out);
    jc_next_option(&next, "--out", "mat.safetensors");
    jc_next_say(&next);
}

static jc_status run(jc_cli *cli, jc_error *err)
{
    const jc_args *args = &cli->args;
    jc_model *model = NULL;
    jc_work work = {0};
    uint64_t n[3];
    jc_status st = jc_work_check(cli, "all", err);

    if (st == JC_OK)
        st = jc_inputs_spare(cli, &args->own.out, 1, err);
    if (st)
        return st;
    /* no weights to read texts */
    st = jc_work_model(&model, cli, args->word[0], args->self.self_text > 0, err);
    if (st == JC_OK)
        st = jc_work_open(&work, cli, model, err);
    if (st == JC_OK)
        st = jc_work_copy(&work, cli, args->own.out, n, err);
    if (st == JC_OK)
        close_sample(cli, n);
    jc_work_close(&work);
    jc_model_close(model);
    return st;
}

static const jc_own_row rows[] = {
    {{"out", JC_OPTION_TEXT, offsetof(jc_own, out), 0, 0, NULL, NULL,
      "write there instead of standard output, which - names too"},
     "FILE"},
};
static const jc_group own_rows = {
    .title = "Output", .own = rows, .n_own = JC_COUNT_OF(rows)};

const jc_command jc_command_sample = {
    .name = "sample",
    .summary = "texts as token ids with chosen positions: the work list of a fit",
    .usage = "MODEL --text FILE...|--self-text N [options]",
    .words = "MODEL",
    .min_words = 1,
    .max_words = 1,
    .teach =
        "Prints one line {\"ids\":[...],\"positions\":[...]} for each text: its token ids, "
        "cut at the model's context, and the positions, counted from 0, at which states "
        "are "
        "to be looked at. 'fit' and 'eval' take the file as --samples, and so can any "
        "other "
        "program that is to do exactly the same work.\n\n"
        "--train and --val take that many texts each, with no text in both, and each line "
        "says to which split it belongs. '--positions one' takes one position per text at "
        "random and cuts the text after it, as in the paper; 'all' takes every position, "
        "which costs the same and fits better.",
    .examples =
        "jumpcut sample ./gpt2 --text wiki.txt --train 9000 --val 3000 --out "
        "work.jsonl\n"
        "jumpcut fit ./gpt2 --samples work.jsonl --split train --out "
        "mat.safetensors\n"
        "jumpcut eval ./gpt2 mat.safetensors --samples work.jsonl --split val --out "
        "results.json\n",
    .groups = (const jc_group *const[]){&own_rows, &jc_group_samples, &jc_group_corpus,
                                        &jc_group_texts, &jc_group_self_text,
                                        &jc_group_model, &jc_group_common, NULL},
    .run = run,
};
