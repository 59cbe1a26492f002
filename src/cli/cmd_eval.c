/* SPDX-License-Identifier: MIT */
/* cmd_eval.c: `jumpcut eval`: how good shortcuts are on texts. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/closing.h"
#include "cli/ahead.h"
#include "cli/dry_run.h"
#include "cli/inputs.h"
#include "cli/team.h"
#include "cli/work.h"
#include "cli/output.h"
#include "cli/table.h"

/* The pass, and from each layer a read-out of every shortcut and of id; routes run the
 * model about six times a block. */
static void say_cost(jc_cli *cli, const jc_model *model, const jc_samples *samples)
{
    const jc_model_info *info = jc_model_get_info(model);
    double tokens = jc_ahead_tokens(cli, samples), vectors = jc_ahead_vectors(cli, tokens);
    double layers = info->layers, shortcuts = (double)cli->args.n_words - 1;
    double readout = jc_ahead_readout(info), d = info->width;
    double flops = tokens * jc_ahead_pass(info) + jc_ahead_writing(cli, info, tokens) +
                   vectors * readout * (1 + (1 + shortcuts) * layers);

    if (cli->args.eval.schedules)
        flops += 6 * layers * vectors * (jc_ahead_pass(info) + readout);
    jc_ahead_say(cli, model, shortcuts * layers * d * d * sizeof(float), flops, false);
}

static jc_status score(char **json, jc_cli *cli, const jc_model *model,
                       jc_shortcut *const *shortcuts, jc_error *err)
{
    jc_work work = {0};
    jc_results *results = NULL;
    const jc_ui_step steps[] = {{"scoring", 1}};
    jc_status st = jc_work_open(&work, cli, model, err);

    if (st == JC_OK)
        st = jc_ranks_texts(cli, err);
    st = jc_team_agree(st, err);
    if (st == JC_OK)
        say_cost(cli, model, work.samples);
    jc_ui_plan(&cli->ui, steps, JC_COUNT_OF(steps));
    cli->args.eval.team = jc_team_get();
    if (st == JC_OK)
        st = jc_eval(&results, model, (const jc_shortcut *const *)shortcuts,
                     cli->args.n_words - 1, work.samples, &cli->args.eval, err);
    if (st == JC_OK && results)
        st = jc_origin_complete(cli, results, shortcuts, cli->args.word + 1,
                                cli->args.n_words - 1, json, err);
    jc_results_free(results);
    jc_work_close(&work);
    jc_ui_clear(&cli->ui);
    return st;
}

static jc_status dry_run(jc_cli *cli, const jc_model *model, jc_shortcut *const *shortcuts,
                         jc_error *err)
{
    jc_work work = {0};
    jc_results *results = NULL;
    jc_dry dry;
    jc_status st = jc_dry_count(&dry, cli, model, err);

    if (st == JC_OK)
        st = jc_work_open(&work, cli, model, err);
    if (st == JC_OK) {
        jc_dry_begin(&dry);
        st = jc_dry_end(&dry,
                        jc_eval(&results, model, (const jc_shortcut *const *)shortcuts,
                                cli->args.n_words - 1, work.samples, &cli->args.eval, err));
    }
    if (st == JC_OK) {
        const jc_dry_step steps[] = {{"scoring", dry.seconds, dry.memory, 0}};
        jc_dry_print(&dry, steps, JC_COUNT_OF(steps));
    }
    jc_results_free(results);
    jc_work_close(&work);
    return st;
}

static void close_eval(jc_cli *cli)
{
    const char *out = cli->args.own.out;
    jc_next next;

    if (!out || strcmp(out, "-") == 0) {
        jc_closing_say(cli, "the scores are not kept: '--out results.json' keeps them for "
                            "'jumpcut report'");
        return;
    }
    jc_closing_wrote(cli, "the scores", out);
    jc_next_begin(&next, cli, "report");
    jc_next_word(&next, out);
    jc_next_say(&next);
}

static jc_status run(jc_cli *cli, jc_error *err)
{
    const jc_args *args = &cli->args;
    jc_model *model = NULL;
    jc_shortcut **shortcuts = NULL;
    char *json = NULL;
    jc_status st = jc_work_check(cli, "val", err);

    if (st == JC_OK)
        st = jc_ranks_check(cli, err);
    if (st == JC_OK)
        st = jc_inputs_spare(cli, &args->own.out, 1, err);
    st = jc_team_agree(st, err);
    if (st)
        return st;
    shortcuts = calloc(args->n_words, sizeof *shortcuts);
    if (!shortcuts)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for the shortcuts");
    st = jc_work_model(&model, cli, args->word[0], true, err);
    if (st == JC_OK)
        jc_work_note_head(cli, model);
    if (st == JC_OK)
        st = jc_work_shortcuts(shortcuts, cli, model, err);
    for (size_t i = 1; i < args->n_words && st == JC_OK; i++)
        st = jc_origin_compare(cli, shortcuts[i - 1], args->word[i], err);
    if (st == JC_OK && args->own.dry_run) {
        st = dry_run(cli, model, shortcuts, err);
        goto done;
    }
    st = jc_team_agree(st, err);
    if (st == JC_OK)
        st = score(&json, cli, model, shortcuts, err);
    if (st || jc_team_get()->rank > 0)
        goto done;
    if (st == JC_OK && args->own.out)
        st = jc_output_text(args->own.out, json, err);
    if (st == JC_OK && !(args->own.out && strcmp(args->own.out, "-") == 0))
        st = jc_table_print(stdout, json, args->own.format, err);
    if (st == JC_OK)
        close_eval(cli);
done:
    free(json);
    for (size_t i = 0; i < args->n_words; i++)
        jc_shortcut_free(shortcuts[i]);
    free(shortcuts);
    jc_model_close(model);
    return st;
}

static const jc_own_row rows[] = {
    {{"out", JC_OPTION_TEXT, offsetof(jc_own, out), 0, 0, NULL, NULL,
      "write the results there, for 'jumpcut report'; - is standard output, where no "
      "scores are printed then"},
     "FILE"},
    {{"format", JC_OPTION_TEXT, offsetof(jc_own, format), 0, 0, "text", "text|csv|json",
      "how to print the scores on standard output"},
     "text|csv|json"},
};
static const jc_group own_rows = {
    .title = "Output", .own = rows, .n_own = JC_COUNT_OF(rows)};

static const jc_default defaults[] = {{"split", NULL}, {NULL, NULL}};

const jc_command jc_command_eval = {
    .name = "eval",
    .summary = "measure shortcuts: R2, precision, surprisal, blocks saved by early exit",
    .usage = "MODEL [SHORTCUTS...] --text FILE...|--samples FILE|--self-text N [options]",
    .words = "MODEL",
    .min_words = 1,
    .max_words = 1000,
    .teach =
        "Runs texts through the model and compares what it says in the end with what it "
        "would say had it jumped to the end after each block, by each of the shortcuts and "
        "by 'id', which takes the state as it is (the logit lens).\n\n"
        "R2 is the part of the last state's variance that the shortcut explains. P@k is "
        "how "
        "often its first guess is among the model's own first k; surprisal is how "
        "unexpected that guess is to the model, in nats; KL, in nats too, is how far all "
        "of "
        "the "
        "shortcut's probabilities are from the model's. Then each file has a line of its "
        "means over the layers before the last and of its cost: the numbers of its maps to "
        "the last layer, their bytes, and the flops of one for a token. Early exit leaves "
        "the model as "
        "soon as the first guess is ahead of the second by enough; the last lines say how "
        "many blocks can be saved so while the guess is the model's own in 95 of 100 cases "
        "(--target).\n\n"
        "Use texts that the shortcuts were not fitted on: a note is printed otherwise. "
        "Where "
        "texts are split, by --train and --val or in the file of --samples, those for "
        "validation are used.\n\n"
        "'mpirun jumpcut-mpi eval', with the same words and options, shares the work among "
        "machines where the program was built with MPI, and gives the same bits.",
    .examples =
        "jumpcut eval ./gpt2 mat.safetensors --text other.txt --out results.json\n"
        "# two methods side by side, as a table for other programs\n"
        "jumpcut eval ./gpt2 mat.safetensors ridge.safetensors --samples work.jsonl "
        "--format csv\n",
    .groups =
        (const jc_group *const[]){&own_rows, &jc_group_eval, &jc_group_corpus,
                                  &jc_group_texts, &jc_group_samples_file,
                                  &jc_group_self_text, &jc_group_samples, &jc_group_model,
                                  &jc_group_dry_run, &jc_group_common, NULL},
    .defaults = defaults,
    .run = run,
};
