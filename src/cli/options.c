/* SPDX-License-Identifier: MIT */
/* options.c: the option groups that several commands have in common. */
#include "cli/cli.h"

static const jc_own_row corpus_rows[] = {
    {{"text", JC_OPTION_TEXT, offsetof(jc_own, text), 0, 0, NULL, NULL,
      "texts to read; - is standard input, .gz and .zst are read as they are, .jsonl by "
      "--field"},
     "FILE..."},
    JC_TOKENIZER_ROW,
};

static const jc_own_row samples_file_rows[] = {
    {{"samples", JC_OPTION_TEXT, offsetof(jc_own, samples), 0, 0, NULL, NULL,
      "samples to use as they are, written by 'jumpcut sample'"},
     "FILE"},
};

static const jc_own_row common_rows[] = {
    {{"quiet", JC_OPTION_BOOL, offsetof(jc_own, quiet), 0, 0, "false", NULL,
      "no progress and no closing lines on standard error; notes about the results stay"},
     NULL},
};

const jc_group jc_group_corpus = {
    .title = "Input", .own = corpus_rows, .n_own = JC_COUNT_OF(corpus_rows)};
const jc_group jc_group_samples_file = {
    .title = "Input", .own = samples_file_rows, .n_own = JC_COUNT_OF(samples_file_rows)};
const jc_group jc_group_self_text = {
    .title = "Input",
    .rows = jc_self_text_options,
    .params = offsetof(jc_args, self),
};
const jc_group jc_group_common = {
    .title = "Messages", .own = common_rows, .n_own = JC_COUNT_OF(common_rows)};

/* How texts are cut out of files, and how they are split and looked at. */
const jc_group jc_group_texts = {
    .title = "Input",
    .rows = jc_samples_options,
    .params = offsetof(jc_args, samples),
    .hide = "positions|seed|train|val|split|mask-rate|mask-specials",
};
const jc_group jc_group_samples = {
    .title = "Samples",
    .rows = jc_samples_options,
    .params = offsetof(jc_args, samples),
    .hide = "unit|field",
};
const jc_group jc_group_both_splits = {
    .title = "Samples",
    .rows = jc_samples_options,
    .params = offsetof(jc_args, samples),
    .hide = "unit|field|split",
};

const jc_group jc_group_model = {
    .title = "Running the model",
    .rows = jc_model_options,
    .params = offsetof(jc_args, model),
};
const jc_group jc_group_stats = {
    .title = "Sums",
    .rows = jc_stats_options,
    .params = offsetof(jc_args, stats),
};
const jc_group jc_group_fit = {
    .title = "Fit",
    .rows = jc_fit_options,
    .params = offsetof(jc_args, fit),
};
const jc_group jc_group_train = {
    .title = "Training",
    .rows = jc_train_options,
    .params = offsetof(jc_args, train),
    .hide = "method|store",
};
const jc_group jc_group_eval = {
    .title = "Scores",
    .rows = jc_eval_options,
    .params = offsetof(jc_args, eval),
};
