/* SPDX-License-Identifier: MIT */
/*
 * cmd_study.c: `jumpcut study`: the paper's experiment in one go. Samples are drawn once
 * and written to a file, so that the fit and the scores are of exactly the work that is
 * kept.
 */
#include <stdlib.h>
#include <string.h>

#include "base/likely.h"
#include "cli/ahead.h"
#include "cli/cli.h"
#include "base/memory_free.h"
#include "cli/closing.h"
#include "cli/dry_run.h"
#include "cli/inputs.h"
#include "cli/study.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/train.h"
#include "jumpcut/report.h"

/* Texts that a model writes when nothing else is said: at 64 tokens each, enough vectors
 * for widths to about 10,000, and on a small model a minute's work. */
enum { SELF_TEXTS = 1800 };

static void study_free(jc_study *s)
{
    for (size_t i = 0; i < s->n; i++) {
        jc_shortcut_free(s->shortcut[i]);
        free(s->path[i]);
    }
    jc_model_close(s->model);
    free(s->model_path);
    free(s->samples);
    free(s->results_path);
    free(s->report);
    free(s->methods);
    free(s->json);
    jc_results_free(s->results);
}

static jc_status check_method(jc_cli *cli, const char *name, jc_error *err)
{
    char text[JC_LIKELY_TEXT];
    jc_likely likely;

    jc_likely_begin(&likely, name, strlen(name));
    for (size_t i = 0; jc_method_at(i); i++) {
        if (strcmp(jc_method_at(i)->name, name) == 0)
            return JC_OK;
        jc_likely_offer(&likely, jc_method_at(i)->name, strlen(jc_method_at(i)->name));
    }
    return jc_cli_usage(cli, err, "no method is called '%s' ('jumpcut list methods')%s",
                        name, jc_likely_text(&likely, text));
}

/* An option of training that no method of the study takes would do nothing. */
static jc_status check_training(const jc_study *s, jc_error *err)
{
    static const char *const names[] = {"tokens", "rate", "step", "noise", "directions"};

    for (size_t k = 0; k < JC_COUNT_OF(names); k++) {
        bool taken = !jc_args_given(&s->cli->args, names[k]);
        for (size_t i = 0; i < s->n; i++)
            for (size_t m = 0; jc_method_at(m); m++)
                taken |= strcmp(jc_method_at(m)->name, s->method[i]) == 0 &&
                         (jc_cli_takes(jc_method_at(m), names[k]) ||
                          (k == 0 && jc_method_at(m)->texts));
        if (!taken)
            return jc_cli_usage(s->cli, err,
                                "'--%s' means nothing to any of '--methods %s'", names[k],
                                s->cli->args.own.methods);
    }
    return JC_OK;
}

/* Wrong usage is found before any work. */
static jc_status read_methods(jc_study *s, jc_error *err)
{
    char *rest = NULL;

    s->methods = jc_format("%s", s->cli->args.own.methods);
    if (!s->methods)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for the methods");
    for (char *name = strtok_r(s->methods, ",", &rest); name;
         name = strtok_r(NULL, ",", &rest)) {
        bool again = strcmp(name, "id") == 0;
        jc_status st = check_method(s->cli, name, err);
        if (st)
            return st;
        for (size_t i = 0; i < s->n; i++)
            again |= strcmp(s->method[i], name) == 0;
        if (again)
            continue;
        if (s->n == JC_STUDY_METHODS)
            return jc_cli_usage(s->cli, err, "more than %d methods", JC_STUDY_METHODS);
        s->method[s->n++] = name;
    }
    return check_training(s, err);
}

/* Where texts come from, and how many go to which split. */
static jc_status choose_texts(jc_study *s, jc_error *err)
{
    jc_args *args = &s->cli->args;
    jc_samples_params *p = &args->samples;

    if (args->own.text.n && args->self.self_text)
        return jc_cli_usage(s->cli, err, "'--text' and '--self-text' exclude each other");
    if (args->own.text.n)
        return JC_OK;
    if (!jc_args_given(args, "train") && !jc_args_given(args, "val")) {
        if (!args->self.self_text)
            args->self.self_text = SELF_TEXTS;
        p->val = (args->self.self_text + 3) / 4; /* in the proportion of the defaults */
        p->train = args->self.self_text - p->val;
    }
    if (!p->train || !p->val)
        return jc_cli_usage(s->cli, err,
                            "texts that the model writes want '--train' and "
                            "'--val' above 0");
    if (!args->self.self_text)
        args->self.self_text = p->train + p->val;
    return JC_OK;
}

/* What a model without a head cannot do is said before any work. */
static jc_status check_head(jc_study *s, jc_error *err)
{
    const jc_args *args = &s->cli->args;

    if (jc_model_get_info(s->model)->has_head)
        return JC_OK;
    if (args->self.self_text)
        return jc_cli_fail(err, JC_E_UNSUPPORTED,
                           "'%s' has no head, so it cannot write texts: give some with "
                           "'--text'",
                           s->model_path);
    if (args->own.transfer.n)
        return jc_cli_fail(err, JC_E_UNSUPPORTED,
                           "'%s' has no head, and '--transfer' compares what is read out",
                           s->model_path);
    jc_work_note_head(s->cli, s->model);
    return JC_OK;
}

static jc_status prepare(jc_study *s, jc_error *err)
{
    jc_args *args = &s->cli->args;
    const char *folder = args->own.out;
    jc_status st = choose_texts(s, err);

    if (st == JC_OK)
        st = jc_inputs_file(folder, "a folder", err);
    if (st == JC_OK)
        st = jc_study_check_transfer(s->cli, err);
    if (st == JC_OK)
        st = read_methods(s, err);
    if (st == JC_OK)
        st = jc_work_model_path(s->cli, &s->model_path, err);
    if (st == JC_OK)
        st = jc_work_model(&s->model, s->cli, s->model_path, true, err);
    if (st == JC_OK)
        st = check_head(s, err);
    if (st == JC_OK)
        jc_study_limit(s);
    if (st == JC_OK)
        st = jc_study_memory(s, err);
    if (st == JC_OK && !args->own.dry_run)
        st = jc_study_folder(s, err);
    if (st)
        return st;
    s->samples = jc_format("%s/samples.jsonl", folder);
    s->results_path = jc_format("%s/results.json", folder);
    s->report = jc_format("%s/report.html", folder);
    return s->samples && s->results_path && s->report
               ? JC_OK
               : jc_cli_fail(err, JC_E_NOMEM, "out of memory for paths");
}

/* Whether sums are wanted: some method is not yet fitted. */
static bool wants_sums(const jc_study *s)
{
    bool wanted = false;

    for (size_t i = 0; i < s->n; i++) {
        jc_shortcut *there;
        wanted |= !jc_study_open_fitted(s, s->path[i], &there);
        jc_shortcut_free(there);
    }
    return wanted;
}

static jc_status fit(jc_study *s, jc_error *err)
{
    jc_stats *stats = NULL;
    jc_status st = JC_OK;

    for (size_t i = 0; i < s->n && st == JC_OK; i++) {
        s->path[i] = jc_format("%s/%s.safetensors", s->cli->args.own.out, s->method[i]);
        if (!s->path[i])
            st = jc_cli_fail(err, JC_E_NOMEM, "out of memory for paths");
    }
    if (st == JC_OK && wants_sums(s))
        st = jc_study_gather(s, &stats, err);
    for (size_t i = 0; i < s->n && st == JC_OK; i++)
        st = jc_study_fit(s, i, s->samples, stats, &s->shortcut[i], s->path[i], err);
    if (st == JC_OK)
        jc_study_drop_sums(s);
    jc_stats_free(stats);
    return st;
}

static jc_status score(jc_study *s, jc_error *err)
{
    jc_eval_params params = s->cli->args.eval;
    jc_work work = {0};
    jc_status st = jc_study_read_results(s, err);

    if (st == JC_OK && !s->results)
        st = jc_study_routes(s, &params, err);

    if (st == JC_OK && !s->results)
        st = jc_work_samples(&work, s->cli, s->samples, "val", s->model, err);
    if (st == JC_OK && !s->results) {
        st = jc_eval(&s->results, s->model, (const jc_shortcut *const *)s->shortcut, s->n,
                     work.samples, &params, err);
        if (st == JC_OK)
            st = jc_study_save(s, err);
    }
    jc_work_close(&work);
    jc_ui_clear(&s->cli->ui);
    if (st == JC_OK)
        jc_study_say("results", s->results_path);
    return st;
}

/* Sections that come after the scores, each when it is asked for and not yet there. */
static jc_status score_further(jc_study *s, jc_error *err)
{
    const jc_own *own = &s->cli->args.own;
    const struct {
        bool wanted;
        const char *section, *step; /* of the results, of the plan */
        jc_status (*make)(jc_study *s, jc_error *err);
    } further[] = {{own->context, "maps", "the token before", jc_study_context},
                   {own->decode_exits, "decode", "early exit", jc_study_decode},
                   {own->ranks, "ranks", "ranks", jc_study_ranks},
                   {own->training_size, "training_size", "training size (one)",
                    jc_study_training_size},
                   {own->transfer.n > 0, "transfer", "other text", jc_study_transfer}};
    jc_status st = JC_OK;

    for (size_t i = 0; i < JC_COUNT_OF(further) && st == JC_OK; i++) {
        if (!further[i].wanted || jc_study_has(s, further[i].section))
            continue;
        jc_memory_trim(); /* what the one before has given back lies in pieces */
        jc_ui_enter(&s->cli->ui, further[i].step);
        st = further[i].make(s, err);
    }
    return st;
}

static void close_study(const jc_study *s)
{
    jc_cli *cli = s->cli;
    jc_next next;

    jc_closing_wrote(cli, "the study", cli->args.own.out);
    jc_closing_open(cli, s->report);
    if (!jc_model_get_info(s->model)->has_head || !jc_model_get_info(s->model)->causal)
        return;
    jc_next_begin(&next, cli, "lens");
    jc_next_model(&next);
    if (s->n)
        jc_next_word(&next, s->path[0]);
    jc_next_option(&next, "--prompt", "The capital of France is");
    jc_next_say(&next);
}

static jc_status run(jc_cli *cli, jc_error *err)
{
    jc_study s = {.cli = cli};
    jc_status st = prepare(&s, err);

    if (st == JC_OK && cli->args.own.dry_run) {
        st = jc_study_dry_run(&s, err);
        study_free(&s);
        return st;
    }
    if (st == JC_OK)
        jc_study_say_cost(&s);
    if (st == JC_OK)
        jc_study_plan(&s);
    if (st == JC_OK)
        st = jc_study_draw(&s, s.samples, err);
    if (st == JC_OK)
        jc_study_plan(&s);
    if (st == JC_OK)
        st = fit(&s, err);
    if (st == JC_OK)
        st = score(&s, err);
    if (st == JC_OK)
        st = score_further(&s, err);
    if (st == JC_OK)
        st = jc_table_saved(stdout, s.json, err);
    if (st == JC_OK)
        jc_study_say("report", s.report);
    if (st == JC_OK)
        close_study(&s);
    else
        jc_study_leave(&s);
    study_free(&s);
    return st;
}

static const jc_own_row rows[] = {
    {{"out", JC_OPTION_TEXT, offsetof(jc_own, out), 0, 0, "jumpcut-study", NULL,
      "the folder to write to"},
     "DIR"},
    {{"force", JC_OPTION_BOOL, offsetof(jc_own, force), 0, 0, "false", NULL,
      "write over another study in the folder"},
     NULL},
};
static const jc_group output = {.title = "Output", .own = rows, .n_own = JC_COUNT_OF(rows)};

static const jc_own_row method_rows[] = {
    {{"methods", JC_OPTION_TEXT, offsetof(jc_own, methods), 0, 0, "mat", NULL,
      "fit by each of these, with commas between; 'id' is always scored"},
     "NAME[,NAME]"},
};
static const jc_group methods = {
    .title = "Fit", .own = method_rows, .n_own = JC_COUNT_OF(method_rows)};

static const jc_own_row further_rows[] = {
    {{"transfer", JC_OPTION_TEXT, offsetof(jc_own, transfer), 0, 0, NULL, NULL,
      "other texts, cut and split as those of --text: maps fitted on each are scored on "
      "both"},
     "FILE..."},
    {{"context", JC_OPTION_BOOL, offsetof(jc_own, context), 0, 0, "false", NULL,
      "what the token before adds to each layer's map, and what a state says of the tokens "
      "to come"},
     NULL},
    {{"decode-exits", JC_OPTION_BOOL, offsetof(jc_own, decode_exits), 0, 0, "false", NULL,
      "write texts with early exit, by each gate and each way to fill keys and values: "
      "equal "
      "tokens against speed, by the clock"},
     NULL},
    {{"ranks", JC_OPTION_BOOL, offsetof(jc_own, ranks), 0, 0, "false", NULL,
      "scores of narrow maps by rank, with their parameters, beside mat and id; and by "
      "layer "
      "at each rank, a hundredth of the width among them"},
     NULL},
    {{"training-size", JC_OPTION_BOOL, offsetof(jc_own, training_size), 0, 0, "true", NULL,
      "how scores grow with the number of training vectors"},
     NULL},
};
static const jc_group further = {.title = "Further experiments",
                                 .own = further_rows,
                                 .n_own = JC_COUNT_OF(further_rows)};
static const jc_group training_size = {.title = "Further experiments",
                                       .rows = jc_training_size_options,
                                       .params = offsetof(jc_args, training_size)};

static const jc_group fit_rows = {.title = "Fit",
                                  .rows = jc_fit_options,
                                  .params = offsetof(jc_args, fit),
                                  .hide = "method|rank|metric|share|scales|store"};

static const jc_group train_rows = {.title = "Training",
                                    .rows = jc_train_options,
                                    .params = offsetof(jc_args, train),
                                    .hide = "method|resume|store"};

static const jc_group stats_rows = {.title = "Sums",
                                    .rows = jc_stats_options,
                                    .params = offsetof(jc_args, stats),
                                    .hide = "maps|shard|layers"};

static const jc_default defaults[] = {{"train", "9000"},     {"val", "3000"},
                                      {"pairs", "all"},      {"parts", "true"},
                                      {"schedules", "true"}, {NULL, NULL}};

const jc_command jc_command_study = {
    .name = "study",
    .summary = "sample, fit, eval and report in one go: the paper's experiment",
    .usage = "[MODEL] [--text FILE...|--self-text N] [--out DIR] [options]",
    .words = "MODEL",
    .max_words = 1,
    .teach =
        "Draws texts, fits shortcuts between all layers on some, measures them on others, "
        "and shows the outcome as a page: jumps to the end, early exit, parts of blocks as "
        "maps, and schedules that jump over some blocks. Then it measures how the scores "
        "grow with the number of training vectors, with one position per text and with "
        "all, "
        "without and with ridge and intercept; and with --transfer, what becomes of the "
        "maps on other text. The folder then holds study.json (what was asked for), "
        "samples.jsonl (the texts, by split), METHOD.safetensors for each method, "
        "results.json and report.html; with --transfer "
        "also the samples and shortcuts of the other text. Results and report are written "
        "anew after each of these steps. A study that was stopped or killed goes on where "
        "it "
        "was when the same command is given again; --force begins it anew. Where memory "
        "and "
        "TMPDIR cannot hold what --pairs all wants, a note says so and --pairs final is "
        "taken.\n\n"
        "Parts of blocks and schedules run the model again in many ways. Where there are "
        "more than 6,000 validation vectors, these are scored on about 6,000, from 750 "
        "texts or more; '--route-every 1' scores them on all.\n\n"
        "Without MODEL it takes the small model that comes with the program; without "
        "--text "
        "the model writes its own texts, 1800 of them, seeded by --seed: a model needs no "
        "corpus to be fitted, though scores on real texts are the ones to trust.",
    .examples =
        "# try it: the model that comes with the program, about a minute\n"
        "jumpcut study --out demo\n"
        "# the paper: one random position a sentence, and sentences of another kind\n"
        "jumpcut study ./gpt2 --text wiki.txt --transfer news.txt --paper --out study\n",
    .groups =
        (const jc_group *const[]){&output, &methods, &fit_rows, &train_rows, &further,
                                  &training_size, &stats_rows, &jc_group_eval,
                                  &jc_group_corpus, &jc_group_texts, &jc_group_self_text,
                                  &jc_group_both_splits, &jc_group_model, &jc_group_dry_run,
                                  &jc_group_common, NULL},
    .defaults = defaults,
    .run = run,
};
