/* SPDX-License-Identifier: MIT */
/* cmd_merge.c: `jumpcut merge`: sums of parts in, sums of the whole out. */
#include "cli/cli.h"
#include "cli/closing.h"
#include "cli/inputs.h"
#include "cli/work.h"

static jc_status run(jc_cli *cli, jc_error *err)
{
    const jc_args *args = &cli->args;
    const char *out = args->own.out;
    jc_stats *stats = NULL;
    jc_status st = out ? jc_inputs_file(out, "a file of tensors", err)
                       : jc_cli_usage(cli, err, "'merge' wants '--out FILE'");

    if (st == JC_OK)
        st = jc_inputs_spare(cli, &out, 1, err);
    if (st == JC_OK)
        st = jc_work_sums(&stats, args->word, args->n_words, err);
    if (st == JC_OK)
        st = jc_stats_save(stats, out, err);
    if (st == JC_OK) {
        jc_next next;
        jc_closing_say(cli, "wrote sums to '%s': %llu vectors of %llu texts", out,
                       (unsigned long long)jc_stats_rows(stats),
                       (unsigned long long)jc_stats_texts(stats));
        jc_next_begin(&next, cli, "fit");
        jc_next_option(&next, "--sums", out);
        jc_next_option(&next, "--out", "mat.safetensors");
        jc_next_say(&next);
    }
    jc_stats_free(stats);
    return st;
}

static const jc_own_row rows[] = {
    {{"out", JC_OPTION_TEXT, offsetof(jc_own, out), 0, 0, NULL, NULL,
      "the file of sums to write"},
     "FILE"},
};
static const jc_group own_rows = {
    .title = "Files", .own = rows, .n_own = JC_COUNT_OF(rows)};

const jc_command jc_command_merge = {
    .name = "merge",
    .summary = "add up the sums that several runs of 'fit' gathered",
    .usage = "SUMS... --out FILE",
    .words = "SUMS",
    .min_words = 1,
    .max_words = 1 << 16,
    .teach =
        "Adds up shares of one stream of texts, which 'fit --shard 1/8 --save-sums FILE' "
        "to "
        "--shard 8/8 made on any machines whose processors are of one kind. The total has "
        "the same bits as one run over all texts, in whatever order they are named. All "
        "shares must be there, made from one model with the same options, seed and texts; "
        "otherwise the message names the difference.\n\n"
        "Sums of different texts, each gathered whole, are added up too, to rounding. The "
        "result is for 'fit --sums'.",
    .examples = "# on two machines, or by two jobs\n"
                "jumpcut fit ./gpt2 --text wiki.txt --shard 1/2 --save-sums one\n"
                "jumpcut fit ./gpt2 --text wiki.txt --shard 2/2 --save-sums two\n"
                "# then\n"
                "jumpcut merge one two --out sums\n"
                "jumpcut fit --sums sums --out mat.safetensors\n",
    .groups = (const jc_group *const[]){&own_rows, &jc_group_common, NULL},
    .run = run,
};
